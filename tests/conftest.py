"""What tests of several stages share."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.calling import Cli


@pytest.fixture
def squall(tmp_path: Path) -> Iterator[Cli]:
    """The command line, with a home folder of its own."""
    cli = Cli(tmp_path / "home", tmp_path)
    yield cli
    cli.end()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process to hurt."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()
