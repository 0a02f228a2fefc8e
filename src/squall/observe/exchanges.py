"""One exchange with a server as a client of its protocol, timed: what the meters of dose are made of.

`dialogue` gives the bytes to send and how to read the answer; `take` does it once over a connection of its own. The
bulk forms send and receive about the same number of bytes, so that it does not matter which direction is narrowed.
Sources: RFC 9112; PostgreSQL protocol 3.0 (SSLRequest, NegotiateProtocolVersion); RESP2 (PING, ECHO).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from squall._kit.clock import boottime
from squall.observe.addresses import Address
from squall.observe.api import Reading

Outcome = Literal["answered", "silent", "reset", "closed", "refused", "ended"]
"""`ended`: the measurement was over before the answer; its time is a lower bound."""

ANSWER_MAX = 4 * 1024 * 1024
_SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
_STARTUP_MAX = 9900
"""PostgreSQL refuses startup packets above 10,000 bytes."""
_HTTP_PAD = 256
_DATE = re.compile(rb"\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", re.IGNORECASE)

Read = Callable[[asyncio.StreamReader, bytes], Awaitable[bytes]]


class Dialogue(msgspec.Struct, frozen=True):
    """`request` is sent, `read(reader, first)` gives the whole answer after its first byte.

    `stored`: the server answers only after the whole request, so a bulk exchange takes both legs one after the other.
    """

    request: bytes
    read: Read
    stored: bool = True


class Sample(msgspec.Struct, frozen=True):
    """One exchange: `rtt_s` from the request to the first byte of the answer (or until given up), `whole_s` to its end.

    `size` is the larger of the bytes sent and received.
    """

    outcome: Outcome
    rtt_s: float
    whole_s: float
    answer: bytes = b""
    size: int = 0


def dialogue(protocol: str, host: str, payload: int = 0) -> Dialogue | None:
    """The exchange of a protocol, with about `payload` bytes each way where not 0; None where it has none.

    Where the payload is bounded by the protocol (postgres: 9900 bytes) less is sent.
    """
    if protocol == "http":
        return _http(host, payload)
    if protocol == "postgres":
        return (
            Dialogue(_startup(min(payload, _STARTUP_MAX)), _read_message) if payload else Dialogue(_SSL_REQUEST, _one)
        )
    if protocol == "redis":
        return _redis(payload)
    if protocol in ("echo", "tcp"):
        size = payload or 16
        return Dialogue(_pattern(size), _exactly(size), stored=False)
    return None


def normal(answer: bytes) -> bytes:
    """The answer without what may rightly differ from one time to the next: the date of HTTP."""
    return _DATE.sub(b"", answer)


def _pattern(size: int) -> bytes:
    return (bytes(range(48, 112)) * (size // 64 + 1))[:size]


def _http(host: str, payload: int) -> Dialogue:
    head = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nUser-Agent: squall-meter\r\n".encode()
    last = head + b"Connection: close\r\n\r\n"
    if not payload:
        return Dialogue(last, _to_end)
    padded = head + b"X-Pad: " + _pattern(max(1, _HTTP_PAD - len(head) - 11)) + b"\r\n\r\n"
    return Dialogue(padded * (payload // _HTTP_PAD) + last, _to_end, stored=False)


def _redis(payload: int) -> Dialogue:
    if not payload:
        return Dialogue(b"PING\r\n", _read_resp)
    return Dialogue(b"*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n" % (payload, _pattern(payload)), _read_resp)


def _startup(size: int) -> bytes:
    """A startup packet with an unknown protocol option, whose name NegotiateProtocolVersion echoes."""
    body = (196608).to_bytes(4, "big") + b"user\0squall-meter\0_pq_." + _pattern(size) + b"\0x\0\0"
    return (len(body) + 4).to_bytes(4, "big") + body


async def _one(reader: asyncio.StreamReader, first: bytes) -> bytes:
    return first


async def _to_end(reader: asyncio.StreamReader, first: bytes) -> bytes:
    answer = bytearray(first)
    while len(answer) < ANSWER_MAX and (piece := await reader.read(65536)):
        answer += piece
    return bytes(answer)


async def _read_message(reader: asyncio.StreamReader, first: bytes) -> bytes:
    length = await reader.readexactly(4)
    return first + length + await reader.readexactly(min(int.from_bytes(length, "big") - 4, ANSWER_MAX))


async def _read_resp(reader: asyncio.StreamReader, first: bytes) -> bytes:
    line = first + await reader.readline()
    if first == b"$" and line[1:-2].isdigit():
        return line + await reader.readexactly(min(int(line[1:-2]) + 2, ANSWER_MAX))
    return line


def _exactly(size: int) -> Read:
    async def read(reader: asyncio.StreamReader, first: bytes) -> bytes:
        return first + await reader.readexactly(size - 1)

    return read


class Exchanger:
    """A probe that does one exchange for each reading and keeps the samples; the watch gives it its constant rate."""

    def __init__(self, address: Address, spoken: Dialogue, timeout_s: float) -> None:
        self._address = address
        self._spoken = spoken
        self._timeout_s = timeout_s
        self.samples: list[Sample] = []

    async def read(self, at: float) -> Reading:
        """One exchange, kept in `samples`; one that is cancelled is kept as `ended`."""
        begin = boottime()
        outcome: Outcome = "ended"
        answer, whole_s = b"", 0.0
        first_s: list[float] = []
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._exchange(first_s)
            whole_s = boottime() - begin
            outcome = "answered"
        except TimeoutError:
            outcome = "silent"
        except ConnectionRefusedError:
            outcome = "refused"
        except (OSError, EOFError, ValueError) as error:
            outcome = "reset" if isinstance(error, ConnectionError) else "closed"
        finally:
            spent_s = whole_s or boottime() - begin
            size = max(len(self._spoken.request), len(answer))
            self.samples.append(Sample(outcome, first_s[0] if first_s else spent_s, spent_s, answer, size))
        return Reading(at, outcome == "answered", spent_s, None)

    async def close(self) -> None:
        """Nothing is kept: each exchange has a connection of its own."""

    async def _exchange(self, first_s: list[float]) -> bytes:
        reader, writer = await asyncio.open_connection(*self._address)
        try:
            begin = boottime()
            writer.write(self._spoken.request)
            first = await reader.readexactly(1)
            first_s.append(boottime() - begin)
            return await self._spoken.read(reader, first)
        finally:
            writer.transport.abort()
