"""What the HTTP services share: health pages, metrics in Prometheus text, and serving until SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

BUCKETS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Requests by status and their durations."""

    def __init__(self) -> None:
        self._requests: Counter[int] = Counter()
        self._buckets: Counter[float] = Counter()
        self._seconds = 0.0

    def add(self, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests[status] += 1
        self._seconds += seconds
        self._buckets.update(bound for bound in BUCKETS_S if seconds <= bound)

    def text(self) -> str:
        """In the exposition format of Prometheus."""
        total = sum(self._requests.values())
        return "\n".join(
            (
                "# TYPE http_requests_total counter",
                *(f'http_requests_total{{code="{code}"}} {n}' for code, n in sorted(self._requests.items())),
                "# TYPE http_request_duration_seconds histogram",
                *(f'http_request_duration_seconds_bucket{{le="{le}"}} {self._buckets[le]}' for le in BUCKETS_S),
                f'http_request_duration_seconds_bucket{{le="+Inf"}} {total}',
                f"http_request_duration_seconds_sum {self._seconds:.6f}",
                f"http_request_duration_seconds_count {total}",
                "",
            )
        )


async def serve(routes: list[web.RouteDef], port: int) -> None:
    """Serve these routes and the health pages until SIGTERM."""
    metrics = Metrics()

    @web.middleware
    async def measured(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        started = time.monotonic()
        response = await handler(request)
        if request.path not in {"/healthz", "/readyz", "/metrics"}:
            metrics.add(response.status, time.monotonic() - started)
        return response

    async def healthy(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def exposed(_: web.Request) -> web.Response:
        return web.Response(text=metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4"})

    app = web.Application(middlewares=[measured])
    app.add_routes([*routes, web.get("/healthz", healthy), web.get("/readyz", healthy), web.get("/metrics", exposed)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await runner.cleanup()
