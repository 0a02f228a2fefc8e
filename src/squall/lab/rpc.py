"""Newline-delimited JSON requests over a unix socket of mode 0600 inside one folder.

A reply is `{"ok": true, ...}` or `{"ok": false, "code": ..., "error": ...}` with one of five codes: unknown-op,
bad-argument, not-found, claimed, stale. Socket paths are limited to 108 bytes (unix(7)), so the folder is opened
and named through `/proc/self/fd`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from squall._kit.errors import Unreachable

Code = Literal["unknown-op", "bad-argument", "not-found", "claimed", "stale"]
Reply = dict[str, object]
LINE_BYTES_MAX = 4 << 20


class Rejected(Exception):  # reads as what happened
    """A request that cannot be met; becomes a reply with this code."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code


class Op(NamedTuple):
    """One operation: the shape of its arguments and what answers it."""

    request: Any
    answer: Callable[[Any], Awaitable[Reply]]


class Empty(msgspec.Struct, frozen=True):
    """Arguments of an operation that takes none."""


async def serve(folder: Path, name: str, ops: Mapping[str, Op]) -> asyncio.AbstractServer:
    """Listen on `folder/name` and answer each line of each connection in order."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(msgspec.json.encode(await _answer(ops, line)) + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass  # the caller went away or sent an endless line: nothing to answer
        finally:
            writer.close()

    with _short(folder, name) as path:
        listener = socket.socket(socket.AF_UNIX)
        (folder / name).unlink(missing_ok=True)
        listener.bind(path)
    (folder / name).chmod(0o600)
    return await asyncio.start_unix_server(converse, sock=listener, limit=LINE_BYTES_MAX)


async def ask(folder: Path, name: str, request: Mapping[str, object], timeout_s: float = 5) -> Reply:
    """Send one request and return the raw reply. Raises Unreachable."""
    try:
        async with asyncio.timeout(timeout_s):
            with _short(folder, name) as path:
                reader, writer = await asyncio.open_unix_connection(path, limit=LINE_BYTES_MAX)
            try:
                writer.write(msgspec.json.encode(request) + b"\n")
                return _reply(await reader.readline())
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        raise Unreachable(f"{folder / name}: {error or 'no answer in time'}") from error


def call(folder: Path, name: str, request: Mapping[str, object], timeout_s: float = 5) -> Reply:
    """Like `ask`, for callers without an event loop."""
    try:
        with _short(folder, name) as path, socket.socket(socket.AF_UNIX) as link, link.makefile("rb") as lines:
            link.settimeout(timeout_s)
            link.connect(path)
            link.sendall(msgspec.json.encode(request) + b"\n")
            return _reply(lines.readline())
    except OSError as error:
        raise Unreachable(f"{folder / name}: {error}") from error


def _reply(line: bytes) -> Reply:
    if not line.endswith(b"\n"):
        raise ConnectionResetError("closed before it answered")
    return msgspec.json.decode(line, type=dict[str, object])


async def _answer(ops: Mapping[str, Op], line: bytes) -> Reply:
    try:
        request = _decode(line)
        op = ops.get(str(request.get("op")))
        if op is None:
            raise Rejected("unknown-op", f"unknown op {request.get('op')!r}; known: {', '.join(ops)}")
        return {"ok": True, **await op.answer(msgspec.convert(request, op.request))}
    except Rejected as error:
        return {"ok": False, "code": error.code, "error": str(error)}
    except msgspec.ValidationError as error:
        return {"ok": False, "code": "bad-argument", "error": str(error)}
    except Unreachable as error:
        return {"ok": False, "code": "not-found", "error": str(error)}
    except Exception as error:  # the outermost handler: a bug must not end the server
        traceback.print_exc(file=sys.stderr)
        return {"ok": False, "code": "bad-argument", "error": f"bug: {error!r}"}


def _decode(line: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(line, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise Rejected("bad-argument", f"not a JSON object: {error}") from error


@contextmanager
def _short(folder: Path, name: str) -> Iterator[str]:
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)
