"""The doses of a run: every step's independent meters, read before and while it is hurt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from squall.observe.api import DoseResult
from squall.observe.dose import DoseMeter, open_meter
from squall.plan.model import Plan, Step
from squall.run.statemeter import StateMeter
from squall.targets.api import Inspector

BASELINE_S = 0.8


class Doses:
    """Owns the meters. A meter's baseline is read before the first fault."""

    def __init__(self, plan: Plan, inspector: Inspector) -> None:
        self._meters: dict[str, list[DoseMeter]] = {}
        self._results: list[DoseResult] = []
        self._started: set[str] = set()
        for step in plan.steps:
            self._meters[step.id] = list(_open(step, inspector))

    async def baseline(self) -> None:
        """Measure what is normal, all meters together."""
        await asyncio.gather(*(meter.sample_baseline(BASELINE_S) for meter in self._all()))

    def begin(self, step: Step) -> None:
        """The step has been applied: measure."""
        self._started.add(step.id)
        for meter in self._meters[step.id]:
            meter.start()

    async def end(self, steps: Iterable[Step]) -> None:
        """The steps are about to be restored: measure no more, and keep what was found."""
        began = [step for step in steps if step.id in self._started]
        await asyncio.gather(*(meter.stop() for step in began for meter in self._meters[step.id]))
        for step in began:
            self._results.extend(meter.result(step.id, step.target.ref) for meter in self._meters[step.id])
            self._started.discard(step.id)

    def results(self) -> tuple[DoseResult, ...]:
        """What was measured, in the order of the faults' ends."""
        return tuple(self._results)

    def _all(self) -> list[DoseMeter]:
        return [meter for meters in self._meters.values() for meter in meters]


def _open(step: Step, inspector: Inspector) -> Iterable[DoseMeter]:
    effect = step.effects[0].effect
    for spec in step.meters:
        state = spec.kind == "state"
        made: DoseMeter | None = StateMeter(spec.slot, inspector) if state else open_meter(spec, effect)
        if made is not None:
            yield made
