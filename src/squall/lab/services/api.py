"""api: products from the database with the cache behind it, orders, and jobs for the workers.

Patterns: `retry` tries the other replica or payment instance, `breaker` stops asking what is down, `cache-fallback`
serves what the cache remembers. Ready means that this process serves: a lost dependency must not take the pod down.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import aiohttp
import asyncpg
from aiohttp import web

from squall.lab.services import config, jobs
from squall.lab.services.breaker import Breaker, Open
from squall.lab.services.config import Config
from squall.lab.services.database import ERRORS, Database
from squall.lab.services.retry import Attempts
from squall.lab.services.web import serve

PAYMENT_S = 1.0
WRITE_S = 2.2  # the budget of one order or job, within the gateway's attempt
CACHE_S = 0.5
CACHE_TTL_S = 3600
REQUEUE_S = 1.0
WARM_UP_S = 5.0
PRODUCTS = "SELECT id, name, price_cents FROM products"
DOWN = (*ERRORS, Open)

T = TypeVar("T")


class Guarded:
    """A database behind its circuit breaker."""

    def __init__(self, database: Database, enabled: bool) -> None:
        self._database = database
        self._breaker = Breaker(enabled, ERRORS)

    async def run(self, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """Do the work, or raise one of DOWN."""
        return await self._breaker.call(lambda: self._database.run(work))


class Api:
    """The handlers and what they depend on."""

    def __init__(self, settings: Config, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session
        self._primary = self._guarded("postgres-primary")[0]
        self._readers = [*self._guarded("postgres-replica"), self._primary]
        self._payments = settings.of_kind("payment")
        self._cache = jobs.cache(settings.of_kind("valkey")[0], CACHE_S)
        self._cache_breaker = Breaker(settings.has("breaker"), jobs.CACHE_ERRORS)
        self._writing: dict[str, asyncio.Task[None]] = {}
        self._orders = 0

    def routes(self) -> list[web.RouteDef]:
        """What is served."""
        return [
            web.get("/products/{id:[0-9]+}", self.product),
            web.post("/orders", self.order),
            web.post("/jobs", self.job),
            web.get("/jobs/overdue", self.overdue),
        ]

    async def product(self, request: web.Request) -> web.Response:
        """One product: replica, then primary (`retry`), then cache (`cache-fallback`), else 503."""
        number = request.match_info["id"]
        for reader in self._readers if self._settings.has("retry") else self._readers[:1]:
            try:
                found = await reader.run(lambda connection: _select(connection, int(number)))
            except DOWN:
                continue
            if found is None:
                return web.Response(status=404, text="no such product\n")
            self._write_through(number, found)
            return web.Response(text=found, content_type="application/json", headers={"X-Served-By": "database"})
        remembered = await self._remembered(number) if self._settings.has("cache-fallback") else None
        if remembered is None:
            return web.Response(status=503, text="the database is unavailable\n")
        return web.Response(text=remembered, content_type="application/json", headers={"X-Served-By": "cache"})

    async def order(self, request: web.Request) -> web.Response:
        """Take payment, then record the order once for its Idempotency-Key."""
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return web.Response(status=400, text="Idempotency-Key is missing\n")
        if not await self._pay():
            return web.Response(status=503, text="payment is unavailable\n")
        return await self._write(lambda connection: _insert_order(connection, key), key)

    async def job(self, request: web.Request) -> web.Response:
        """Accept a job durably, then queue it; a lost push is repeated by the re-queuer."""
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return web.Response(status=400, text="Idempotency-Key is missing\n")
        response = await self._write(lambda connection: jobs.accept(connection, key), key)
        if response.status == 201:
            try:
                await self._cache_breaker.call(lambda: self._push([key]))
            except (*jobs.CACHE_ERRORS, Open):
                pass  # the re-queuer will push it
        return response

    async def overdue(self, request: web.Request) -> web.Response:
        """Counts of jobs; `older` is in seconds."""
        try:
            older_s = float(request.query.get("older", "2"))
        except ValueError:
            return web.Response(status=400, text="older must be a number of seconds\n")
        try:
            return web.json_response(await self._primary.run(lambda connection: jobs.count(connection, older_s)))
        except DOWN:
            return web.Response(status=503, text="the database is unavailable\n")

    async def requeue_for_ever(self) -> None:
        """Push again what the table owes and no worker has done."""
        while True:
            await asyncio.sleep(REQUEUE_S)
            try:
                stale = await self._primary.run(jobs.claim_stale)
                if stale:
                    await self._push(stale)
            except (*DOWN, *jobs.CACHE_ERRORS):
                continue  # both come back, and the next round sees the same jobs

    async def warm_up(self, database: Database) -> None:
        """Remember every product, so that the fallback always has an answer."""
        attempts = Attempts(True, float("inf"))
        for _ in attempts:
            try:
                for row in await database.run(lambda connection: connection.fetch(PRODUCTS)):
                    await self._cache.set(f"product:{row['id']}", _product(row), ex=CACHE_TTL_S)
                return
            except (*ERRORS, *jobs.CACHE_ERRORS):
                await attempts.pause()

    def _guarded(self, kind: str) -> list[Guarded]:
        return [Guarded(Database(peer), self._settings.has("breaker")) for peer in self._settings.of_kind(kind)]

    async def _write(self, work: Callable[[asyncpg.Connection], Awaitable[object]], key: str) -> web.Response:
        attempts = Attempts(self._settings.has("retry"), WRITE_S)
        for _ in attempts:
            try:
                await self._primary.run(work)
                return web.json_response({"id": key}, status=201)
            except DOWN:
                await attempts.pause()
        return web.Response(status=503, text="the database is unavailable\n")

    async def _pay(self) -> bool:
        self._orders += 1
        first = self._orders % len(self._payments)
        candidates = [*self._payments[first:], *self._payments[:first]]
        for peer in candidates if self._settings.has("retry") else candidates[:1]:
            try:
                timeout = aiohttp.ClientTimeout(total=PAYMENT_S)
                async with self._session.post(f"{peer.url}/pay", timeout=timeout) as answer:
                    if answer.status == 200:
                        return True
            except (aiohttp.ClientError, OSError, TimeoutError):
                continue
        return False

    async def _push(self, ids: list[str]) -> None:
        await cast(Awaitable[int], self._cache.lpush(jobs.QUEUE, *ids))

    async def _remembered(self, number: str) -> str | None:
        try:
            found: str | None = await self._cache_breaker.call(lambda: self._cache.get(f"product:{number}"))
        except (*jobs.CACHE_ERRORS, Open):
            return None
        return found

    def _write_through(self, number: str, text: str) -> None:
        """Beside the request, one write per product at a time: a slow cache must not slow reads."""
        if number not in self._writing:
            self._writing[number] = asyncio.create_task(self._remember(number, text))

    async def _remember(self, number: str, text: str) -> None:
        try:
            await self._cache_breaker.call(lambda: self._cache.set(f"product:{number}", text, ex=CACHE_TTL_S))
        except (*jobs.CACHE_ERRORS, Open):
            pass  # the next read writes it again
        finally:
            del self._writing[number]


async def _select(connection: asyncpg.Connection, number: int) -> str | None:
    row = await connection.fetchrow(f"{PRODUCTS} WHERE id = $1", number)
    return _product(row) if row else None


def _product(row: asyncpg.Record) -> str:
    return json.dumps(dict(row))


async def _insert_order(connection: asyncpg.Connection, key: str) -> None:
    await connection.execute("INSERT INTO orders (key, product) VALUES ($1, 1) ON CONFLICT DO NOTHING", key)


async def main() -> None:
    """Serve until SIGTERM."""
    settings = config.load()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        api = Api(settings, session)
        warming = asyncio.create_task(api.warm_up(Database(settings.of_kind("postgres-primary")[0])))
        await asyncio.wait({warming}, timeout=WARM_UP_S)  # then beside the requests: readiness needs no database
        requeuing = asyncio.create_task(api.requeue_for_ever())
        await serve(api.routes(), settings.port)
        for task in (warming, requeuing):
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
