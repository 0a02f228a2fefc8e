"""The job queue: a table says what is owed, a list in the cache says what to do next.

A push that is lost with the cache is repeated from the table: no accepted job is lost, but a worker may see one twice.
"""

from __future__ import annotations

import asyncpg
from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from squall.lab.services.config import Peer

QUEUE = "jobs"
OVERDUE_S = 5.0  # after this an open job is pushed again
BATCH = 100
SOCKET_TIMEOUT_S = 2.0
CACHE_ERRORS = (OSError, TimeoutError, ValkeyError)

_STALE = f"""
UPDATE jobs SET queued_at = now() WHERE id IN (
  SELECT id FROM jobs WHERE done_at IS NULL AND greatest(accepted_at, queued_at) < now() - interval '{OVERDUE_S} s'
  ORDER BY accepted_at LIMIT {BATCH} FOR UPDATE SKIP LOCKED) RETURNING id
"""  # noqa: S608  # constants only
_COUNT = """
SELECT count(*) FILTER (WHERE done_at IS NULL AND accepted_at < now() - make_interval(secs => $1)) AS overdue,
       count(done_at) AS done, count(*) AS accepted FROM jobs
"""


def cache(peer: Peer, timeout_s: float = SOCKET_TIMEOUT_S) -> Valkey:
    """A client of the cache behind this link."""
    return Valkey(
        host=peer.host,
        port=peer.port,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        decode_responses=True,
        single_connection_client=False,
    )


async def accept(connection: asyncpg.Connection, id_: str) -> None:
    """Owe a job; the same id again changes nothing."""
    await connection.execute("INSERT INTO jobs (id) VALUES ($1) ON CONFLICT DO NOTHING", id_)


async def finish(connection: asyncpg.Connection, id_: str) -> None:
    """Mark it done."""
    await connection.execute("UPDATE jobs SET done_at = now() WHERE id = $1 AND done_at IS NULL", id_)


async def claim_stale(connection: asyncpg.Connection) -> list[str]:
    """Open jobs whose push seems lost; each is claimed by one API instance for a while."""
    return [row["id"] for row in await connection.fetch(_STALE)]


async def count(connection: asyncpg.Connection, older_s: float) -> dict[str, int]:
    """How many are overdue by more than `older_s`, done, and accepted in all."""
    return dict(await connection.fetchrow(_COUNT, older_s))
