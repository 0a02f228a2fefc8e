"""Reads slots `lab/link/ID` and `lab/instance/NAME` for the receipt: own socket, own parsing, /proc; no driver."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from squall._kit.json import Json
from squall.targets.api import Residue, Slot, Unreadable


class LabInspector:
    """Looks at the lab as a stranger would."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    async def read(self, slots: Iterable[Slot]) -> Mapping[Slot, dict[str, Json] | Unreadable]:
        """Toxics of each link; identity, readiness and stillness of each instance."""
        wanted = list(slots)
        try:
            world = self._world()
        except (OSError, ValueError) as error:
            return {slot: Unreadable(f"the lab does not answer: {error}") for slot in wanted}
        return {slot: _one(world, slot) for slot in wanted}

    async def owned(self) -> Sequence[Residue]:
        """Every toxic and every hold."""
        try:
            world = self._world()
        except (OSError, ValueError):
            return ()
        links = ((f"lab/link/{x['id']}", x["toxics"]) for x in world["links"])
        held = ((f"lab/instance/{x['name']}", x["owner"]) for x in world["instances"])
        return tuple(
            Residue(Slot(slot), owner["mark"], f"{slot} is changed by {owner['mark']}", "squall rollback")
            for slot, owner in (*links, *held) if owner
        )  # fmt: skip

    def _world(self) -> dict[str, Any]:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(5)
                link.connect(f"/proc/self/fd/{folder}/lab.sock")
                link.sendall(b'{"op":"world"}\n')
                with link.makefile("rb") as answers:
                    world: dict[str, Any] = json.loads(answers.readline())
        finally:
            os.close(folder)
        return world


def _one(world: dict[str, Any], slot: Slot) -> dict[str, Json] | Unreadable:
    _, kind, name = slot.split("/", 2)
    key, rows = ("id", world["links"]) if kind == "link" else ("name", world["instances"])
    row = next((row for row in rows if row[key] == name), None)
    if row is None:
        return Unreadable(f"the lab has no {kind} {name}")
    if kind == "link":
        toxics = row["toxics"] or {}
        return {"uid": "", "owner": toxics.get("mark", ""), "toxics": toxics.get("toxics", [])}
    return {
        "uid": row["uid"], "owner": (row["owner"] or {}).get("mark", ""), "ready": row["ready"],
        "stopped": _stopped(row["pid"]),
    }  # fmt: skip


def _stopped(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] in "Tt"
