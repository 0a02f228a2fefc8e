"""gateway: the door for users. API instances take turns; `retry` tries the next one, `breaker` skips the dead."""

from __future__ import annotations

import asyncio
import random
import uuid

import aiohttp
from aiohttp import web

from squall.lab.services import config
from squall.lab.services.breaker import Breaker, Open
from squall.lab.services.config import Config
from squall.lab.services.retry import Attempts
from squall.lab.services.web import serve

ATTEMPT_S, TOTAL_S = 2.5, 4.0
RETRIED = frozenset({502, 503, 504})
SHOWN = ("Content-Type", "X-Served-By")
UNREACHABLE = (aiohttp.ClientError, OSError, TimeoutError)


class Backend:
    """One API instance behind its circuit breaker."""

    def __init__(self, url: str, session: aiohttp.ClientSession, breaker: Breaker) -> None:
        self._url = url
        self._session = session
        self._breaker = breaker

    async def ask(self, request: web.Request, headers: dict[str, str], body: bytes, seconds: float) -> web.Response:
        """What it answers; 502 where it cannot be reached, 504 where it is late. Raises Open."""

        async def send() -> web.Response:
            url, timeout = f"{self._url}{request.path_qs}", aiohttp.ClientTimeout(total=seconds)
            async with self._session.request(
                request.method, url, data=body, headers=headers, timeout=timeout
            ) as answer:
                shown = {name: answer.headers[name] for name in SHOWN if name in answer.headers}
                return web.Response(status=answer.status, body=await answer.read(), headers=shown)

        try:
            return await self._breaker.call(send)
        except TimeoutError:
            return web.Response(status=504, text="the backend did not answer in time\n")
        except UNREACHABLE:
            return web.Response(status=502, text="the backend could not be reached\n")


class Gateway:
    """Round robin over the links to the API."""

    def __init__(self, settings: Config, session: aiohttp.ClientSession) -> None:
        self._retries = settings.has("retry")
        self._backends = [
            Backend(peer.url, session, Breaker(settings.has("breaker"), UNREACHABLE))
            for peer in settings.of_kind("api")
        ]
        self._turns: list[int] = []

    async def forward(self, request: web.Request) -> web.Response:
        """Answer with what an API instance says, each one tried in turn; the last failure where none can."""
        body = await request.read()
        key = request.headers.get("Idempotency-Key") or uuid.uuid4().hex
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        first = self._turn()
        attempts = Attempts(self._retries, TOTAL_S)
        response = web.Response(status=503, text="the backend is believed to be down\n")
        for attempt in attempts:
            backend = self._backends[(first + attempt) % len(self._backends)]
            try:
                response = await backend.ask(request, headers, body, min(ATTEMPT_S, attempts.left_s))
            except Open:
                if attempt + 1 < len(self._backends):
                    continue  # the next one at once: nothing was sent
            if response.status not in RETRIED or (response.status == 503 and attempt + 1 >= len(self._backends)):
                break  # an answer, or every instance says that what it depends on is down
            await attempts.pause()
        return response

    def _turn(self) -> int:
        """Round robin, each round in another order: a user with a steady rhythm must not meet one instance always."""
        if not self._turns:
            self._turns = random.sample(range(len(self._backends)), len(self._backends))
        return self._turns.pop()


async def main() -> None:
    """Serve until SIGTERM."""
    settings = config.load()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        gateway = Gateway(settings, session)
        routes = [
            web.get("/products/{id}", gateway.forward),
            web.post("/orders", gateway.forward),
            web.post("/jobs", gateway.forward),
            web.get("/jobs/overdue", gateway.forward),
        ]
        await serve(routes, settings.port)


if __name__ == "__main__":
    asyncio.run(main())
