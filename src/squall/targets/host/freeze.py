"""`host/freeze`: SIGSTOP and SIGCONT, to exactly the process that was named.

A stopped process carries no mark and no deadline, so the watchdog ends it; one that stood still before is refused.
Source: signal(7), pidfd_send_signal(2).
"""

from __future__ import annotations

import signal

from squall._kit import proc
from squall._kit.errors import Conflict, TargetNotFound
from squall.targets.api import Clean, Freeze, Held, Lease, Lost, Mark, Present, Target, Undo, Unknown
from squall.targets.host.base import ProcessDriver, send, uid_of


class FreezeUndo(Undo, frozen=True, kw_only=True):
    """Which process goes on again: `pid:start_ticks:boot`."""

    process: str


class HostFreeze(ProcessDriver):
    """Stops a process where it stands."""

    undo_type = FreezeUndo

    def describe_undo(self, target: Target, effect: Freeze) -> str:
        return "SIGCONT"

    async def capture(self, ref: str, effect: Freeze) -> FreezeUndo:
        uid = uid_of(ref)
        found = proc.stat(int(uid.split(":")[0]))
        if found and found.state in "Tt":
            raise Conflict(f"{ref} stands still already, stopped by somebody else", hint=f"kill -CONT {found.pid}")
        return FreezeUndo(process=uid)

    async def apply(self, ref: str, effect: Freeze, undo: FreezeUndo, mark: Mark, lease: Lease) -> None:
        if not send(undo.process, signal.SIGSTOP):
            raise TargetNotFound(f"{ref} has ended")

    async def renew(self, ref: str, undo: FreezeUndo, mark: Mark, lease: Lease) -> Held | Lost:
        found = proc.stat(int(undo.process.split(":")[0]))
        if not proc.is_same(undo.process) or found is None:
            return Lost("the process has ended")
        return Held() if found.state in "Tt" else Lost("somebody let the process go on")

    async def restore(self, ref: str, undo: FreezeUndo, mark: Mark) -> None:
        send(undo.process, signal.SIGCONT)

    async def look(self, ref: str, undo: FreezeUndo, mark: Mark) -> Clean | Present | Unknown:
        if not proc.is_same(undo.process):
            return Clean("the process has ended")
        found = proc.stat(int(undo.process.split(":")[0]))
        return Present("it still stands") if found and found.state in "Tt" else Clean()
