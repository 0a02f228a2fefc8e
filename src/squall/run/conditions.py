"""Stop conditions, read all along: broken for as long as the document says, or twice without data, ends the run.

No data never counts as good: a source of metrics that is down, slow or empty stops the run within two readings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from squall.observe.api import Probe, ProbeKind, Reading, Surroundings
from squall.observe.judge import holds
from squall.run.events import Chronicle
from squall.run.stop import StopSwitch
from squall.spec.model import StopCondition

MUTE_MAX = 2
WINDOW = 60


class Conditions:
    """Every `stopWhen` of a run, each in a task of its own."""

    def __init__(
        self, conditions: Sequence[StopCondition], surroundings: Surroundings, stop: StopSwitch, chronicle: Chronicle
    ) -> None:
        self._stop = stop
        self._chronicle = chronicle
        self._watched = [(each, cast("ProbeKind", each.probe).open(surroundings)) for each in conditions]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to read."""
        self._tasks = [asyncio.create_task(self._watch(condition, probe)) for condition, probe in self._watched]

    async def end(self) -> None:
        """Read no more."""
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(probe.close() for _, probe in self._watched))
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _watch(self, condition: StopCondition, probe: Probe) -> None:
        clock = self._chronicle.clock
        readings: list[Reading] = []
        broken_since: float | None = None
        mute = 0
        while not self._stop.thrown:
            at = clock.now()
            reading = await probe.read(at)
            self._chronicle.listener.reading(f"stop: {condition.name}", reading)
            readings = [*readings[1 - WINDOW :], reading]
            mute = mute + 1 if is_mute(condition, reading) else 0
            if mute >= MUTE_MAX:
                self._throw(condition, f"gives no data: {reading.error or 'no value'}")
            good = holds(condition.expect, readings) if _has_rate(condition) else holds(condition.expect, [reading])
            broken_since = None if good else (at if broken_since is None else broken_since)
            if broken_since is not None and clock.now() - broken_since >= condition.hold:
                self._throw(
                    condition, f"was broken for {condition.hold:g} s; last reading: {reading.error or reading.value}"
                )
            await clock.sleep(condition.every - (clock.now() - at))

    def _throw(self, condition: StopCondition, why: str) -> None:
        text = f"stop condition '{condition.name}' {why}"
        self._chronicle.tell("stop", text, level="warning")
        self._stop.throw(text)


def is_mute(condition: StopCondition, reading: Reading) -> bool:
    """Whether the reading says nothing on what the condition bounds."""
    if _has_rate(condition):
        return False
    return reading.value is None


def _has_rate(condition: StopCondition) -> bool:
    return any(metric in ("successRate", "errorRate", "p50", "p90", "p95", "p99") for metric in condition.expect.bounds)
