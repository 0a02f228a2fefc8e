"""The lab's supervisor: `python -m squall.lab.supervisor STATE_DIR`, settings as JSON on standard input.

It detaches, locks the folder (a second one ends at once), empties it, starts everything and answers `lab.sock`.
Everything it starts dies with it, so a lab is up exactly as long as its lock is held.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec

from squall._kit.errors import SquallError
from squall.lab import folder, rpc
from squall.lab.instance import Supervised
from squall.lab.leases import Mark, TtlS
from squall.lab.links.__main__ import SOCKET as LINKS_SOCKET
from squall.lab.plant import Plant, Settings
from squall.lab.services.config import PATTERNS


class Kill(msgspec.Struct, frozen=True):
    """Arguments of `instance.kill`."""

    name: str
    uid: str
    mark: Mark
    grace_s: Annotated[float, msgspec.Meta(ge=0, le=300)] = 0.0


class Claim(msgspec.Struct, frozen=True):
    """Arguments of `instance.freeze` and `instance.hold`."""

    name: str
    uid: str
    mark: Mark
    ttl_s: TtlS


class Renewal(msgspec.Struct, frozen=True):
    """Arguments of `instance.renew`."""

    name: str
    mark: Mark
    ttl_s: TtlS


class Marked(msgspec.Struct, frozen=True):
    """Arguments of `instance.release`."""

    name: str
    mark: Mark


class Desk:
    """Answers the lab's control protocol."""

    def __init__(self, plant: Plant, state: Path) -> None:
        self._plant = plant
        self._state = state
        self.stop_asked = asyncio.Event()
        self.failure: str | None = None

    def ops(self) -> dict[str, rpc.Op]:
        """The operations, by name. Those on toxics are handed on to the link process."""
        handed_on = ("toxics.set", "toxics.renew", "toxics.clear", "toxics.get", "toxics.counters")
        return {
            "world": rpc.Op(rpc.Empty, self._world),
            "status": rpc.Op(rpc.Empty, self._status),
            "stop": rpc.Op(rpc.Empty, self._stop),
            "instance.kill": rpc.Op(Kill, self._kill),
            "instance.freeze": rpc.Op(Claim, self._freeze),
            "instance.hold": rpc.Op(Claim, self._hold),
            "instance.renew": rpc.Op(Renewal, self._renew),
            "instance.release": rpc.Op(Marked, self._release),
            **{name: rpc.Op(Any, self._to_links) for name in handed_on},
        }

    async def _world(self, _: rpc.Empty) -> rpc.Reply:
        return await self._plant.world()

    async def _status(self, _: rpc.Empty) -> rpc.Reply:
        plant = self._plant
        return {
            "id": plant.id,
            "pid": os.getpid(),
            "up_since": plant.up_since,
            "ready": plant.ready,
            "failure": self.failure,
            "patterns": {pattern: pattern in plant.settings.patterns for pattern in PATTERNS},
            "load_rps": plant.settings.load_rps,
            "services": plant.services(),
            "instances": [one.describe() for one in plant.instances.values()],
        }

    async def _stop(self, _: rpc.Empty) -> rpc.Reply:
        self.stop_asked.set()
        return {}

    async def _kill(self, request: Kill) -> rpc.Reply:
        await self._find(request.name).kill(request.uid, request.mark, request.grace_s)
        return {}

    async def _freeze(self, request: Claim) -> rpc.Reply:
        self._find(request.name).claim("freeze", request.uid, request.mark, request.ttl_s)
        return {}

    async def _hold(self, request: Claim) -> rpc.Reply:
        self._find(request.name).claim("hold", request.uid, request.mark, request.ttl_s)
        return {}

    async def _renew(self, request: Renewal) -> rpc.Reply:
        return {"held": self._find(request.name).renew(request.mark, request.ttl_s)}

    async def _release(self, request: Marked) -> rpc.Reply:
        return {"released": self._find(request.name).release(request.mark)}

    async def _to_links(self, request: dict[str, object]) -> rpc.Reply:
        return await rpc.ask(self._state, LINKS_SOCKET, request)

    def _find(self, name: str) -> Supervised:
        if name not in self._plant.instances:
            raise rpc.Rejected("not-found", f"no instance {name!r}")
        return self._plant.instances[name]


async def supervise(settings: Settings, state: Path) -> None:
    """Run the lab until told to stop, by `stop` or SIGTERM."""
    plant = Plant(settings, state)
    desk = Desk(plant, state)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, desk.stop_asked.set)
    server = await rpc.serve(state, folder.SOCKET, desk.ops())
    starting = asyncio.create_task(_guarded(plant.start, desk))
    await desk.stop_asked.wait()
    starting.cancel()
    server.close()
    await plant.stop()


async def _guarded(start: Callable[[], Awaitable[None]], desk: Desk) -> None:
    try:
        await start()
    except (SquallError, OSError) as error:
        desk.failure = str(error)
        print(f"lab: {error}", file=sys.stderr, flush=True)  # noqa: T201  # a service's log


def main() -> None:
    """Detach, lock, clean, supervise, clean."""
    state = Path(sys.argv[1])
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=Settings)
    if os.fork():
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    lock = (state / folder.LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    folder.clean(state)
    folder.furnish(state)
    asyncio.run(supervise(settings, state))
    folder.clean(state)


if __name__ == "__main__":
    main()
