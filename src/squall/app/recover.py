"""`squall recover`: heal the journals of dead runs. A live run's journal is not touched."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from squall._kit.clock import SystemClock
from squall._kit.errors import Conflict, TargetNotFound, Unwritable
from squall.app.home import home, runs_folder, settings
from squall.app.openruns import closed, open_journals
from squall.journal.api import Closed, Header, Record, State
from squall.journal.file import FileJournal
from squall.run.recover import Healed, damage_of, heal, hot
from squall.store.local import Store
from squall.targets.registry import Drivers, open_platform


def recover() -> list[Healed]:
    """Heal every hot journal that there is, oldest first."""
    folder = runs_folder(home())
    return _heal_all(sorted(folder.glob("*/journal")) if folder.exists() else [])


def heal_open() -> list[Healed]:
    """Heal the hot ones among the runs that were never closed: what every run does before it hurts anybody."""
    return _heal_all(open_journals(home()))


def _heal_all(journals: Sequence[Path]) -> list[Healed]:
    healed = [heal_one(path, wait=False) for path in journals if hot(path)]
    return [one for one in healed if one is not None]


def heal_one(path: Path, *, wait: bool) -> Healed | None:
    """Heal one journal once its lock is free; None where somebody lives or nothing is left to do."""
    try:
        journal = FileJournal.adopt(path, wait=wait)
    except (Conflict, FileNotFoundError):
        return None
    try:
        entries = list(journal.entries())
        header = next((entry for entry in entries if isinstance(entry, Header)), None)
        over = header is None or any(isinstance(entry, Closed) for entry in entries)
        if over and not journal.unsettled():
            return _nothing_to_do(journal)
        healed = asyncio.run(_heal(journal, header))
    finally:
        journal.close()
    if healed.clean:
        closed(home(), healed.run)
    if healed.result is not None:
        with suppress(Unwritable):  # what was healed is healed, kept or not
            Store(home()).healed(healed.result, restored=healed.clean)
    return healed


def _nothing_to_do(journal: FileJournal) -> Healed | None:
    """Close the run, unless damage hides what it may have held: that is told, and only a person may give it up."""
    run = journal.path.parent.name
    damage = damage_of(journal)
    if not damage:
        closed(home(), run)
        return None
    return Healed(run=run, restored=(), stuck=(), damage=damage, receipt=None, result=None)


def abandon(run: str, because: str) -> list[str]:
    """A person gives up on what a dead run left: recorded with the reason, and shown by `squall doctor` for ever.

    The effects given up. Raises TargetNotFound, and Conflict where the run lives.
    """
    found = [path for path in open_journals(home()) if path.parent.name.startswith(run)]
    if len(found) != 1:
        raise TargetNotFound(f"no run '{run}' is unsettled", hint="squall runs")
    journal = FileJournal.adopt(found[0])
    try:
        given_up = [_give_up(journal, record, because) for record in journal.unsettled()]
        journal.append(Closed(outcome="abandoned", at_wall=time.time(), note=because))
    finally:
        journal.close()
    note = f"abandoned: {because}; left: {', '.join(given_up) or 'nothing'}"
    Store(home()).interrupted(found[0].parent.name, restored=False, note=note)
    (home() / "abandoned").mkdir(exist_ok=True)
    (home() / "abandoned" / found[0].parent.name).write_text(note + "\n")
    closed(home(), found[0].parent.name)
    return given_up


def _give_up(journal: FileJournal, record: Record, because: str) -> str:
    clock = SystemClock()
    journal.append(
        msgspec.structs.replace(
            record, state=State.ABANDONED, at_boot=clock.now(), at_wall=clock.wall(), hand="person", error=because
        )
    )
    return f"{record.driver} on {record.ref}"


async def _heal(journal: FileJournal, header: Header | None) -> Healed:
    records = journal.unsettled()
    name = header.platform if header else records[0].driver.split("/")[0]
    inspector = open_platform(name, settings()).inspector()
    return await heal(journal, Drivers(settings()), inspector, SystemClock())
