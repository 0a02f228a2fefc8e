"""The graph of stages: who waits for whom, and all steps of a stage together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from squall.plan.model import Plan, Stage, Step
from squall.run.dosing import Doses
from squall.run.events import Chronicle
from squall.run.hand import Hand, StepEnd
from squall.run.leases import Leases
from squall.run.stop import StopSwitch

DOSE_S_MIN = 0.25
"""What is over at once is looked at by its meters for so long."""


class StageEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a stage went, in CLOCK_BOOTTIME. `began` is when its last step was applied; None: it never was."""

    fault: str
    began: float | None
    harm_over: float | None
    ended: float
    lasting: bool = True
    steps: tuple[StepEnd, ...] = ()

    @property
    def span(self) -> tuple[float, float] | None:
        """The fault's window: until nothing of it was left; for what is over at once, as long as it was looked at."""
        if self.began is None:
            return None
        over = self.harm_over if self.lasting and self.harm_over is not None else self.ended
        return (self.began, max(over, self.began))


class Schedule:
    """Carries out one plan's stages, each once all it waits for have ended."""

    def __init__(
        self, plan: Plan, hand: Hand, leases: Leases, stop: StopSwitch, chronicle: Chronicle, doses: Doses
    ) -> None:
        self._plan = plan
        self._doses = doses
        self._hand = hand
        self._leases = leases
        self._stop = stop
        self._chronicle = chronicle
        self._ended = {stage.fault: asyncio.Event() for stage in plan.stages}

    async def carry_out(self) -> tuple[StageEnd, ...]:
        """All stages, every one restored when this returns. Raises the first bug, after restoring all."""
        results = await asyncio.gather(*map(self._stage, self._plan.stages), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return tuple(result for result in results if isinstance(result, StageEnd))

    async def _stage(self, stage: Stage) -> StageEnd:
        try:
            for name in stage.start_after:
                await self._ended[name].wait()
            if self._stop.thrown or (stage.start_delay_s and await self._stop.wait(stage.start_delay_s)):
                return StageEnd(fault=stage.fault, began=None, harm_over=None, ended=self._leases.clock.now())
            return await self._hurt(stage)
        except BaseException:
            self._stop.throw(f"fault '{stage.fault}' ended in a bug")
            raise
        finally:
            self._ended[stage.fault].set()

    async def _hurt(self, stage: Stage) -> StageEnd:
        self._chronicle.tell("fault", f"{stage.fault} begins: {stage.says} on {len(stage.steps)} target(s)")
        self._chronicle.listener.phase(stage.fault, stage.duration_s)
        done, applied = asyncio.Event(), _Countdown(len(stage.steps))
        timer = asyncio.create_task(self._timer(stage, applied.zero, done))
        holds = [self._step(step, done, applied) for step in stage.steps]
        results = await asyncio.gather(*holds, return_exceptions=True)
        applied.zero.set()
        await timer
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return self._end_of(stage, [result for result in results if isinstance(result, StepEnd)])

    async def _step(self, step: Step, done: asyncio.Event, applied: _Countdown) -> StepEnd:
        def on_applied(step: Step) -> None:
            self._chronicle.tell("applied", f"{step.type} on {step.target.ref}", step=step.id)
            self._doses.begin(step)
            applied.one_less()

        try:
            end = await self._hand.hold(step, self._leases.until(done), on_applied)
        except BaseException:
            self._stop.throw(f"{step.id} ended in a bug")  # or the stage's other steps would be held to their end
            raise
        self._tell_end(step, end)
        if end.error or end.lost:
            self._stop.throw(f"{step.id}: {end.error or end.lost}")
        return end

    async def _timer(self, stage: Stage, applied: asyncio.Event, done: asyncio.Event) -> None:
        """Ends the leases after the stage's duration, or when the run stops; what is over at once is not held."""
        stopped = asyncio.create_task(self._stop.wait(None))
        began = asyncio.create_task(applied.wait())
        await asyncio.wait({stopped, began}, return_when=asyncio.FIRST_COMPLETED)
        if not _is_lasting(stage):
            done.set()
        least_s = DOSE_S_MIN if any(step.meters for step in stage.steps) else 0.0
        await self._stop.wait(max(stage.duration_s, least_s))
        await self._doses.end(stage.steps)
        done.set()
        for task in (stopped, began):
            task.cancel()

    def _tell_end(self, step: Step, end: StepEnd) -> None:
        for effect in end.ends:
            what = "restored" if effect.restores else "replaced"
            text = f"{step.target.ref} {what}" + (f": {effect.text}" if effect.text else "")
            if effect.clean:
                self._chronicle.tell("restored", text, step=step.id)
            else:
                why = f"{step.target.ref} not {what}: {effect.text}"
                self._chronicle.tell("stuck" if effect.restores else "not-replaced", why, step=step.id, level="error")
        if end.error or end.lost:
            self._chronicle.tell("trouble", end.error or end.lost, step=step.id, level="error")

    def _end_of(self, stage: Stage, ends: Sequence[StepEnd]) -> StageEnd:
        applied = [end.applied_at for end in ends if end.applied_at is not None]
        over = [end.harm_over_at for end in ends if end.harm_over_at is not None]
        self._chronicle.tell("fault-end", f"{stage.fault} is over")
        return StageEnd(
            fault=stage.fault, began=max(applied, default=None), harm_over=max(over, default=None),
            ended=self._leases.clock.now(), lasting=_is_lasting(stage), steps=tuple(ends),
        )  # fmt: skip


def _is_lasting(stage: Stage) -> bool:
    return any(effect.restores for step in stage.steps for effect in step.effects)


class _Countdown:
    """Sets `zero` after so many calls."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.zero = asyncio.Event()

    def one_less(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self.zero.set()
