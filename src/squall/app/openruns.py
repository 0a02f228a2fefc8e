"""Which runs are not closed yet: a name in `SQUALL_HOME/open` for each, durable before its journal, gone after it.

It spares every command the reading of all past journals. A name too many costs one look; `squall recover` looks at
all journals whatever stands here.
"""

from __future__ import annotations

from pathlib import Path

from squall._kit.files import sync_folder
from squall.app.home import journal_of


def opened(home: Path, run: str) -> None:
    """Before the journal is made."""
    folder = home / "open"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / run).touch()
    sync_folder(folder)


def closed(home: Path, run: str) -> None:
    """After the journal is closed with nothing unsettled."""
    (home / "open" / run).unlink(missing_ok=True)


def open_journals(home: Path) -> list[Path]:
    """The journals of all runs that may be live or hot, oldest first."""
    folder = home / "open"
    runs = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
    return [path for path in (journal_of(home, run) for run in runs) if path.exists()]
