"""Retry with exponential back-off and full jitter, within a deadline."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator


class Attempts:
    """Iterate over the attempts of one piece of work: `for attempt in Attempts(...)`, then `await attempts.pause()`."""

    def __init__(self, enabled: bool, deadline_s: float, first_s: float = 0.05, longest_s: float = 1.0) -> None:
        self._enabled = enabled
        self._until = time.monotonic() + deadline_s
        self._first_s = self._next_s = first_s
        self._longest_s = longest_s

    @property
    def left_s(self) -> float:
        """Time until the deadline."""
        return max(0.0, self._until - time.monotonic())

    def __iter__(self) -> Iterator[int]:
        yield 0
        attempt = 1
        while self._enabled and self.left_s > 0.01:
            yield attempt
            attempt += 1

    def succeeded(self) -> None:
        """Begin the back-off anew after the next error."""
        self._next_s = self._first_s

    async def pause(self) -> None:
        """Wait before the next attempt; not at all where there is none."""
        if self._enabled:
            await asyncio.sleep(min(self.left_s, self._next_s * random.uniform(0.5, 1.0)))  # noqa: S311  # jitter
            self._next_s = min(self._next_s * 2, self._longest_s)
