"""The `tcp` probe: connect, and where asked send a text and wait for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from squall._kit.clock import boottime
from squall.observe.addresses import Addresses, split
from squall.observe.api import Probe, ProbeKind, Reading, Surroundings
from squall.observe.failures import FAILURES, ProtocolError, describe
from squall.observe.values import TEXT_MAX
from squall.spec.scalars import PositiveDuration

if TYPE_CHECKING:
    from asyncio import StreamReader

REPLY_MAX = 64 * 1024


class Tcp(ProbeKind, frozen=True, kw_only=True, tag="tcp"):
    """Settings. Success is a connection and, with `expect`, that text within the answer; each reading connects anew.

    The value is the answer's text with `expect`, else 1.
    """

    address: str
    timeout: PositiveDuration = 2.0
    send: str | None = None
    expect: str | None = None

    def __post_init__(self) -> None:
        split(self.address)

    def open(self, surroundings: Surroundings) -> Probe:
        """A probe ready to read."""
        return TcpProbe(self, Addresses(*split(self.address), surroundings))


class TcpProbe:
    """Reads one address."""

    def __init__(self, settings: Tcp, addresses: Addresses) -> None:
        self._settings = settings
        self._addresses = addresses

    async def read(self, at: float) -> Reading:
        """One connection; latency runs from `at` to the connection, or to the expected text."""
        import asyncio

        timeout_s = self._settings.timeout
        try:
            async with asyncio.timeout(timeout_s):
                value = await self._exchange()
        except FAILURES as error:
            return Reading(at, False, boottime() - at, None, describe(error, timeout_s))
        return Reading(at, True, boottime() - at, value)

    async def close(self) -> None:
        """Nothing is kept."""

    async def _exchange(self) -> float | str:
        import asyncio

        reader, writer = await asyncio.open_connection(*self._addresses.next())
        try:
            if self._settings.send is not None:
                writer.write(self._settings.send.encode())
            if self._settings.expect is None:
                await writer.drain()
                return 1.0
            return await self._await_text(reader, self._settings.expect.encode())
        finally:
            writer.close()

    async def _await_text(self, reader: StreamReader, wanted: bytes) -> str:
        seen = b""
        while wanted not in seen:
            piece = await reader.read(4096)
            if not piece or len(seen) > REPLY_MAX:
                raise ProtocolError(f"the answer does not contain {wanted.decode()!r}")
            seen += piece
        return seen.decode("utf-8", "replace").strip()[:TEXT_MAX]
