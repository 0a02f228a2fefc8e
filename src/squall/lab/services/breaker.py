"""Circuit breaker: after three failures in a row it answers `Open` at once, and tries again beside the requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

FAILURES_MAX = 3
OPEN_S = 2.0

T = TypeVar("T")


class Open(Exception):  # the name of the breaker's state
    """The dependency is believed to be down; nothing was sent to it."""


class Breaker:
    """Guards one dependency. While half-open the trial runs in the background: no user waits for it."""

    def __init__(self, enabled: bool, failures: tuple[type[Exception], ...]) -> None:
        self._enabled = enabled
        self._failure_types = failures
        self._failures = 0
        self._opened_at = 0.0
        self._trial: asyncio.Task[None] | None = None

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work, or raise Open at once."""
        if self._enabled and self._failures >= FAILURES_MAX:
            if self._trial is None and time.monotonic() - self._opened_at >= OPEN_S:
                self._trial = asyncio.create_task(self._try(work))
            raise Open
        return await self._attempt(work)

    async def _try(self, work: Callable[[], Awaitable[T]]) -> None:
        try:
            await self._attempt(work)
        except self._failure_types:
            pass  # still down: open for another interval
        finally:
            self._trial = None

    async def _attempt(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            result = await work()
        except self._failure_types:
            self._failures += 1
            self._opened_at = time.monotonic()
            raise
        self._failures = 0
        return result
