"""The tiny Prometheus that the supervisor answers as: `up` for each instance, no alert ever, else an empty vector."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs, urlsplit

from squall.lab.instance import Supervised

REQUEST_BYTES_MAX = 64 << 10


async def serve(port: int, instances: Callable[[], Iterable[Supervised]]) -> asyncio.Server:
    """Answer `/api/v1/query` and `/-/healthy` on a loopback port."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(5):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                body = (await reader.readexactly(_length(head))).decode("latin-1")
                status, content = answer(head.split(" ")[1], body, instances())
                payload = content.encode()
                kind = "application/json" if content.startswith("{") else "text/plain"
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(payload)}\r\n"
                    "Connection: close\r\n\r\n".encode()
                    + payload
                )
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, IndexError):
            pass  # not HTTP, or gone: nobody to answer
        finally:
            writer.close()

    return await asyncio.start_server(converse, "127.0.0.1", port, limit=REQUEST_BYTES_MAX)


def answer(target: str, body: str, instances: Iterable[Supervised]) -> tuple[str, str]:
    """Status line and content for a request target. Source: the Prometheus HTTP API, instant queries."""
    url = urlsplit(target)
    if url.path in {"/-/healthy", "/-/ready"}:
        return "200 OK", "Prometheus Server is Healthy.\n"
    if url.path != "/api/v1/query":
        return "404 Not Found", "404 page not found\n"
    query = (parse_qs(url.query) | parse_qs(body)).get("query", [""])[0].strip()
    if not query:
        return "400 Bad Request", json.dumps({"status": "error", "errorType": "bad_data", "error": "no query"})
    result = [_up(one) for one in instances] if query == "up" else []
    return "200 OK", json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})


def _up(one: Supervised) -> dict[str, object]:
    instance = one.instance
    metric = {"__name__": "up", "instance": instance.name, "job": instance.service, "namespace": instance.namespace}
    return {"metric": metric, "value": [round(time.time(), 3), "1" if one.ready else "0"]}


def _length(head: str) -> int:
    for line in head.lower().split("\r\n"):
        if line.startswith("content-length:"):
            return min(int(line.partition(":")[2]), REQUEST_BYTES_MAX)
    return 0
