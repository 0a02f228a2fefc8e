"""payment: says yes after 2 ms."""

from __future__ import annotations

import asyncio

from aiohttp import web

from squall.lab.services import config
from squall.lab.services.web import serve


async def pay(_: web.Request) -> web.Response:
    """Take the money."""
    await asyncio.sleep(0.002)
    return web.json_response({"paid": True})


if __name__ == "__main__":
    asyncio.run(serve([web.post("/pay", pay)], config.load().port))
