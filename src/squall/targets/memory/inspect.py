"""Reads slots of the `memory` world for the receipt: parses the file by itself and shares no code with the drivers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from squall._kit.clock import boottime
from squall._kit.json import Json
from squall.targets.api import Residue, Slot, Unreadable


class MemoryInspector:
    """Looks at the JSON file as a stranger would."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parsed: tuple[tuple[int, int, int], dict[str, dict[str, dict[str, Json]]]] | None = None

    async def read(self, slots: Iterable[Slot]) -> Mapping[Slot, dict[str, Json] | Unreadable]:
        """Identity, readiness and what lies on each pod."""
        try:
            world = self._world()
        except (OSError, ValueError) as error:
            return {slot: Unreadable(str(error)) for slot in slots}
        owners = {str(live["pod"]): mark for mark, live in reversed(self._live(world))}
        return {slot: _one(world, slot.rsplit("/", 1)[1], owners) for slot in slots}

    def _world(self) -> dict[str, dict[str, dict[str, Json]]]:
        """Parsed again only where the file is another: a thousand meters each read it twice."""
        found = self._path.stat()
        version = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._parsed is None or self._parsed[0] != version:
            self._parsed = (version, json.loads(self._path.read_text()))
        return self._parsed[1]

    def _live(self, world: dict[str, dict[str, dict[str, Json]]]) -> list[tuple[str, dict[str, Json]]]:
        now = boottime()
        return [(mark, live) for mark, live in world.get("effects", {}).items() if float(str(live["until"])) > now]

    async def owned(self) -> Sequence[Residue]:
        """Every effect in the file."""
        try:
            world = self._world()
        except (OSError, ValueError):
            return ()
        return tuple(
            Residue(Slot(f"memory/pod/{live['pod']}"), mark, f"{live['kind']} on {live['pod']}", "squall rollback")
            for mark, live in self._live(world)
        )


def _one(
    world: dict[str, dict[str, dict[str, Json]]], name: str, owners: Mapping[str, str]
) -> dict[str, Json] | Unreadable:
    pod = world["pods"].get(name)
    if pod is None:
        return Unreadable(f"there is no pod {name}")
    state: dict[str, Json] = {
        "uid": f"{name}#{pod['generation']}", "ready": pod["ready"], "owner": owners.get(name, ""),
    }  # fmt: skip
    return {**state, "immune": True} if pod["immune"] else state
