"""A home of its own for each test, and a process to hurt."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.calling import Cli


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """SQUALL_HOME of this process."""
    monkeypatch.setenv("SQUALL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def squall(tmp_path: Path) -> Iterator[Cli]:
    cli = Cli(tmp_path / "home", tmp_path)
    yield cli
    cli.end()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()
