"""Where Squall keeps its state: `SQUALL_HOME`, else the XDG state folder. Source: XDG Base Directory Specification."""

from __future__ import annotations

import os
from pathlib import Path

from squall.targets.api import Settings


def home() -> Path:
    """The state folder; it need not exist yet."""
    named = os.environ.get("SQUALL_HOME")
    if named:
        return Path(named).expanduser().absolute()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser().absolute() / "squall"


def settings() -> Settings:
    """What platforms and drivers may know."""
    return Settings(home())


def runs_folder(base: Path) -> Path:
    """One folder a run."""
    return base / "runs"


def journal_of(base: Path, run: str) -> Path:
    """The journal of one run."""
    return runs_folder(base) / run / "journal"
