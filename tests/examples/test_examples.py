"""Every example does what its `expect.toml` says, on one lab that all of them share."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from squall.app.load import load
from squall.faults.registry import known_faults
from tests.calling import Cli

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(path for path in EXAMPLES.iterdir() if path.is_dir())
SEEDS = ("api-latency-experiment", "pod-failure-experiment")
"""The two documents that this project began with; they have no steadyState."""


class Helper(msgspec.Struct, forbid_unknown_fields=True):
    """A process to be hurt; its pid takes the place of `pid/0`."""

    argv: list[str]


class Expected(msgspec.Struct, forbid_unknown_fields=True, rename={"codes": "exit"}):
    """An `expect.toml`. `outcome` is empty where there is no run."""

    platform: str
    scale: float
    codes: list[int]
    outcome: list[str]
    helper: Helper | None = None


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    folder = tmp_path_factory.mktemp("examples")
    cli = Cli(folder / "home", folder)
    said = cli("lab", "up")
    assert said.code == 0, said.err
    yield cli
    assert cli("lab", "down").code == 0
    cli.end()


@pytest.fixture
def target(folder: Path) -> Iterator[str]:
    """The ref of the helper process, or nothing."""
    helper = expected(folder).helper
    if helper is None:
        yield ""
        return
    process = subprocess.Popen(helper.argv)
    yield f"pid/{process.pid}"
    process.kill()
    process.wait()


def expected(folder: Path) -> Expected:
    return msgspec.convert(tomllib.loads((folder / "expect.toml").read_text()), Expected)


@pytest.mark.lab
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_ends_as_its_expectation_says(folder: Path, target: str, cli: Cli) -> None:
    wanted = expected(folder)
    text = (folder / "experiment.yaml").read_text()
    file = cli.write(text.replace("pid/0", target) if target else text, f"{folder.name}.yaml")
    said = cli("run", file, "--on", wanted.platform, "--scale", str(wanted.scale), "-o", "json")
    assert said.code in wanted.codes, f"{said.code}\n{said.out[:2000]}\n{said.err}"
    if wanted.outcome:
        assert said.data["outcome"] in wanted.outcome
        assert all(dose["felt"] for dose in said.data["doses"]), said.data["doses"]
        assert not [line for line in said.data["receipt"]["lines"] if line["kind"] not in ("restored", "loss")]
    assert cli("recover").out == "nothing to heal\n"


@pytest.mark.lab
@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_document_runs_verbatim_and_is_inconclusive_because_nothing_is_watched(name: str, cli: Cli) -> None:
    said = cli("run", str(EXAMPLES / f"{name}.yaml"), "--scale", "0.02", "-o", "json")
    assert said.code == 5, said.err
    assert said.data["reason"] == "nothing was watched: add steadyState to the experiment"
    assert all(dose["felt"] for dose in said.data["doses"])


def test_every_fault_has_an_example() -> None:
    documents = [folder / "experiment.yaml" for folder in FOLDERS] + [EXAMPLES / f"{name}.yaml" for name in SEEDS]
    shown = {str(type(e.settings).__struct_config__.tag) for path in documents for e in load(path).spec.faults}
    assert shown == set(known_faults())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_has_its_three_files_and_nothing_else(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "expect.toml", "experiment.yaml"]
    assert (folder / "README.md").read_text().startswith("# ")
