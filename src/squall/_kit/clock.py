"""Time: deadlines on CLOCK_BOOTTIME with the boot id, wall time only to show to people.

`Clock` is a seam: production uses `SystemClock`, tests the virtual one in `squall._kit.virtual`.
Source: clock_gettime(2); /proc/sys/kernel/random/boot_id in proc(5).
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """A source of time and of waiting."""

    def now(self) -> float:
        """Seconds since boot, suspended time included; comparable between processes of one boot."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch; for people only, never for a deadline."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return boottime()

    def wall(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        import asyncio

        await asyncio.sleep(max(0.0, seconds))


def boottime() -> float:
    """Seconds on CLOCK_BOOTTIME."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def boot_id() -> str:
    """The kernel's id of this boot: two deadlines can be compared only where these are equal."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
