"""All processes of one lab: made from the topology, started together, stopped together."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import sys
import time
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from squall.lab import monitor, postgres, programs, rpc, topology
from squall.lab.instance import Supervised
from squall.lab.links.__main__ import SOCKET as LINKS_SOCKET
from squall.lab.processes import Port, listen
from squall.lab.services.config import PATTERNS, Config, Peer
from squall.lab.topology import USER, Instance, Link, Topology

STOP_GRACE_S = 3.0


class Settings(msgspec.Struct, frozen=True):
    """What `up` was asked for."""

    topology: Topology
    without: tuple[str, ...] = ()
    load_rps: float = 20.0

    @property
    def patterns(self) -> frozenset[str]:
        """The resilience patterns that are switched on."""
        return frozenset(PATTERNS) - set(self.without)


class Plant:
    """The lab's processes and the sockets between them."""

    def __init__(self, settings: Settings, state: Path) -> None:
        self.id = str(uuid.uuid4())
        self.up_since = time.time()
        self.settings = settings
        self.links = settings.topology.links()
        self._state = state
        self._ports = {instance.name: Port() for instance in settings.topology.instances()}
        self._listeners = {link.id: listen() for link in self.links}
        self._monitor_port = Port()
        self._superuser = secrets.token_hex(16)
        self.instances = {one.name: self._supervise(one) for one in settings.topology.instances()}
        self._links = self._link_process()
        self._users = self._user_process()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> bool:
        """Whether every instance is."""
        return all(one.ready for one in self.instances.values()) and all(one.pid for one in self._hidden())

    async def start(self) -> None:
        """Start everything at once; the databases' files are made first, beside it."""
        (self._state / "links.json").write_bytes(msgspec.json.encode(self._routes()))
        await monitor.serve(self._monitor_port.number, self.instances.values)
        databases = [one for one in self.instances.values() if one.instance.kind.startswith("postgres-")]
        self._run([self._links, *(one for one in self.instances.values() if one not in databases)])
        names = [one.instance for one in databases]
        await asyncio.to_thread(programs.prepare, names, self._state, {postgres.SUPERUSER: self._superuser})
        self._run(databases)
        while not all(one.ready for one in self.instances.values()):  # noqa: ASYNC110  # a poll sets it
            await asyncio.sleep(0.05)
        self._run(self._users)

    async def stop(self) -> None:
        """End everything: callers and databases by their orderly signal, all by SIGKILL after a grace."""
        for task in self._tasks:
            task.cancel()
        everyone = [*self._hidden(), *self.instances.values()]
        fast = [one.stop(signal.SIGINT, STOP_GRACE_S) for one in everyone if one.instance.kind.startswith("postgres-")]
        rest = [
            one.stop(signal.SIGKILL, STOP_GRACE_S) for one in everyone if not one.instance.kind.startswith("postgres-")
        ]
        await asyncio.gather(*rest)
        await asyncio.gather(*fast)

    async def world(self) -> rpc.Reply:
        """The snapshot that others plan on."""
        shown = await rpc.ask(self._state, LINKS_SOCKET, {"op": "links"})
        details = msgspec.convert(shown["links"], dict[str, dict[str, object]])
        namespaces = self.settings.topology.namespaces
        return {
            "lab": {"id": self.id, "up_since": self.up_since, "version": 1},
            "namespaces": {name: dict(namespace.labels) for name, namespace in namespaces.items()},
            "instances": [one.describe() for one in self.instances.values()],
            "links": [{**self._describe(link), **details[link.id]} for link in self.links],
            "services": self.services(),
        }

    def services(self) -> dict[str, list[str]]:
        """How a user reaches each service: through its own link where there is one."""
        through = {link.dst: _address(self._listeners[link.id]) for link in self.links if link.src == USER}
        found: dict[str, list[str]] = {}
        for name, one in self.instances.items():
            service = f"{one.instance.service}.{one.instance.namespace}"
            found.setdefault(service, []).append(through.get(name, self._ports[name].address))
        return found | {name: [self._monitor_port.address] for name in self.settings.topology.monitors()}

    def _run(self, those: Sequence[Supervised]) -> None:
        for one in those:
            self._tasks.append(asyncio.create_task(one.keep_running()))
            if one.instance.name in self.instances:
                self._tasks.append(asyncio.create_task(one.keep_polling()))

    def _supervise(self, instance: Instance) -> Supervised:
        config = self._config(instance.name, self._ports[instance.name].number)
        argv = partial(programs.argv, instance, self._state, config)
        return Supervised(instance, self._state, argv, config.port)

    def _hidden(self) -> Sequence[Supervised]:
        return [self._links, *self._users]

    def _link_process(self) -> Supervised:
        argv = (sys.executable, "-P", "-m", "squall.lab.links", str(self._state))
        links = Supervised(Instance("links", "", "links", "links", {}), self._state, lambda: argv)
        links.descriptors = [listener.fileno() for listener in self._listeners.values()]
        return links

    def _user_process(self) -> list[Supervised]:
        config = self._config(USER, 0)
        if not config.load_rps or not config.of_kind("gateway"):
            return []
        argv = programs.service(USER, programs.write_config(self._state, config))
        return [Supervised(Instance(USER, "", USER, USER, {}), self._state, lambda: argv)]

    def _config(self, name: str, port: int) -> Config:
        peers = tuple(self._peer(link) for link in self.links if link.src == name)
        secret = self._superuser if any(peer.kind == "postgres-primary" for peer in peers) else ""
        return Config(name, port, peers, self.settings.patterns, self.settings.load_rps, secret)

    def _peer(self, link: Link) -> Peer:
        callee = next(one for one in self.settings.topology.instances() if one.name == link.dst)
        port = self._listeners[link.id].getsockname()[1]
        return Peer(callee.name, callee.labels["app.kubernetes.io/component"], callee.kind, "127.0.0.1", port)

    def _routes(self) -> list[dict[str, object]]:
        return [
            {
                "id": link.id,
                "descriptor": self._listeners[link.id].fileno(),
                "host": "127.0.0.1",
                "port": self._ports[link.dst].number,
            }
            for link in self.links
        ]

    def _describe(self, link: Link) -> rpc.Reply:
        addresses = {"address": _address(self._listeners[link.id]), "direct": self._ports[link.dst].address}
        return {"id": link.id, "src": link.src, "dst": link.dst, "protocol": link.protocol, **addresses}


def read_topology(path: Path | None) -> Topology:
    """Load and check the document; MissingExtra where a package for one of its kinds is not installed."""
    found = topology.load(path)
    kinds = [instance.kind for instance in found.instances()]
    programs.check_extras([*kinds, USER] if "gateway" in kinds else kinds)
    return found


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"{host}:{port}"
