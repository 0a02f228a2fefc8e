"""user: a constant load on the gateway through its own links, 80 % reads, 10 % orders, 10 % jobs.

Open loop: a slow answer does not slow the next request. Once a second the counts go to `data/user.json`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from pathlib import Path

import aiohttp

from squall.lab.services import config
from squall.lab.services.config import Config

TIMEOUT_S = 10.0
PRODUCTS = 50
COUNTS = Path("data/user.json")  # the supervisor starts its processes in the state folder


class User:
    """Sends requests and counts what comes back."""

    def __init__(self, settings: Config, session: aiohttp.ClientSession) -> None:
        self._gateways = itertools.cycle(settings.of_kind("gateway"))
        self._session = session
        self._counts: Counter[str] = Counter()

    async def load(self, rate_per_s: float) -> None:
        """Send at this rate for ever."""
        started = time.monotonic()
        pending: set[asyncio.Task[None]] = set()
        for n in itertools.count():
            await asyncio.sleep(max(0.0, started + n / rate_per_s - time.monotonic()))
            task = asyncio.create_task(self._send(n))
            pending.add(task)
            task.add_done_callback(pending.discard)

    async def report(self) -> None:
        """Write the counts once a second."""
        while True:
            await asyncio.sleep(1)
            COUNTS.write_text(json.dumps(self._counts, sort_keys=True))

    async def _send(self, n: int) -> None:
        method, path = {8: ("POST", "/orders"), 9: ("POST", "/jobs")}.get(
            n % 10, ("GET", f"/products/{n % PRODUCTS + 1}")
        )
        try:
            async with self._session.request(method, f"{next(self._gateways).url}{path}") as answer:
                await answer.read()
                outcome = "ok" if answer.status < 400 else f"status_{answer.status}"
        except (aiohttp.ClientError, OSError, TimeoutError):
            outcome = "unreachable"
        self._counts[outcome] += 1
        self._counts["sent"] += 1


async def main() -> None:
    """Load until killed."""
    settings = config.load()
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        user = User(settings, session)
        await asyncio.gather(user.load(settings.load_rps), user.report())


if __name__ == "__main__":
    asyncio.run(main())
