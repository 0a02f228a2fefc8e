"""What the drivers of processes share: the slot, the refusals, and finding the process by its ref."""

from __future__ import annotations

import signal
from typing import ClassVar

from squall._kit import proc
from squall._kit.errors import Refused, TargetNotFound
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
        return f"{target.ref} belongs to another user" if target.facts.get("foreign") else None

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


def send(process: str, number: signal.Signals) -> bool:
    """Signal exactly that process (`pid:ticks`). False: it is gone. Raises Refused where this user may not."""
    try:
        return proc.send(process, number)
    except PermissionError as error:
        raise Refused(f"process {process} may not be signalled by this user", hint="run Squall as its user") from error
