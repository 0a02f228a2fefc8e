"""What the pages say is true: documents validate, commands parse and run, links and paths resolve."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from squall.app.load import registry
from squall.cli.main import squall
from squall.lab.topology import load as load_topology
from squall.spec.parse import parse_many
from tests.calling import Cli
from tests.docs.pages import LINK, ROOT, Block, anchors, blocks, pages

DOCUMENTS = [block for block in blocks() if block.language == "yaml" and "kind: ChaosExperiment" in block.text]
TOPOLOGIES = [block for block in blocks() if block.language == "yaml" and block.text.startswith("namespaces:")]
SHELL = [block for block in blocks() if block.language in ("console", "sh")]
CALLS = [(block, call) for block in SHELL for call in block.calls]
PATH = re.compile(r"`((?:src|tests|docs|examples|scripts)/[\w./-]+)`")


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    cli = Cli(tmp_path / "home", tmp_path)
    yield cli
    cli("lab", "down")
    cli.end()


@pytest.mark.parametrize("block", DOCUMENTS, ids=str)
def test_a_whole_experiment_on_a_page_validates(block: Block) -> None:
    assert parse_many(block.text, registry(), file=str(block))


@pytest.mark.parametrize("block", TOPOLOGIES, ids=str)
def test_a_topology_on_a_page_loads(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "topology.yaml"
    path.write_text(block.text)
    assert load_topology(path).instances()


@pytest.mark.parametrize(("block", "call"), CALLS, ids=str)
def test_a_command_on_a_page_is_one_that_squall_understands(block: Block, call: str) -> None:
    arguments = shlex.split(re.split(r" [|>&;]", call)[0])[1:]
    command: click.Command = squall
    context = squall.make_context("squall", arguments[:1], resilient_parsing=True)
    while isinstance(command, click.Group):
        found = command.get_command(context, arguments[0])
        assert found is not None, f"{block}: {call}"
        command, arguments = found, arguments[1:]
    assert command.make_context(call, arguments)


@pytest.mark.lab
@pytest.mark.parametrize("block", [block for block in SHELL if block.mark], ids=str)
def test_a_block_that_is_marked_so_runs(block: Block, cli: Cli) -> None:
    assert block.mark in ("run", "run on the lab"), block
    if block.mark == "run on the lab":
        assert cli("lab", "up").code == 0
    if "first.yaml" in block.text and "init" not in block.text:
        assert cli("init", "--on", "lab", "first.yaml").code == 0
    for call in block.calls:
        said = cli(*shlex.split(call)[1:])
        assert said.code == 0, f"{call}\n{said.out}\n{said.err}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if link.startswith(("http://", "https://")):
            continue
        name, _, fragment = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page}: {link}"
        assert not fragment or fragment in anchors(target), f"{page}: {link}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_that_a_page_names_exist(page: Path) -> None:
    planned = {"src/squall/faults/"}
    named = set(PATH.findall(page.read_text())) - planned
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_page_under_docs_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    left = [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = (link.partition("#")[0] for link in LINK.findall(page.read_text()))
        left += [(page.parent / link).resolve() for link in links if link and "://" not in link]
    assert set((ROOT / "docs").rglob("*.md")) - seen == set()
