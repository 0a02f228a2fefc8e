"""Labs for drills: started by the command line, as a user starts them, each in a home of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.calling import Cli

RENAMED = Path(__file__).parent / "renamed.yaml"
SCALE = "0.02"


@contextmanager
def lab(folder: Path, *options: str) -> Iterator[Cli]:
    """A lab that is up."""
    folder.mkdir(parents=True)
    cli = Cli(folder / "home", folder)
    said = cli("lab", "up", *options)
    assert said.code == 0, said.err
    try:
        yield cli
    finally:
        assert cli("lab", "down").code == 0
        cli.end()


@pytest.fixture
def open_lab(tmp_path: Path) -> Iterator[Callable[..., Cli]]:
    """Starts labs that go down with the test."""
    with ExitStack() as stack:
        yield lambda name, *options: stack.enter_context(lab(tmp_path / name, *options))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """The default lab, with every pattern on."""
    with lab(tmp_path_factory.mktemp("sound") / "lab") as cli:
        yield cli
