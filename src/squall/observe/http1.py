"""A small HTTP/1.1 client on asyncio streams for probes: kept connections, one deadline over everything, no redirects.

Why not http.client in threads: its time-out is per read, so a dribbling server holds a thread without bound, and a
thread cannot be cancelled. Source: RFC 9112.

Architecture invariant: nothing is retried except an idempotent request on a kept connection that the server had closed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from squall.observe.addresses import Address, Addresses
from squall.observe.api import Surroundings
from squall.observe.failures import ProtocolError

BODY_MAX = 4 * 1024 * 1024
IDLE_MAX = 64
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class Answer(msgspec.Struct, frozen=True):
    """A complete response; header names in lower case; `keeps` says whether the connection may be used again."""

    status: int
    headers: dict[str, str]
    body: bytes
    keeps: bool


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @property
    def usable(self) -> bool:
        return not (self.reader.at_eof() or self.writer.is_closing() or self.reader.exception())

    async def exchange(self, method: str, request: bytes) -> Answer:
        done = False
        try:
            self.writer.write(request)
            answer = await read_answer(self.reader, method)
            done = answer.keeps
        finally:
            if not done:
                self.writer.transport.abort()
        return answer


class Client:
    """Requests to one origin. Safe for many at once; each takes a connection of its own."""

    def __init__(self, url: str, surroundings: Surroundings) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._netloc = parts.netloc.rpartition("@")[2]
        self._context = ssl.create_default_context() if parts.scheme == "https" else None
        self._addresses = Addresses(self._host, parts.port or (443 if self._context else 80), surroundings)
        self._idle: dict[Address, list[_Connection]] = {}

    async def exchange(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """One request, one response. Raises OSError, EOFError, ProtocolError; the caller sets the deadline."""
        request = self._encode(method, target, headers, body)
        address = self._addresses.next()
        kept = self._take(address)
        if kept is not None:
            try:
                return self._give(address, kept, await kept.exchange(method, request))
            except (ConnectionError, EOFError):
                if method not in _IDEMPOTENT:
                    raise
        fresh = await self._connect(address)
        return self._give(address, fresh, await fresh.exchange(method, request))

    async def close(self) -> None:
        """Drop the kept connections."""
        for connections in self._idle.values():
            for connection in connections:
                connection.writer.transport.abort()
        self._idle.clear()
        await asyncio.sleep(0)

    def _take(self, address: Address) -> _Connection | None:
        idle = self._idle.get(address, [])
        while idle:
            connection = idle.pop()
            if connection.usable:
                return connection
            connection.writer.transport.abort()
        return None

    def _give(self, address: Address, connection: _Connection, answer: Answer) -> Answer:
        if answer.keeps:
            idle = self._idle.setdefault(address, [])
            if len(idle) < IDLE_MAX:
                idle.append(connection)
            else:
                connection.writer.transport.abort()
        return answer

    async def _connect(self, address: Address) -> _Connection:
        name = self._host if self._context else None
        reader, writer = await asyncio.open_connection(*address, ssl=self._context, server_hostname=name)
        return _Connection(reader, writer)

    def _encode(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        fields = {"host": self._netloc, "user-agent": "squall", "accept": "*/*", "accept-encoding": "identity"}
        if body is not None:
            fields["content-length"] = str(len(body))
        fields.update({name.lower(): value for name, value in headers.items()})
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + (body or b"")


async def read_answer(reader: asyncio.StreamReader, method: str) -> Answer:
    """One final response from the stream; 1xx are passed over. Raises EOFError, OSError, ProtocolError."""
    status, headers, keeps = 100, dict[str, str](), False
    while status < 200:
        status, headers, keeps = _parse_head(await _until(reader, b"\r\n\r\n"))
    if method == "HEAD" or status in (204, 304):
        return Answer(status, headers, b"", keeps)
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return Answer(status, headers, await _read_chunks(reader), keeps)
    length = headers.get("content-length")
    if length is None:
        return Answer(status, headers, await _read_to_end(reader), False)
    return Answer(status, headers, await reader.readexactly(_size(length, 10)), keeps)


def _parse_head(head: bytes) -> tuple[int, dict[str, str], bool]:
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise ProtocolError("the answer is not HTTP/1")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    connection = headers.get("connection", "").lower()
    keeps = "close" not in connection and (version != "HTTP/1.0" or "keep-alive" in connection)
    return int(rest[:3]), headers, keeps


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := _size((await _until(reader, b"\r\n")).split(b";")[0].decode("latin-1"), 16):
        body += await reader.readexactly(size)
        _size(str(len(body)), 10)
        await reader.readexactly(2)
    while await _until(reader, b"\r\n") != b"\r\n":
        pass
    return bytes(body)


async def _read_to_end(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while piece := await reader.read(65536):
        body += piece
        _size(str(len(body)), 10)
    return bytes(body)


async def _until(reader: asyncio.StreamReader, mark: bytes) -> bytes:
    try:
        return await reader.readuntil(mark)
    except asyncio.LimitOverrunError:
        raise ProtocolError("the answer's head is longer than 64 KiB") from None


def _size(text: str, base: int) -> int:
    try:
        size = int(text.strip(), base)
    except ValueError:
        raise ProtocolError(f"the answer's length is not a number: {text.strip()[:20]!r}") from None
    if not 0 <= size <= BODY_MAX:
        raise ProtocolError(f"the answer is longer than {BODY_MAX // 1024 // 1024} MiB")
    return size
