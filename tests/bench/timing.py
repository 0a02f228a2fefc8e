"""From begin to effect and from end to restored, in ms: on a lab's link as a client sees it, a frozen process, memory.

Drivers are called as the engine calls them; the client exchanges 64 bytes after 64 bytes in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import msgspec

from squall import lab
from squall._kit import proc
from squall._kit.clock import boottime
from squall._kit.errors import SquallError
from squall.targets.api import AnyDriver, AnyEffect, Break, Freeze, Lease, Mark, Settings, Shape
from squall.targets.registry import Drivers
from tests.bench.ground import Ground, interleaved, median, must, program, run
from tests.bench.links import NEAR
from tests.bench.startup import TRIVIAL
from tests.bench.table import Line

ECHO = "namespaces: {demo: {labels: {chaos-engineering: enabled}, services: {mirror: {kind: echo}}}}\n"
HURT_S = 0.3
SLOW_S = 0.05
LEASE_S = 30.0
PEERS = ("lab/user",)


class Took(NamedTuple):
    """Milliseconds."""

    effect: float
    restored: float


def measure(ground: Ground) -> Iterator[Line]:
    """Every kind in every round."""
    home = ground.folder / "timing"
    home.mkdir(exist_ok=True)
    drivers = Drivers(Settings(home))
    sides: dict[str, Callable[[], Took]] = {
        "memory/break": lambda: _memory(drivers["memory/break"]),
        "host/freeze": lambda: _freeze(ground, drivers["host/freeze"]),
        "engine, memory/break, journal and all": lambda: _engine(ground),
    }
    with ExitStack() as open_:
        try:
            port = _lab(ground, home, open_)
        except (SquallError, OSError) as error:
            yield Line(what="begin to effect, lab", unit="ms", squall=None, note=str(error))
        else:
            shape = drivers["lab/shape"]
            latency, cut = Shape(peers=PEERS, latency_s=0.1), Shape(peers=PEERS, cut=True)
            sides["lab/shape, latency"] = lambda: _client(shape, "lab/mirror-0", latency, port)
            sides["lab/shape, partition"] = lambda: _client(shape, "lab/mirror-0", cut, port)
        yield from _lines(ground, sides)


def _lines(ground: Ground, sides: dict[str, Callable[[], Took]]) -> Iterator[Line]:
    ground.say(f"begin to effect and end to restored, {len(sides)} kinds, {ground.rounds} rounds")
    took: dict[str, list[Took]] = {name: [] for name in sides}

    def once(name: str) -> float:
        took[name].append(sides[name]())
        return 0.0

    interleaved(ground.rounds, {name: lambda name=name: once(name) for name in sides})  # type: ignore[misc]
    for name, found in took.items():
        yield Line(what=f"begin to effect: {name}", unit="ms", squall=median([each.effect for each in found]))
        yield Line(what=f"end to restored: {name}", unit="ms", squall=median([each.restored for each in found]))


def _lab(ground: Ground, home: Path, open_: ExitStack) -> int:
    """The port of the link that leads to the only service of a tiny lab."""
    topology = ground.folder / "echo.yaml"
    topology.write_text(ECHO)
    open_.callback(lab.down, home / "lab")
    info = lab.up(home / "lab", topology=topology, load_rps=0)
    return int(info.services["mirror.demo"][0].rpartition(":")[2])


def _client(driver: AnyDriver, ref: str, effect: AnyEffect, port: int) -> Took:
    """Hurt and heal while a client looks on."""
    argv = (sys.executable, "-I", str(NEAR), "watch", str(port), str(4 * HURT_S))
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        client.stdout.readline()
        time.sleep(HURT_S / 2)
        began, ended, _ = asyncio.run(_hurt(driver, ref, effect, _pause))
        seen = json.loads(client.stdout.read())
    hurt = next(sent for sent, received in seen if sent >= began - SLOW_S and received - sent > SLOW_S)
    well = next(received for sent, received in seen if received > ended and (received - sent < SLOW_S or sent < ended))
    return Took(max(0.0, hurt - began) * 1e3, (well - ended) * 1e3)


async def _hurt(
    driver: AnyDriver, ref: str, effect: AnyEffect, meanwhile: Callable[[], Awaitable[object]]
) -> tuple[float, float, float]:
    """The CLOCK_MONOTONIC moments before apply, before restore, and after it."""
    mark = Mark("bench", f"s{time.monotonic_ns()}", 0)
    undo = await driver.capture(ref, effect)
    began = time.monotonic()
    await driver.apply(ref, effect, undo, mark, Lease(LEASE_S, boottime() + LEASE_S))
    try:
        await meanwhile()
    finally:
        ended = time.monotonic()
        await driver.restore(ref, undo, mark)
    return began, ended, time.monotonic()


async def _pause() -> None:
    await asyncio.sleep(HURT_S)


def _freeze(ground: Ground, driver: AnyDriver) -> Took:
    """A process that answers, frozen and let go on."""
    from tests.bench.proxies import far_end

    with far_end(ground) as far:
        pid = _owner_of(far.echo)
        return _client(driver, f"pid/{pid}", Freeze(), far.echo)


def _owner_of(port: int) -> int:
    """Our child that runs the far end, which has just printed this port."""
    del port
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return max(pid for pid in map(int, children) if any(word.endswith("far.py") for word in proc.cmdline(pid)))


def _memory(driver: AnyDriver) -> Took:
    """Until the file says so, and until it no longer does: apply and restore return after that."""
    from squall.targets.memory import state

    path = driver._path  # type: ignore[attr-defined]
    if not path.exists():
        with state.changing(path) as world:
            world.pods = {"pod-0": state.Pod(labels={"app": "demo"})}
    seen: list[float] = []

    async def meanwhile() -> None:
        assert state.read(path).effects
        seen.append(time.monotonic())

    began, ended, over = asyncio.run(_hurt(driver, "memory/pod-0", Break(), meanwhile))
    assert not state.read(path).effects
    return Took((seen[0] - began) * 1e3, (over - ended) * 1e3)


def _engine(ground: Ground) -> Took:
    """By the events of a whole run: intent durable, effect applied; window over, restored and looked at."""
    home, duration_s = ground.folder / "timing-run", 0.4
    document = ground.folder / "break.yaml"
    document.write_text(TRIVIAL.replace("{type: noop}", f"{{type: podFailure, duration: {duration_s * 1e3:g}ms}}"))
    must(run((str(program("squall")), "run", str(document)), ground, home), ground)
    newest = max((home / "runs").glob("*/result.json"), key=lambda path: path.stat().st_mtime_ns)
    events = msgspec.json.decode(newest.read_bytes())["events"]
    at = {event["kind"]: event["t"] for event in events}
    return Took((at["applied"] - at["fault"]) * 1e3, (at["restored"] - at["applied"] - duration_s) * 1e3)
