"""worker: takes jobs off the queue, does 20 ms of work, marks them done. Pattern `retry`: comes back after any error.

Without it the consumer ends with the first lost connection, while the process lives on and calls itself ready.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from typing import cast

from valkey.asyncio import Valkey

from squall.lab.services import config, jobs
from squall.lab.services.config import Config
from squall.lab.services.database import ERRORS, Database
from squall.lab.services.retry import Attempts
from squall.lab.services.web import serve

WORK_S = 0.02
BLOCK_S = 1  # below the socket's time-out
FOREVER_S = float("inf")


class Consumer:
    """Moves each job through a list of its own, so that a worker that dies loses none."""

    def __init__(self, settings: Config, queue: Valkey) -> None:
        self._retries = settings.has("retry")
        self._queue = queue
        self._database = Database(settings.of_kind("postgres-primary")[0])
        self._mine = f"{jobs.QUEUE}:{settings.name}"

    async def consume(self) -> None:
        """Work until the first error, or, with `retry`, for ever."""
        await self._connected()
        attempts = Attempts(self._retries, FOREVER_S)
        for _ in attempts:
            try:
                while await self._queue.lmove(self._mine, jobs.QUEUE, "RIGHT", "RIGHT"):
                    pass  # what an earlier life of this worker had begun
                while True:
                    await self._one()
                    attempts.succeeded()
            except (*jobs.CACHE_ERRORS, *ERRORS) as error:
                print(f"consumer: {error!r}", file=sys.stderr, flush=True)  # noqa: T201  # a service's log
                await attempts.pause()

    async def _connected(self) -> None:
        """At start everybody waits for what it depends on, whatever its patterns."""
        attempts = Attempts(True, FOREVER_S)
        for _ in attempts:
            try:
                await self._queue.ping()
                await self._database.run(lambda connection: connection.execute("SELECT"))
                return
            except (*jobs.CACHE_ERRORS, *ERRORS):
                await attempts.pause()

    async def _one(self) -> None:
        id_ = await self._queue.blmove(jobs.QUEUE, self._mine, BLOCK_S, "RIGHT", "LEFT")
        if id_ is None:
            return
        await asyncio.sleep(WORK_S)
        await self._database.run(lambda connection: jobs.finish(connection, id_))
        await cast(Awaitable[int], self._queue.lrem(self._mine, 1, id_))


async def main() -> None:
    """Consume beside the health pages until SIGTERM."""
    settings = config.load()
    consumer = Consumer(settings, jobs.cache(settings.of_kind("valkey")[0]))
    consuming = asyncio.create_task(consumer.consume())
    await serve([], settings.port)
    consuming.cancel()


if __name__ == "__main__":
    asyncio.run(main())
