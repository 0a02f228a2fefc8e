"""`host/kill`: end exactly the process that was named, and look for its replacement by the same command line.

Source: pidfd_open(2), pidfd_send_signal(2).
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import ClassVar

from squall._kit import proc
from squall.targets.api import Clean, EndsBy, Held, Kill, Lease, Mark, Present, Target, Undo, Unknown
from squall.targets.host.base import ProcessDriver, send, uid_of


class KillUndo(Undo, frozen=True, kw_only=True):
    """What is lost (`pid:start_ticks:boot`), and the command line that its replacement will have."""

    argv: tuple[str, ...]
    expect_restart: bool


class HostKill(ProcessDriver):
    """Ends a process."""

    ends_by: ClassVar[EndsBy] = EndsBy.INSTANT
    restores: ClassVar[bool] = False
    undo_type = KillUndo

    def describe_undo(self, target: Target, effect: Kill) -> str:
        return "it is lost; " + ("its replacement must come up" if effect.expect_restart else "nobody restarts it")

    async def capture(self, ref: str, effect: Kill) -> KillUndo:
        uid = uid_of(ref)
        argv = proc.cmdline(int(uid.split(":")[0]))
        return KillUndo(lost=uid, argv=argv, expect_restart=effect.expect_restart)

    async def apply(self, ref: str, effect: Kill, undo: KillUndo, mark: Mark, lease: Lease) -> None:
        if effect.grace_s > 0 and send(undo.lost, signal.SIGTERM):
            await _gone_within(undo.lost, effect.grace_s)
        send(undo.lost, signal.SIGKILL)

    async def renew(self, ref: str, undo: KillUndo, mark: Mark, lease: Lease) -> Held:
        return Held()

    async def restore(self, ref: str, undo: KillUndo, mark: Mark) -> None:
        """Nothing can be put back."""

    async def look(self, ref: str, undo: KillUndo, mark: Mark) -> Clean | Present | Unknown:
        if proc.is_same(undo.lost):
            return Present("it has not ended yet")
        if not undo.expect_restart:
            return Clean("it has ended, and nobody restarts it")
        old = int(undo.lost.split(":")[0])
        heirs = (pid for pid in proc.pids() if proc.cmdline(pid) == undo.argv)
        heir = next((pid for pid in heirs if proc.uid(pid) not in ("", undo.lost)), None)
        return Clean(f"process {heir} has taken the place of {old}") if heir else Present("no replacement yet")


async def _gone_within(pid_uid: str, seconds: float) -> None:
    """Wait for the end of a process, at most so long."""
    try:
        fd = os.pidfd_open(int(pid_uid.split(":", maxsplit=1)[0]))
    except ProcessLookupError:
        return
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(fd, gone.set)
    try:
        await asyncio.wait_for(gone.wait(), seconds)
    except TimeoutError:
        return
    finally:
        loop.remove_reader(fd)
        os.close(fd)
