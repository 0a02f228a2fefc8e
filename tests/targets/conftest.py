"""A place for platforms and drivers."""

from __future__ import annotations

from pathlib import Path

import pytest

from squall.targets.api import Settings


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    return Settings(tmp_path)
