"""Asks the lab's supervisor over its unix socket: one line of JSON out, one line back."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path

from squall._kit.errors import Conflict, SquallError, TargetNotFound, Unreachable
from squall._kit.json import Json

SOCKET = "lab.sock"
TIMEOUT_S = 5.0
LINE_MAX = 8 * 1024 * 1024
_ERRORS: dict[str, type[SquallError]] = {"claimed": Conflict, "not-found": TargetNotFound, "stale": TargetNotFound}


async def ask(folder: str, op: str, **arguments: Json) -> dict[str, Json]:
    """One request to the lab in `folder`. Raises Unreachable, Conflict, TargetNotFound."""
    try:
        return await asyncio.wait_for(_ask(folder, {"op": op, **arguments}), TIMEOUT_S)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        why = str(error) or "no answer"
        raise Unreachable(f"no lab answers in {folder}: {why}", hint="squall lab up") from error


async def _ask(folder: str, request: dict[str, Json]) -> dict[str, Json]:
    reader, writer = await asyncio.open_unix_connection(sock=_connect(folder), limit=LINE_MAX)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        reply = json.loads(await reader.readuntil(b"\n"))
    finally:
        writer.close()
    if not isinstance(reply, dict):
        raise ValueError(f"an answer that is no object: {reply!r:.80}")
    if not reply.get("ok"):
        raise _ERRORS.get(reply.get("code", ""), Unreachable)(f"the lab refused: {reply.get('error')}")
    answer: dict[str, Json] = reply
    return answer


def _connect(folder: str) -> socket.socket:
    """A socket address holds 108 bytes, so the path goes through an open folder. Source: unix(7)."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.connect(f"/proc/self/fd/{fd}/{SOCKET}")
    except OSError:
        link.close()
        raise
    finally:
        os.close(fd)
    link.setblocking(False)
    return link


def lab_folder(home: Path) -> str:
    """Where the lab of this SQUALL_HOME lives."""
    return str(home / "lab")
