"""The hand that carries a step out in this process: journal, driver, lease, and back.

Architecture invariant: between the durable INTENDED record and a clean look the effect counts as present, whatever any
call returned or raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

import msgspec

from squall._kit.clock import Clock, boot_id
from squall._kit.errors import JournalUnwritable, SquallError, Unreachable
from squall.journal.api import Journal, Record, State
from squall.plan.model import PlannedEffect, Step
from squall.run.restore import CALL_S, put_back
from squall.targets.api import AnyDriver, Lease, Lost, Mark, Undo

RESTORE_WITHIN_S = 30.0


class EffectEnd(msgspec.Struct, frozen=True):
    """How one effect ended. `clean`: seen to be gone; `restores` is the driver's own word."""

    n: int
    clean: bool
    restores: bool
    text: str
    at: float


class StepEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a step ended. `applied_at` and `harm_over_at` are CLOCK_BOOTTIME; `error` is why it did not go as planned."""

    step: str
    touched: bool
    applied_at: float | None
    harm_over_at: float | None
    error: str = ""
    lost: str = ""
    ends: tuple[EffectEnd, ...] = ()
    dose: dict[str, float] = {}


class Hand(Protocol):
    """Who carries steps out: this process, or an agent beside the target."""

    async def hold(self, step: Step, leases: AsyncIterator[Lease], on_applied: Callable[[Step], None]) -> StepEnd:
        """Apply, renew with each lease, restore when the leases stop. Raises only for bugs, after restoring."""
        ...


class _Held(msgspec.Struct):
    planned: PlannedEffect
    driver: AnyDriver
    undo: Undo
    mark: Mark


class LocalHand:
    """Carries steps out here. `recover_within_s` is how long a lost target's replacement is waited for,
    `restore_within_s` how long an undo is tried.
    """

    def __init__(
        self, run: str, journal: Journal, drivers: Mapping[str, AnyDriver], clock: Clock, recover_within_s: float,
        restore_within_s: float = RESTORE_WITHIN_S,
    ) -> None:  # fmt: skip
        self._run = run
        self._journal = journal
        self._drivers = drivers
        self._clock = clock
        self._recover_within_s = recover_within_s
        self._restore_within_s = restore_within_s

    async def hold(self, step: Step, leases: AsyncIterator[Lease], on_applied: Callable[[Step], None]) -> StepEnd:
        """As `Hand` says."""
        held: list[_Held] = []
        applied_at: float | None = None
        error = lost = ""
        dose: dict[str, float] = {}
        try:
            lease = await anext(leases)
            for planned in step.effects:
                await self._begin(step, planned, lease, held)
            applied_at = self._clock.now()
            on_applied(step)
            lost = await self._keep(step, held, leases)
            dose = await self._dose(step, held)
        except (SquallError, TimeoutError) as failure:
            error = str(failure) or "no answer in time"
        finally:
            ends = [await self._end(step, one) for one in reversed(held)]
        return StepEnd(
            step=step.id, touched=bool(held), applied_at=applied_at, error=error, lost=lost, ends=tuple(ends),
            harm_over_at=_harm_over(ends, applied_at), dose=dose,
        )  # fmt: skip

    async def _begin(self, step: Step, planned: PlannedEffect, lease: Lease, held: list[_Held]) -> None:
        """Capture, make the undo durable, then hurt."""
        driver = self._drivers[planned.driver]
        mark = Mark(self._run, step.id, planned.n)
        undo = await asyncio.wait_for(driver.capture(step.target.ref, planned.effect), CALL_S)
        one = _Held(planned, driver, undo, mark)
        self._record(step, one, State.INTENDED)
        held.append(one)
        await asyncio.wait_for(driver.apply(step.target.ref, planned.effect, undo, mark, lease), _apply_s(planned))
        self._record(step, one, State.APPLIED)

    async def _keep(self, step: Step, held: list[_Held], leases: AsyncIterator[Lease]) -> str:
        """Renew with each lease that comes; why the harm ended early, or nothing."""
        async for lease in leases:
            for one in held:
                said = await self._renew(step, one, lease)
                if isinstance(said, Lost):
                    return said.why
        return ""

    async def _renew(self, step: Step, one: _Held, lease: Lease) -> object:
        try:
            return await asyncio.wait_for(one.driver.renew(step.target.ref, one.undo, one.mark, lease), CALL_S)
        except (Unreachable, TimeoutError) as error:
            return Lost(f"it could not be prolonged: {error}")

    async def _dose(self, step: Step, held: list[_Held]) -> dict[str, float]:
        """The drivers' own counters, read while the effects last."""
        total: dict[str, float] = {}
        for one in held:
            counted = await asyncio.wait_for(one.driver.dose(step.target.ref, one.undo, one.mark), CALL_S)
            total.update(counted.counters if counted else {})
        return total

    async def _end(self, step: Step, one: _Held) -> EffectEnd:
        """Put one effect back and record how that went."""
        restores = one.driver.restores
        within_s = self._restore_within_s if restores else self._recover_within_s
        outcome = await put_back(one.driver, step.target.ref, one.undo, one.mark, within_s, self._clock)
        settled = outcome.clean or not restores
        self._best_effort_record(step, one, State.RESTORED if settled else State.STUCK, outcome.text)
        return EffectEnd(one.planned.n, outcome.clean, restores, outcome.text, outcome.at)

    def _record(self, step: Step, one: _Held, state: State, error: str = "") -> None:
        self._journal.append(
            Record(
                run=self._run, step=step.id, n=one.planned.n, state=state, boot_id=boot_id(),
                at_boot=self._clock.now(), at_wall=self._clock.wall(), hand="local", driver=one.planned.driver,
                ref=step.target.ref, effect=msgspec.to_builtins(one.planned.effect),
                undo=msgspec.to_builtins(one.undo), error=error,
            )
        )  # fmt: skip

    def _best_effort_record(self, step: Step, one: _Held, state: State, error: str) -> None:
        """An undo that is done but cannot be recorded is done again by recovery, which harms nobody."""
        try:
            self._record(step, one, state, error)
        except JournalUnwritable:
            return


def _apply_s(planned: PlannedEffect) -> float:
    return CALL_S + float(getattr(planned.effect, "grace_s", 0.0))


def _harm_over(ends: list[EffectEnd], applied_at: float | None) -> float | None:
    """When the last effect was seen to be gone; a loss is over when it has happened."""
    moments = [end.at if end.restores else applied_at for end in ends]
    known = [moment for moment in moments if moment is not None]
    return max(known) if known else None
