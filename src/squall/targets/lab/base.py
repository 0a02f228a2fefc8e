"""What the lab's drivers share: the folder of the lab, and an undo that names it."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from squall._kit.json import Json
from squall.targets.api import Dose, Effect, EndsBy, Settings, Slot, Target, Undo
from squall.targets.lab.client import ask, lab_folder


class LabUndo(Undo, frozen=True, kw_only=True):
    """Which lab: the folder of its socket."""

    lab: str


class InstanceUndo(LabUndo, frozen=True, kw_only=True):
    """Which instance, in which life."""

    instance: str
    uid: str


E = TypeVar("E", bound=Effect, contravariant=True)


class LabDriver(Generic[E]):
    """Common part; keeps no state."""

    ends_by: ClassVar[EndsBy] = EndsBy.RUNTIME
    restores: ClassVar[bool] = True

    def __init__(self, settings: Settings) -> None:
        self._folder = lab_folder(settings.home)

    def refuses(self, target: Target, effect: E) -> str | None:
        """Only the lab's own instances."""
        return None if target.platform == "lab" else f"{target.ref} is not in the lab"

    def claims(self, target: Target, effect: E) -> frozenset[Slot]:
        """The instance."""
        return frozenset({Slot(f"lab/instance/{target.name}")})

    async def dose(self, ref: str, undo: Undo, mark: object) -> Dose | None:
        """No counters."""
        return None


async def instance_row(folder: str, name: str) -> dict[str, Json] | None:
    """What the lab tells of one instance now. Raises Unreachable."""
    world = await ask(folder, "world")
    rows = world["instances"]
    assert isinstance(rows, list)  # noqa: S101 - the protocol's own shape
    found = (row for row in rows if isinstance(row, dict) and row["name"] == name)
    return next(found, None)
