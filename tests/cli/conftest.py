"""One command line for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.calling import Cli


@pytest.fixture
def squall(tmp_path: Path) -> Iterator[Cli]:
    cli = Cli(tmp_path / "home", tmp_path)
    yield cli
    cli.end()
