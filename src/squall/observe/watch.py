"""Sampling at a constant rate without coordinated omission.

Ticks stand at intended moments that never shift; each reading runs by itself, so a slow answer delays no later reading,
and its latency runs from the intended moment. Source: Gil Tene, "How NOT to Measure Latency".

Architecture invariant: a reading is never invented. Where this process itself was asleep for more than `STALLED_S`, the
ticks in between are counted in `missed`, not read.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import Callable
from operator import attrgetter

from squall._kit.clock import Clock
from squall.observe.api import Probe, Reading

IN_FLIGHT_MAX = 128
"""Readings at once: 50 per second with a time-out of 2 s fit."""
GRACE_S = 2.0
TIMER_S = 0.002
"""epoll wakes up to a millisecond late; a tick this little late is intended for the moment at which it is made."""
STALLED_S = 5.0

Subscriber = Callable[[Reading], None]


class Watch:
    """Reads `probe` `rate_per_s` times a second from `start` to `stop`; owns the probe and closes it."""

    def __init__(self, probe: Probe, rate_per_s: float, clock: Clock, *, in_flight_max: int = IN_FLIGHT_MAX) -> None:
        if rate_per_s <= 0:
            raise ValueError("a watch needs a rate above 0 per second")
        self._probe = probe
        self._rate_per_s = rate_per_s
        self._clock = clock
        self._in_flight_max = in_flight_max
        self._in_flight: dict[asyncio.Task[Reading], float] = {}
        self._readings: list[Reading] = []
        self._subscribers: list[Subscriber] = []
        self._ticker: asyncio.Task[None] | None = None
        self.lag_s_max = 0.0
        """How late this process itself was at its worst tick, in seconds."""
        self.missed = 0
        """Ticks that were not read because this process was asleep."""

    @property
    def readings(self) -> list[Reading]:
        """Every reading so far, sorted by `at`; a copy."""
        return list(self._readings)

    def between(self, begin: float, end: float) -> list[Reading]:
        """The readings intended for moments in [begin, end)."""
        at = attrgetter("at")
        first = bisect_left(self._readings, begin, key=at)
        return self._readings[first : bisect_left(self._readings, end, key=at)]

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with each reading as it lands; the result ends that."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def start(self) -> None:
        """Begin to tick; needs a running loop."""
        if self._ticker is not None:
            raise RuntimeError("a watch starts once")
        self._ticker = asyncio.get_running_loop().create_task(self._tick(self._clock.now()))

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """End the ticks, wait up to `grace_s` for what is in flight, record the rest as errors, close the probe."""
        try:
            if self._ticker is not None:
                self._ticker.cancel()
                await asyncio.wait([self._ticker])
            if self._in_flight:
                await asyncio.wait(self._in_flight, timeout=grace_s)
        finally:
            late = list(self._in_flight)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
            await asyncio.sleep(0)
            await self._probe.close()

    async def _tick(self, begin: float) -> None:
        n = 0
        while True:
            intended = begin + n / self._rate_per_s
            n += 1
            await self._clock.sleep(max(0.0, intended - self._clock.now()))
            now = self._clock.now()
            lag_s = max(0.0, now - intended)
            self.lag_s_max = max(self.lag_s_max, lag_s)
            if lag_s > STALLED_S:
                self.missed += 1
            else:
                self._launch(now if lag_s <= TIMER_S else intended)

    def _launch(self, at: float) -> None:
        if len(self._in_flight) >= self._in_flight_max:
            self._record(Reading(at, False, None, None, f"overrun: {self._in_flight_max} readings in flight"))
            return
        task = asyncio.ensure_future(self._probe.read(at))
        self._in_flight[task] = at
        task.add_done_callback(self._land)

    def _land(self, task: asyncio.Task[Reading]) -> None:
        at = self._in_flight.pop(task)
        if task.cancelled():
            self._record(Reading(at, False, self._clock.now() - at, None, "no answer when the watch ended"))
        elif (bug := task.exception()) is not None:
            self._record(Reading(at, False, None, None, f"the probe failed: {type(bug).__name__}: {bug}"))
        else:
            self._record(task.result())

    def _record(self, reading: Reading) -> None:
        insort(self._readings, reading, key=attrgetter("at"))
        for subscriber in tuple(self._subscribers):
            subscriber(reading)
