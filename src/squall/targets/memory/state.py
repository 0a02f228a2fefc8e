"""The file that is the world: read and changed under a lock, replaced in one rename.

`{"pods": {name: {...}}, "effects": {mark: {...}}}`; an effect whose deadline has passed does not exist.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from squall._kit.clock import boottime


class Pod(msgspec.Struct):
    """One target. `generation` counts its replacements; an `immune` one takes every effect and feels none."""

    namespace: str = "default"
    labels: dict[str, str] = {}
    workload: str = ""
    generation: int = 1
    ready: bool = True
    immune: bool = False
    restarts: bool = True


class Live(msgspec.Struct):
    """One effect in place. `until` is CLOCK_BOOTTIME seconds."""

    pod: str
    kind: str
    until: float
    detail: dict[str, float | str | bool] = {}


class Contents(msgspec.Struct):
    """Everything there is."""

    pods: dict[str, Pod] = {}
    namespaces: dict[str, dict[str, str]] = {}
    effects: dict[str, Live] = {}
    killed: list[str] = []


def read(path: Path) -> Contents:
    """The world now, without what has lapsed."""
    if not path.exists():
        return Contents()
    world = msgspec.json.decode(path.read_bytes(), type=Contents)
    now = boottime()
    world.effects = {mark: live for mark, live in world.effects.items() if live.until > now}
    return world


@contextmanager
def changing(path: Path) -> Iterator[Contents]:
    """The world under a lock, written back when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        world = read(path)
        yield world
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(msgspec.json.encode(world))
        part.replace(path)
