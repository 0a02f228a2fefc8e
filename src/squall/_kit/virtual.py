"""A clock for tests: time stands still until it is moved, and whoever sleeps wakes in the order of the deadlines."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count


class VirtualClock:
    """Implements `squall._kit.clock.Clock`. Seconds since boot and since the epoch move together, by `advance` only."""

    def __init__(self, now: float = 1000.0, wall: float = 1_700_000_000.0) -> None:
        self._now = now
        self._wall_ahead = wall - now
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._now + self._wall_ahead

    def jump_wall(self, seconds: float) -> None:
        """Set the wall clock by so much; seconds since boot stay what they are."""
        self._wall_ahead += seconds

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved so far; at least one turn of the loop."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken

    @property
    def next_deadline(self) -> float | None:
        """When the first sleeper wants to wake; None: nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def advance(self, seconds: float, *, turns: int = 20) -> None:
        """Move time on; each sleeper wakes at its own moment and may run `turns` turns of the loop before the next."""
        end = self._now + seconds
        await _turn(turns)
        while (deadline := self.next_deadline) is not None and deadline <= end:
            self._now = max(self._now, deadline)
            heapq.heappop(self._sleepers)[2].set_result(None)
            await _turn(turns)
        self._now = end


async def _turn(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
