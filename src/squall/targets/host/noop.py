"""`host/noop`: the whole flow around a process, and no harm."""

from __future__ import annotations

from typing import ClassVar

from squall.targets.api import Clean, Effect, EndsBy, Held, Lease, Mark, Noop, Slot, Target, Undo
from squall.targets.host.base import ProcessDriver, uid_of


class HostNoop(ProcessDriver):
    """Does nothing."""

    ends_by: ClassVar[EndsBy] = EndsBy.INSTANT
    undo_type = Undo

    def claims(self, target: Target, effect: Effect) -> frozenset[Slot]:
        return frozenset()

    def describe_undo(self, target: Target, effect: Noop) -> str:
        return "there is nothing to put back"

    async def capture(self, ref: str, effect: Noop) -> Undo:
        uid_of(ref)
        return Undo()

    async def apply(self, ref: str, effect: Noop, undo: Undo, mark: Mark, lease: Lease) -> None:
        """Nothing happens."""

    async def renew(self, ref: str, undo: Undo, mark: Mark, lease: Lease) -> Held:
        return Held()

    async def restore(self, ref: str, undo: Undo, mark: Mark) -> None:
        """Nothing to put back."""

    async def look(self, ref: str, undo: Undo, mark: Mark) -> Clean:
        return Clean()
