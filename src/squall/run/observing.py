"""Watching the steady states of one run, from before the first fault until after the last.

What is marked `during` is sampled at a constant rate all along; the rest is read once before, and after the faults
until it holds again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import cast

import msgspec

from squall.observe.api import Judgement, Probe, ProbeKind, Reading, Surroundings, Verdict
from squall.observe.judge import judge
from squall.observe.recovery import recovered_after
from squall.observe.watch import Watch
from squall.run.events import Chronicle
from squall.run.result import Series
from squall.run.stop import StopSwitch
from squall.spec.model import SteadyState

POLL_S = 0.25
LATE_S = 0.05
"""A tick of the observer that came later than this is told."""


class Observation:
    """All steady states of a run. Readings carry CLOCK_BOOTTIME until `series` makes them relative."""

    def __init__(self, states: Sequence[SteadyState], surroundings: Surroundings, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        self._clock = chronicle.clock
        self.watched: dict[str, SteadyState] = {s.name: s for s in states if s.during}
        self.single: dict[str, SteadyState] = {s.name: s for s in states if not s.during}
        self._probes: dict[str, Probe] = {
            name: cast("ProbeKind", state.probe).open(surroundings) for name, state in self.single.items()
        }
        self._singles: dict[str, list[Reading]] = {name: [] for name in self.single}
        self._watches: dict[str, Watch] = {}
        for name, state in self.watched.items():
            watch = Watch(cast("ProbeKind", state.probe).open(surroundings), state.rate, self._clock)
            watch.subscribe(partial(chronicle.listener.reading, name))
            self._watches[name] = watch

    def start(self) -> None:
        """Begin to sample."""
        for watch in self._watches.values():
            watch.start()

    async def stop(self) -> None:
        """End the sampling and close every probe."""
        await asyncio.gather(*(watch.stop() for watch in self._watches.values()))
        await asyncio.gather(*(probe.close() for probe in self._probes.values()))

    async def read_singles(self) -> None:
        """One reading of each state that is not sampled."""
        names = list(self._probes)
        readings = await asyncio.gather(*(self._probes[name].read(self._clock.now()) for name in names))
        for name, reading in zip(names, readings, strict=True):
            self._singles[name].append(reading)
            self._chronicle.listener.reading(name, reading)

    def between(self, name: str, begin: float, end: float) -> list[Reading]:
        """The readings of one state in [begin, end)."""
        if name in self._watches:
            return self._watches[name].between(begin, end)
        return [reading for reading in self._singles[name] if begin <= reading.at < end]

    def judged(self, state: SteadyState, spans: Sequence[tuple[float, float]], phase: str) -> tuple[Judgement, ...]:
        """The state's bounds against its readings in all spans."""
        readings = [reading for begin, end in spans for reading in self.between(state.name, begin, end)]
        return judge(state.name, state.expect, readings, phase)

    async def until_recovered(self, over: float, within_s: float, stop: StopSwitch) -> bool:
        """Wait until every state holds again after `over`, for `within_s` at most; whether they do."""
        while True:
            await self.read_singles()
            if all(self.recovered(name, over) is not None for name in (*self.watched, *self.single)):
                return True
            if self._clock.now() - over > within_s or await stop.wait(POLL_S):
                return False

    def recovered(self, name: str, over: float, until: float | None = None) -> float | None:
        """Seconds after `over` from which the state holds; a single reading that holds suffices where not sampled."""
        end = self._clock.now() if until is None else until
        readings = self.between(name, over, end)
        if name in self.watched:
            return recovered_after(readings, over, self.watched[name].expect)
        last = readings[-1:]
        held = bool(last) and all(
            judgement.verdict is Verdict.HELD for judgement in judge(name, self.single[name].expect, last, "recovery")
        )
        return max(0.0, last[0].at - over) if held else None

    def notes(self) -> tuple[str, ...]:
        """What the observer itself did wrong: ticks that came late or not at all."""
        late_s = max((watch.lag_s_max for watch in self._watches.values()), default=0.0)
        missed = sum(watch.missed for watch in self._watches.values())
        late = (f"readings were up to {late_s * 1000:.0f} ms late: the machine of the observer was busy",)
        gone = (f"{missed} readings were not made: the observer itself stood still",)
        return (late if late_s > LATE_S else ()) + (gone if missed else ())

    def series(self) -> tuple[Series, ...]:
        """All readings, each `at` in seconds after the run's beginning."""
        kinds = {state.name: state for state in (*self.watched.values(), *self.single.values())}
        return tuple(
            Series(
                name=name, kind=str(type(state.probe).__struct_config__.tag),
                readings=tuple(self._relative(reading) for reading in self.between(name, 0.0, float("inf"))),
            )
            for name, state in kinds.items()
        )  # fmt: skip

    def _relative(self, reading: Reading) -> Reading:
        return msgspec.structs.replace(reading, at=round(self._chronicle.t(reading.at), 4))
