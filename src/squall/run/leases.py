"""Leases: permission for effects to exist, handed out while the run holds, and the beat that the watchdog reads.

The engine promises in a small shared file that it lives until a moment; it moves the moment while its event loop turns.
When the moment passes with the journal's lock still held, the engine hangs, and the watchdog ends it.
"""

from __future__ import annotations

import math
import mmap
import os
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from squall._kit.clock import Clock
from squall._kit.errors import JournalUnwritable

if TYPE_CHECKING:  # the watchdog reads the beat alone: it must be up before the first effect, so it imports little
    import asyncio

    from squall.targets.api import Lease

_DOUBLE = struct.Struct("<d")
RENEWALS_PER_LEASE = 3


class Beat:
    """Eight bytes that two processes share: the CLOCK_BOOTTIME until which the engine has promised to live."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open it, or make it with an endless promise. Raises JournalUnwritable."""
        try:
            self._map = _mapped(path, create=create)
        except OSError as error:
            raise JournalUnwritable(
                f"{path} cannot be made: {error.strerror}; nothing was touched", hint="free or mend the disk"
            ) from error
        if create:
            self.promise(math.inf)

    def promise(self, until: float) -> None:
        """The engine lives until then; infinity before the first effect and after the last."""
        self._map[:] = _DOUBLE.pack(until)

    def until(self) -> float:
        """The last promise."""
        return float(_DOUBLE.unpack(self._map[:])[0])


def _mapped(path: Path, *, create: bool) -> mmap.mmap:
    fd = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0) | os.O_CLOEXEC, 0o600)
    try:
        if create:
            os.posix_fallocate(fd, 0, _DOUBLE.size)  # a hole in a full disk would end us by SIGBUS
        return mmap.mmap(fd, _DOUBLE.size)
    finally:
        os.close(fd)


class Leases:
    """Hands out leases of one length."""

    def __init__(self, clock: Clock, ttl_s: float, beat: Beat | None = None) -> None:
        self.clock = clock
        self.ttl_s = ttl_s
        self._beat = beat

    def fresh(self) -> Lease:
        """A lease from now."""
        from squall.targets.api import Lease

        return Lease(self.ttl_s, self.clock.now() + self.ttl_s)

    async def until(self, done: asyncio.Event) -> AsyncIterator[Lease]:
        """One lease now, then a fresh one three times a lease, until `done`."""
        yield self.fresh()
        while not await _set_within(done, self.ttl_s / RENEWALS_PER_LEASE):
            yield self.fresh()

    async def pulse(self) -> None:
        """Keep the promise to the watchdog for as long as this task runs."""
        if self._beat is None:
            return
        try:
            while True:
                self._beat.promise(self.clock.now() + self.ttl_s)
                await self.clock.sleep(self.ttl_s / (RENEWALS_PER_LEASE * 2))
        finally:
            self._beat.promise(math.inf)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    import asyncio

    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
