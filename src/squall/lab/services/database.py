"""A small PostgreSQL pool in which waiting, connecting and asking together take a second at most.

asyncpg's own time-out cancels over a second connection, which hangs in a black hole; here the connection is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from squall.lab.services.config import Peer

TIMEOUT_S = 1.0
CONNECTIONS_MAX = 4
APP_USER = "app"  # may read products and write orders and jobs, nothing else; its password is its name
ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

T = TypeVar("T")


class Database:
    """One server, reached through its link."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._slots = asyncio.Semaphore(CONNECTIONS_MAX)
        self._idle: list[asyncpg.Connection] = []

    async def run(self, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """Do the work on a connection; after any failure that connection is dropped."""
        async with asyncio.timeout(TIMEOUT_S), self._slots:
            connection = await self._take()
            try:
                result = await work(connection)
            except BaseException:
                connection.terminate()
                raise
            self._idle.append(connection)
            return result

    async def _take(self) -> asyncpg.Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        where = {"host": self._peer.host, "port": self._peer.port, "database": "postgres"}
        return await asyncpg.connect(**where, user=APP_USER, password=APP_USER, ssl=False)
