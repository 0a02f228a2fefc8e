"""Sampling at a constant rate, on the real clock."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from squall._kit.clock import SystemClock, boottime
from squall.observe.api import Reading, Surroundings
from squall.observe.http import Http
from squall.observe.watch import Watch

CLOCK = SystemClock()


class Scripted:
    """A probe that takes as long as it is told."""

    def __init__(self, takes_s: Callable[[], float]) -> None:
        self._takes_s = takes_s
        self.closed = False

    async def read(self, at: float) -> Reading:
        await asyncio.sleep(self._takes_s())
        return Reading(at, True, boottime() - at, 1.0)

    async def close(self) -> None:
        self.closed = True


def test_a_server_that_stalls_for_a_second_gives_fifty_slow_readings(site: Any, nowhere: Surroundings) -> None:
    """No coordinated omission: a closed loop would have seen one slow answer, we see one for each intended moment."""

    def stall() -> None:
        time.sleep(0.5)
        with site.gate:
            time.sleep(1.0)

    async def story() -> Watch:
        watch = Watch(Http(url=site.url, timeout=3.0).open(nowhere), 50, CLOCK)
        watch.start()
        await asyncio.sleep(2.0)
        await watch.stop()
        return watch

    staller = threading.Thread(target=stall)
    staller.start()
    watch = asyncio.run(story())
    staller.join()
    readings = watch.readings
    assert all(reading.ok for reading in readings)
    assert 95 <= len(readings) <= 102
    slow = [reading.latency_s for reading in readings if reading.latency_s and reading.latency_s > 0.05]
    assert 42 <= len(slow) <= 60
    assert sum(0.4 < latency_s < 0.6 for latency_s in slow) >= 5  # a ramp, as those who came in between waited
    assert max(slow) > 0.9


def test_moments_do_not_drift_and_readings_are_sorted_by_them() -> None:
    async def story() -> list[Reading]:
        spans = iter([0.3, 0.0, 0.1] * 100)
        watch = Watch(Scripted(lambda: next(spans)), 100, CLOCK)
        watch.start()
        await asyncio.sleep(1.0)
        await watch.stop()
        return watch.readings

    ats = [reading.at for reading in asyncio.run(story())]
    assert ats == sorted(ats)
    assert 95 <= len(ats) <= 102
    assert all(abs((at - ats[0]) - i / 100) < 0.02 for i, at in enumerate(ats))


def test_ticks_beyond_the_bound_in_flight_are_recorded_as_overruns() -> None:
    async def story() -> list[Reading]:
        watch = Watch(Scripted(lambda: 0.4), 100, CLOCK, in_flight_max=8)
        watch.start()
        await asyncio.sleep(0.3)
        await watch.stop()
        return watch.readings

    readings = asyncio.run(story())
    overruns = [reading for reading in readings if reading.error == "overrun: 8 readings in flight"]
    assert len(readings) - len(overruns) == 8
    assert len(overruns) >= 15
    assert not any(reading.ok for reading in overruns)


def test_stop_waits_a_bounded_time_records_the_rest_and_closes_the_probe() -> None:
    async def story() -> tuple[Scripted, list[Reading], float]:
        probe = Scripted(lambda: 60.0)
        watch = Watch(probe, 50, CLOCK)
        watch.start()
        await asyncio.sleep(0.1)
        begin = time.monotonic()
        await watch.stop(grace_s=0.2)
        return probe, watch.readings, time.monotonic() - begin

    probe, readings, took_s = asyncio.run(story())
    assert probe.closed
    assert took_s < 1.0
    assert len(readings) >= 4
    assert {reading.error for reading in readings} == {"no answer when the watch ended"}


def test_subscribers_see_every_reading_until_they_leave_and_between_cuts_a_span() -> None:
    async def story() -> tuple[list[Reading], Watch]:
        seen: list[Reading] = []
        watch = Watch(Scripted(lambda: 0.0), 100, CLOCK)
        leave = watch.subscribe(seen.append)
        watch.start()
        await asyncio.sleep(0.2)
        leave()
        await asyncio.sleep(0.1)
        await watch.stop()
        return seen, watch

    seen, watch = asyncio.run(story())
    assert seen == watch.readings[: len(seen)]
    assert len(seen) < len(watch.readings)
    first, last = seen[3].at, seen[8].at
    assert watch.between(first, last) == seen[3:8]


def test_a_late_loop_counts_against_the_latency_and_is_told() -> None:
    async def story() -> Watch:
        watch = Watch(Scripted(lambda: 0.0), 50, CLOCK)
        watch.start()
        await asyncio.sleep(0.1)
        time.sleep(0.3)  # noqa: ASYNC251 - the loop is meant to be late
        await asyncio.sleep(0.1)
        await watch.stop()
        return watch

    watch = asyncio.run(story())
    assert 0.2 < watch.lag_s_max < 1.0
    assert sum((reading.latency_s or 0) > 0.05 for reading in watch.readings) >= 10
    assert watch.missed == 0


def test_a_bug_in_a_probe_is_a_failed_reading_with_its_name() -> None:
    def wrong() -> float:
        raise KeyError("boom")

    async def story() -> list[Reading]:
        watch = Watch(Scripted(wrong), 50, CLOCK)
        watch.start()
        await asyncio.sleep(0.1)
        await watch.stop()
        return watch.readings

    readings = asyncio.run(story())
    assert readings
    assert readings[0].error == "the probe failed: KeyError: 'boom'"


def test_a_watch_that_never_started_still_closes_its_probe() -> None:
    probe = Scripted(lambda: 0.0)
    asyncio.run(Watch(probe, 1, CLOCK).stop())
    assert probe.closed
    with pytest.raises(ValueError, match="above 0"):
        Watch(probe, 0, CLOCK)
