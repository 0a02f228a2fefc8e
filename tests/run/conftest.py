"""A home of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """SQUALL_HOME of this process."""
    monkeypatch.setenv("SQUALL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
