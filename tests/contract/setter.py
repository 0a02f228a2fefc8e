"""One call of a driver in a process of its own: `python -m tests.contract.setter`, the call as JSON on standard input.

`apply` and `restore` need nothing but the record; `hold` applies as an engine does, with journal, beat and watchdog.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from squall._kit.clock import boot_id, boottime
from squall.app.run import WATCHDOG
from squall.journal.api import Header, Record, State
from squall.journal.file import FileJournal
from squall.run.leases import Beat
from squall.run.restore import undo_of
from squall.run.watchdog import Watchdog
from squall.targets.api import Lease, Mark, Settings
from squall.targets.registry import Drivers

_HELD: list[FileJournal] = []
"""Locks last as long as this process."""


class Call(msgspec.Struct, kw_only=True):
    """What to do, on the word of one record. `promise_s`: how long the engine says it lives."""

    do: str
    home: str
    record: Record
    ttl_s: float = 20.0
    promise_s: float = 20.0


def main() -> None:
    """Do it."""
    call = msgspec.json.decode(sys.stdin.buffer.read(), type=Call)
    os.environ["SQUALL_HOME"] = call.home
    driver: Any = Drivers(Settings(Path(call.home)))[call.record.driver]
    undo, mark = undo_of(driver, call.record), Mark(call.record.run, call.record.step, call.record.n)
    if call.do == "restore":
        asyncio.run(driver.restore(call.record.ref, undo, mark))
        return
    beat = _guard(call) if call.do == "hold" else None
    effect = _effect(call)
    lease = Lease(call.ttl_s, boottime() + call.ttl_s)
    asyncio.run(driver.apply(call.record.ref, effect, undo, mark, lease))
    if beat is not None:
        beat.promise(boottime() + call.promise_s)
    print("applied", flush=True)
    if beat is not None:
        time.sleep(600)


def _effect(call: Call) -> object:
    from squall.targets.api import AnyEffect

    return msgspec.convert(call.record.effect, AnyEffect)


def _guard(call: Call) -> Beat:
    """As `squall.app.run.prepare` and `LocalHand` do, in their order."""
    folder = Path(call.home) / "runs" / call.record.run
    journal = FileJournal.create(folder / "journal")
    journal.append(
        Header(
            run=call.record.run, name="contract", platform=call.record.driver.split("/")[0], digest="", seed=0,
            scale=1.0, lease_s=call.ttl_s, pid=os.getpid(), pid_ticks=0, boot_id=boot_id(), at_boot=boottime(),
            at_wall=time.time(),
        )
    )  # fmt: skip
    beat = Beat(folder / "beat", create=True)
    watchdog = Watchdog(WATCHDOG, folder / "journal", folder / "beat")
    asyncio.run(watchdog.stands())
    journal.append(msgspec.structs.replace(call.record, state=State.INTENDED))
    _HELD.append(journal)
    return beat


if __name__ == "__main__":
    main()
