"""The file that is the world: read and changed under a lock, replaced in one rename.

`{"pods": {name: {...}}, "effects": {mark: {...}}}`; an effect whose deadline has passed does not exist.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
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


@lru_cache(maxsize=4)
def _decoded(path: Path, version: tuple[int, int, int]) -> Contents:
    """Each change is a new file, so inode, time and size tell versions apart."""
    return msgspec.json.decode(path.read_bytes(), type=Contents)


def look(path: Path) -> Contents:
    """The world now, to read only, with what has lapsed: the same value for all while the file is the same."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return Contents()
    return _decoded(path, (found.st_ino, found.st_mtime_ns, found.st_size))


def holds(world: Contents, mark: str) -> bool:
    """Whether the effect of that mark is in place."""
    live = world.effects.get(mark)
    return live is not None and live.until > boottime()


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
