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

    async def read(self, slots: Iterable[Slot]) -> Mapping[Slot, dict[str, Json] | Unreadable]:
        """Identity, readiness and what lies on each pod."""
        try:
            world = json.loads(self._path.read_text())
        except (OSError, ValueError) as error:
            return {slot: Unreadable(str(error)) for slot in slots}
        return {slot: self._one(world, slot.rsplit("/", 1)[1]) for slot in slots}

    def _one(self, world: dict[str, dict[str, dict[str, Json]]], name: str) -> dict[str, Json] | Unreadable:
        pod = world["pods"].get(name)
        if pod is None:
            return Unreadable(f"there is no pod {name}")
        owner = next((mark for mark, live in self._live(world) if live["pod"] == name), "")
        state: dict[str, Json] = {"uid": f"{name}#{pod['generation']}", "ready": pod["ready"], "owner": owner}
        return {**state, "immune": True} if pod["immune"] else state

    def _live(self, world: dict[str, dict[str, dict[str, Json]]]) -> list[tuple[str, dict[str, Json]]]:
        now = boottime()
        return [(mark, live) for mark, live in world["effects"].items() if float(str(live["until"])) > now]

    async def owned(self) -> Sequence[Residue]:
        """Every effect in the file."""
        try:
            world = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return ()
        return tuple(
            Residue(Slot(f"memory/pod/{live['pod']}"), mark, f"{live['kind']} on {live['pod']}", "squall rollback")
            for mark, live in self._live(world)
        )
