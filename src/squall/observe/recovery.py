"""When the system was back: the moment from which its steady state holds for the rest of what was seen. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from squall.observe.api import Reading
from squall.observe.judge import MIN_SAMPLES, SINGLE, holds
from squall.spec.model import Expect

SINGLE_WINDOW = 3
"""Readings in a row that must hold where only single values are bounded (such probes are read slowly)."""


def recovered_after(
    readings: Sequence[Reading], end_at: float, expect: Expect, window: int = MIN_SAMPLES
) -> float | None:
    """Seconds after `end_at` (CLOCK_BOOTTIME) from which `expect` holds in every window of `window` readings.

    Conservative: the reading that the time names meets the expectation itself, every later window holds to the very
    last reading, and None where fewer than a window of readings is left after it.
    """
    after = sorted((reading for reading in readings if reading.at >= end_at), key=lambda reading: reading.at)
    size = window if any(metric not in SINGLE for metric in expect.bounds) else min(window, SINGLE_WINDOW)
    begin = None
    for first in range(len(after) - size, -1, -1):
        if not holds(expect, after[first : first + size]):
            break
        if holds(expect, after[first : first + 1]):
            begin = first
    return None if begin is None else after[begin].at - end_at
