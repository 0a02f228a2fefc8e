"""For each driver a rig: a place of its own with two targets of the driver's kind, so that one can be a stranger's."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from squall import lab as lab_api
from squall._kit.clock import boottime
from squall._kit.json import Json
from squall.targets.api import (
    AnyDriver,
    Break,
    Clean,
    Effect,
    Freeze,
    Kill,
    Lease,
    Mark,
    Noop,
    Present,
    Settings,
    Shape,
    Slot,
    Target,
    Undo,
    Unreadable,
)  # fmt: skip
from squall.targets.registry import Drivers, open_platform

T = TypeVar("T")
States = dict[Slot, dict[str, Json] | Unreadable]
THEIRS = Mark("theirs", "step", 0)
TOPOLOGY = """
namespaces:
  demo:
    labels: {chaos-engineering: enabled}
    services:
      left: {kind: echo, replicas: 2}
      right: {kind: echo, replicas: 2}
"""
EFFECTS: dict[str, tuple[Effect, dict[str, Any]]] = {
    "noop": (Noop(), {"type": "noop"}),
    "kill": (Kill(), {"type": "podKill"}),
    "freeze": (Freeze(), {"type": "processPause", "duration": "300ms"}),
    "break": (Break(), {"type": "podFailure", "duration": "300ms"}),
    "shape": (Shape(peers=(), cut=True), {"type": "networkPartition", "duration": "300ms"}),
}


def now(work: Coroutine[Any, Any, T]) -> T:
    """The result of one call."""
    return asyncio.run(work)


def lease(seconds: float = 20.0) -> Lease:
    """From now."""
    return Lease(seconds, boottime() + seconds)


class Rig:
    """One driver on one platform, with `ref` to hurt and `other` that belongs to somebody else."""

    def __init__(self, name: str, home: Path, refs: tuple[str, str]) -> None:
        self.name = name
        self.home = home
        self.ours = Mark(f"ours-{secrets.token_hex(4)}", "step", 0)  # a lab remembers whom a mark has killed
        self.ref, self.other = refs
        self.driver: AnyDriver = Drivers(Settings(home))[name]
        self.platform = open_platform(name.split("/", maxsplit=1)[0], Settings(home))
        effect, self.action = EFFECTS[name.split("/")[1]]
        self.effect = self.towards(self.ref, effect)

    def towards(self, ref: str, effect: Effect) -> Effect:
        """A shape with all peers of its target."""
        if not isinstance(effect, Shape):
            return effect
        routes = now(self.platform.snapshot([])).routes
        peers = {r.destination for r in routes if r.source == ref} | {r.source for r in routes if r.destination == ref}
        return msgspec.structs.replace(effect, peers=tuple(sorted(peers)))

    def target(self, ref: str | None = None) -> Target:
        wanted = ref or self.ref
        return next(target for target in now(self.platform.snapshot([])).targets if target.ref == wanted)

    @property
    def claims(self) -> frozenset[Slot]:
        return self.driver.claims(self.target(), self.effect)

    def states(self) -> States:
        """Every slot of the rig as the platform's inspector reads it."""
        world = now(self.platform.snapshot([]))
        slots = {Slot(target.facts["slot"]) for target in world.targets if target.ref in self._mine(world.targets)}
        if self.name.startswith("lab/"):
            slots |= {Slot(f"lab/link/{route.name}") for route in world.routes}
        return dict(now(self.platform.inspector().read(sorted(slots))))

    def _mine(self, targets: tuple[Target, ...]) -> set[str]:
        return {self.ref, self.other} if self.name.startswith("host/") else {target.ref for target in targets}

    def capture(self, ref: str | None = None) -> Undo:
        undo: Undo = now(self.driver.capture(ref or self.ref, self.towards(ref or self.ref, self.effect)))
        return undo

    def apply(self, undo: Undo, mark: Mark | None = None, ref: str | None = None, seconds: float = 20.0) -> None:
        ref = ref or self.ref
        now(self.driver.apply(ref, self.towards(ref, self.effect), undo, mark or self.ours, lease(seconds)))

    def restore(self, undo: Undo, mark: Mark | None = None, ref: str | None = None) -> None:
        now(self.driver.restore(ref or self.ref, undo, mark or self.ours))

    def look(self, undo: Undo, mark: Mark | None = None) -> object:
        return now(self.driver.look(self.ref, undo, mark or self.ours))

    def hurt(self, undo: Undo) -> bool:
        """Whether it is seen to be there; a signal is acted upon when its process is next scheduled."""
        return self._seen(undo, Present, 1.0)

    def clean_within(self, undo: Undo, seconds: float = 15.0) -> bool:
        """Whether it is seen to be gone."""
        return self._seen(undo, Clean, seconds)

    def _seen(self, undo: Undo, kind: type[object], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not isinstance(self.look(undo), kind):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


@contextmanager
def memory(name: str, home: Path, lab: Path | None) -> Iterator[Rig]:
    home.mkdir()
    now(open_platform("memory", Settings(home)).snapshot([]))
    yield Rig(name, home, ("memory/demo-0", "memory/demo-1"))


@contextmanager
def host(name: str, home: Path, lab: Path | None) -> Iterator[Rig]:
    home.mkdir()
    processes = [subprocess.Popen(["sleep", seconds]) for seconds in ("601", "602")]
    try:
        yield Rig(name, home, (f"pid/{processes[0].pid}", f"pid/{processes[1].pid}"))
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextmanager
def lab(name: str, home: Path, lab: Path | None) -> Iterator[Rig]:
    assert lab is not None
    home.mkdir()
    (home / "lab").symlink_to(lab)
    rig = Rig(name, home, ("lab/left-0", "lab/right-0"))
    deadline = time.monotonic() + 30
    while not all(target.healthy for target in now(rig.platform.snapshot([])).targets):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield rig


def tiny_lab(folder: Path) -> Path:
    """Four echo services with a link each."""
    (folder / "topology.yaml").write_text(TOPOLOGY)
    lab_api.up(folder / "state", topology=folder / "topology.yaml", load_rps=0)
    return folder / "state"


Opener = Callable[[str, Path, "Path | None"], Any]
RIGS: dict[str, Opener] = {
    **{f"memory/{kind}": memory for kind in ("noop", "kill", "freeze", "break", "shape")},
    **{f"host/{kind}": host for kind in ("noop", "kill", "freeze")},
    **{f"lab/{kind}": lab for kind in ("noop", "kill", "freeze", "break", "shape")},
}
