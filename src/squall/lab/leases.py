"""A claim on one slot with an owner mark and a deadline on CLOCK_BOOTTIME, ended by the process that holds it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import msgspec

from squall._kit.clock import boottime

TtlS = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Mark = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
RECHECK_S_MAX = 5.0


class Lease:
    """Calls `on_lapse` once the deadline has passed, unless cancelled first; `renew` moves the deadline.

    The loop's timer runs on CLOCK_MONOTONIC, which stands still in suspend, so it is re-checked every few seconds.
    """

    def __init__(self, mark: str, ttl_s: float, on_lapse: Callable[[], None]) -> None:
        self.mark = mark
        self.until = boottime() + ttl_s
        self._on_lapse = on_lapse
        self._timer = self._arm()

    @property
    def expires_in_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.until - boottime())

    def renew(self, ttl_s: float) -> None:
        """Let it end `ttl_s` from now."""
        self.until = boottime() + ttl_s
        self._timer.cancel()
        self._timer = self._arm()

    def cancel(self) -> None:
        """End it without calling `on_lapse`."""
        self._timer.cancel()

    def _arm(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(min(self.expires_in_s, RECHECK_S_MAX), self._check)

    def _check(self) -> None:
        if boottime() < self.until:
            self._timer = self._arm()
        else:
            self._on_lapse()
