"""Healing the journal of a run whose engine is gone: newest effect first, each put back and looked at.

One failure never stops the others, a full disk neither: what cannot be recorded is undone all the same, and again by
the next recovery. The receipt is drawn from the `Before` that the dead engine left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from squall import __version__
from squall._kit.clock import Clock, boot_id
from squall._kit.errors import JournalUnwritable
from squall.journal.api import AnyEntry, Before, Closed, Header, Record, State
from squall.journal.file import FileJournal
from squall.observe.api import Verdict
from squall.run.receipt import compare
from squall.run.restore import Outcome, put_back, undo_of
from squall.run.result import Event, Receipt, RunResult
from squall.targets.api import AnyDriver, Inspector, Mark, Slot

WITHIN_S = 30.0
"""For all effects of a run together."""
LEAST_S = 1.0
"""For each of them, however long the others took."""
UNSURE_S = 3.0
"""A loss that was only intended may never have happened; then there is no replacement to wait for any longer."""


class Healed(msgspec.Struct, frozen=True, kw_only=True):
    """What recovery did for one run. `stuck` names effects that are not seen to be gone; `damage` damaged lines."""

    run: str
    restored: tuple[str, ...]
    stuck: tuple[str, ...]
    damage: tuple[str, ...]
    receipt: Receipt | None
    result: RunResult | None

    @property
    def clean(self) -> bool:
        """Nothing of this run is left; with damage and no receipt nobody can know."""
        return not self.stuck and (not self.damage if self.receipt is None else self.receipt.clean)


async def heal(journal: FileJournal, drivers: Mapping[str, AnyDriver], inspector: Inspector, clock: Clock) -> Healed:
    """Settle everything unsettled, then close the journal with a receipt."""
    entries = list(journal.entries())
    header = next((entry for entry in entries if isinstance(entry, Header)), None)
    events: list[Event] = []
    deadline = clock.now() + WITHIN_S
    for record in journal.unsettled():
        most_s = max(LEAST_S, deadline - clock.now())
        outcome = await _settle(record, drivers, journal, clock, most_s)
        what = "restored" if outcome.clean else "not restored"
        text = f"{record.ref} {what} by recovery" + (f": {outcome.text}" if outcome.text else "")
        level = "info" if outcome.clean else "error"
        t = max(0.0, clock.now() - header.at_boot) if header and header.boot_id == boot_id() else 0.0
        kind = "restored" if outcome.clean else "stuck"
        events.append(Event(t=t, kind=kind, text=text, step=record.step, level=level))
    receipt = await _receipt(header, entries, inspector)
    stuck = tuple(event.text for event in events if event.kind == "stuck")
    if header is not None and not journal.unsettled():
        closed = Closed(outcome="interrupted", at_wall=clock.wall(), note="healed after its engine was gone")
        _best_effort_append(journal, closed)
    return Healed(
        run=header.run if header else journal.path.parent.name,
        restored=tuple(event.text for event in events if event.kind == "restored"), stuck=stuck,
        damage=damage_of(journal),
        receipt=receipt, result=_result(header, events, receipt, clock) if header else None,
    )  # fmt: skip


async def _settle(
    record: Record, drivers: Mapping[str, AnyDriver], journal: FileJournal, clock: Clock, most_s: float
) -> Outcome:
    """Put one effect back, within `most_s`, and record how that went."""
    try:
        driver = drivers[record.driver]
        undo = undo_of(driver, record)
    except Exception as error:
        outcome = Outcome(False, f"driver {record.driver} cannot be used: {type(error).__name__}: {error}", clock.now())
        settled = False
    else:
        mark = Mark(record.run, record.step, record.n)
        outcome = await put_back(driver, record.ref, undo, mark, min(most_s, _within_s(driver, record)), clock)
        settled = outcome.clean or not driver.restores
    state = State.RESTORED if settled else State.STUCK
    _best_effort_append(
        journal,
        msgspec.structs.replace(
            record, state=state, boot_id=boot_id(), at_boot=clock.now(), at_wall=clock.wall(), hand="recovery",
            error=outcome.text,
        ),
    )  # fmt: skip
    return Outcome(settled, outcome.text, outcome.at)


def _within_s(driver: AnyDriver, record: Record) -> float:
    if driver.restores or record.state is not State.INTENDED:
        return WITHIN_S
    grace_s = record.effect.get("grace_s", 0.0) if isinstance(record.effect, dict) else 0.0
    return UNSURE_S + float(str(grace_s))


def _best_effort_append(journal: FileJournal, entry: AnyEntry) -> None:
    """An undo that is done but cannot be recorded is done again by the next recovery, which harms nobody."""
    try:
        journal.append(entry)
    except JournalUnwritable:
        return


async def _receipt(header: Header | None, entries: Sequence[AnyEntry], inspector: Inspector) -> Receipt | None:
    before = next((entry for entry in entries if isinstance(entry, Before)), None)
    if header is None or before is None:
        return None
    undos = [entry.undo for entry in entries if isinstance(entry, Record)]
    lost = {str(undo["lost"]) for undo in undos if isinstance(undo, dict) and undo.get("lost")}
    after = await inspector.read([Slot(slot) for slot in header.claims])
    return compare(before.slots, after, await inspector.owned(), header.run, lost)


def _result(header: Header, events: Sequence[Event], receipt: Receipt | None, clock: Clock) -> RunResult:
    """The result of a run whose engine cannot tell it any more."""
    clean = (receipt is None or receipt.clean) and not any(event.kind == "stuck" for event in events)
    outcome = "ABORTED" if clean else "NOT_RESTORED"
    reason = "interrupted: its engine was gone; " + ("restored by recovery" if clean else "something is left")
    return RunResult(
        run=header.run, name=header.name, description="", platform=header.platform, digest=header.digest,
        seed=header.seed, scale=header.scale, lease_s=header.lease_s, started_wall=header.at_wall,
        duration_s=round(max(0.0, clock.wall() - header.at_wall), 3), outcome=outcome,  # type: ignore[arg-type]
        verdict=Verdict.INCONCLUSIVE, reason=reason, plan=header.plan, events=tuple(events), receipt=receipt,
        version=__version__,
    )  # fmt: skip


def damage_of(journal: FileJournal) -> tuple[str, ...]:
    """The damaged lines in words; the torn tail of a crash is none."""
    return tuple(f"{journal.path}:{d.line}: {d.why}" for d in journal.damages if not d.torn)


def hot(path: Path) -> bool:
    """Whether a journal without a live holder has unsettled effects or was never closed."""
    from squall.journal.api import unsettled_of
    from squall.journal.file import is_live, read

    if is_live(path):
        return False
    entries = read(path).entries
    return bool(unsettled_of(entries)) or not any(isinstance(entry, Closed) for entry in entries)
