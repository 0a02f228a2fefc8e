"""What the drivers of processes share: the slot, the refusals, and finding the process by its ref."""

from __future__ import annotations

import os
from typing import ClassVar

from squall._kit import proc
from squall._kit.errors import TargetNotFound
from squall.targets.api import Dose, Effect, EndsBy, Settings, Slot, Target


class ProcessDriver:
    """Common part; keeps no state."""

    ends_by: ClassVar[EndsBy] = EndsBy.WATCHDOG
    restores: ClassVar[bool] = True

    def __init__(self, settings: Settings) -> None:
        self._home = settings.home

    def refuses(self, target: Target, effect: Effect) -> str | None:
        """Only processes can be hurt so, and only those of this user unless root."""
        if target.kind != "process":
            return f"{target.ref} is no process"
        return None

    def claims(self, target: Target, effect: Effect) -> frozenset[Slot]:
        """The very process."""
        return frozenset({Slot(f"host/process/{target.uid}")})

    async def dose(self, ref: str, undo: object, mark: object) -> Dose | None:
        """No counters."""
        return None


def uid_of(ref: str) -> str:
    """`pid:ticks` of the process that a ref names now. Raises TargetNotFound."""
    pid = int(ref.removeprefix("pid/"))
    found = proc.uid(pid)
    if not found:
        raise TargetNotFound(f"{ref}: there is no such process")
    return found


def may_signal(pid: int) -> bool:
    """Whether this user may signal it."""
    try:
        os.kill(pid, 0)
    except (PermissionError, ProcessLookupError):
        return False
    return True
