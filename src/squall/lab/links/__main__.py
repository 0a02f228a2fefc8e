"""The link process: `python -m squall.lab.links STATE_DIR`, started by the supervisor with its listening sockets.

`STATE_DIR/links.json` names each link's inherited socket and target. All state is in memory: a new process is clean.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec

from squall.lab import rpc
from squall.lab.leases import Mark, TtlS
from squall.lab.links.link import Link, ToxicSet

SOCKET = "links.sock"


class Route(msgspec.Struct, frozen=True):
    """One entry of links.json: the inherited descriptor and where its bytes go."""

    id: str
    descriptor: int
    host: str
    port: int


class OneLink(msgspec.Struct, frozen=True):
    """Arguments that name a link."""

    link: str


class Renewal(msgspec.Struct, frozen=True):
    """Arguments of `toxics.renew`."""

    link: str
    mark: Mark
    ttl_s: TtlS


class Marked(msgspec.Struct, frozen=True):
    """Arguments that name a link and an owner mark."""

    link: str
    mark: Mark


class Desk:
    """Answers the control protocol for all links of this process."""

    def __init__(self, links: dict[str, Link]) -> None:
        self._links = links

    def ops(self) -> dict[str, rpc.Op]:
        """The operations, by name."""
        return {
            "links": rpc.Op(rpc.Empty, self.list),
            "toxics.set": rpc.Op(ToxicSet, self.set),
            "toxics.renew": rpc.Op(Renewal, self.renew),
            "toxics.clear": rpc.Op(Marked, self.clear),
            "toxics.get": rpc.Op(OneLink, self.get),
            "toxics.counters": rpc.Op(Marked, self.counters),
        }

    async def list(self, _: rpc.Empty) -> rpc.Reply:
        """Toxics and counters of every link."""
        links = self._links.values()
        return {"links": {link.id: {"toxics": link.toxics(), "counters": link.counters()} for link in links}}

    async def set(self, wanted: ToxicSet) -> rpc.Reply:
        """Put toxics on a link, under a lease."""
        self._find(wanted.link).set(wanted)
        return {}

    async def renew(self, request: Renewal) -> rpc.Reply:
        """Move a lease's deadline."""
        return {"held": self._find(request.link).renew(request.mark, request.ttl_s)}

    async def clear(self, request: Marked) -> rpc.Reply:
        """Take a mark's toxics off."""
        return {"cleared": self._find(request.link).clear(request.mark)}

    async def get(self, request: OneLink) -> rpc.Reply:
        """Say what holds a link."""
        link = self._find(request.link)
        return {"toxics": link.toxics(), "counters": link.counters()}

    async def counters(self, request: Marked) -> rpc.Reply:
        """Say what a mark's toxics did."""
        return {"counters": msgspec.to_builtins(self._find(request.link).tally(request.mark))}

    def _find(self, id_: str) -> Link:
        if id_ not in self._links:
            raise rpc.Rejected("not-found", f"no link {id_!r}")
        return self._links[id_]


async def serve(state: Path) -> None:
    """Relay until SIGTERM."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    routes = msgspec.json.decode((state / "links.json").read_bytes(), type=list[Route])
    links = {route.id: Link(route.id, (route.host, route.port)) for route in routes}
    for route in routes:
        link = links[route.id]
        listener = socket.socket(fileno=route.descriptor)
        await loop.create_server(lambda link=link: link.accept().front, sock=listener, backlog=1024)  # type: ignore[misc]
    control = await rpc.serve(state, SOCKET, Desk(links).ops())
    gc.freeze()
    await stop.wait()
    control.close()


def runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """uvloop's where it is installed, else asyncio's: half the latency, not another behaviour."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


if __name__ == "__main__":
    runner()(serve(Path(sys.argv[1])))
