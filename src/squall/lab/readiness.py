"""Is an instance ready? Asked of it directly, never through a link, as a kubelet would."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from typing import NamedTuple

TIMEOUT_S = 1.0
_STARTUP = b"user\0app\0database\0postgres\0\0"


class Question(NamedTuple):
    """What to send, and what the reply must hold in its first bytes."""

    ask: bytes
    expect: bytes


QUESTIONS: Mapping[str, Question] = {
    "http": Question(b"GET /readyz HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n", b" 200 "),
    # A start-up message: a server that is recovering answers E, a ready one asks for the password (R).
    "postgres": Question(struct.pack(">ii", 8 + len(_STARTUP), 196608) + _STARTUP, b"R"),
    "redis": Question(b"PING\r\n", b"+PONG"),
    "echo": Question(b"?", b"?"),
}


async def ready(protocol: str, port: int) -> bool:
    """One look: whether it answers rightly within a second."""
    question = QUESTIONS[protocol]
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(question.ask)
                return question.expect in await reader.read(16)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
