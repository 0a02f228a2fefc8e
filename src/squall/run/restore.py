"""Putting one effect back, and proving it: restore, look, again, until it is clean or the time is up.

Used by the live engine and by recovery, so that there is one way back only.
"""

from __future__ import annotations

import asyncio

import msgspec

from squall._kit.clock import Clock
from squall.journal.api import Record
from squall.targets.api import AnyDriver, Clean, Mark, Present, Undo, Unknown

CALL_S = 10.0
PAUSE_S_MIN = 0.02
PAUSE_S_MAX = 1.0


class Outcome(msgspec.Struct, frozen=True):
    """How an undo went. `clean`: seen to be gone. `at`: CLOCK_BOOTTIME of that look."""

    clean: bool
    text: str
    at: float


async def put_back(driver: AnyDriver, ref: str, undo: Undo, mark: Mark, within_s: float, clock: Clock) -> Outcome:
    """Restore and look until clean, at least once and for at most `within_s`. Never raises for what a driver does."""
    deadline = clock.now() + within_s
    pause = PAUSE_S_MIN
    while True:
        said = await _once(driver, ref, undo, mark)
        if isinstance(said, Clean):
            return Outcome(True, said.note, clock.now())
        if clock.now() + pause > deadline:
            return Outcome(False, said.what if isinstance(said, Present) else said.why, clock.now())
        await clock.sleep(pause)
        pause = min(PAUSE_S_MAX, pause * 1.6)


async def _once(driver: AnyDriver, ref: str, undo: Undo, mark: Mark) -> Clean | Present | Unknown:
    """One restore and one look. An undo that fails is looked at all the same: it may have worked."""
    failed = ""
    try:
        await asyncio.wait_for(driver.restore(ref, undo, mark), CALL_S)
    except Exception as error:
        failed = _in_words(error)
    try:
        said = await asyncio.wait_for(driver.look(ref, undo, mark), CALL_S)
    except Exception as error:
        return Unknown("; ".join(dict.fromkeys(filter(None, (failed, _in_words(error))))))
    if failed and isinstance(said, Present):
        return Present(f"{failed}; {said.what}")
    return said


def _in_words(error: Exception) -> str:
    hint = getattr(error, "hint", None)
    return f"{type(error).__name__}: {error}" + (f" (hint: {hint})" if hint else "")


def undo_of(driver: AnyDriver, record: Record) -> Undo:
    """The record's undo in the driver's own type. Raises msgspec.ValidationError for another driver's."""
    undo: Undo = msgspec.convert(record.undo, driver.undo_type)
    return undo
