"""`lab/noop`: the whole flow around an instance, and no harm."""

from __future__ import annotations

from typing import ClassVar

from squall.targets.api import Clean, EndsBy, Held, Lease, Mark, Noop, Slot, Target
from squall.targets.lab.base import LabDriver, LabUndo


class LabNoop(LabDriver[Noop]):
    """Does nothing."""

    ends_by: ClassVar[EndsBy] = EndsBy.INSTANT
    undo_type = LabUndo

    def claims(self, target: Target, effect: Noop) -> frozenset[Slot]:
        return frozenset()

    def describe_undo(self, target: Target, effect: Noop) -> str:
        return "there is nothing to put back"

    async def capture(self, ref: str, effect: Noop) -> LabUndo:
        return LabUndo(lab=self._folder)

    async def apply(self, ref: str, effect: Noop, undo: LabUndo, mark: Mark, lease: Lease) -> None:
        """Nothing happens."""

    async def renew(self, ref: str, undo: LabUndo, mark: Mark, lease: Lease) -> Held:
        return Held()

    async def restore(self, ref: str, undo: LabUndo, mark: Mark) -> None:
        """Nothing to put back."""

    async def look(self, ref: str, undo: LabUndo, mark: Mark) -> Clean:
        return Clean()
