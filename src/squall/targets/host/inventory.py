"""The snapshot of this machine's processes, without Squall's own, their ancestors, init and kernel threads."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from squall._kit import proc
from squall._kit.clock import boot_id
from squall._kit.errors import InvalidCall, TargetNotFound
from squall.targets.api import Capacity, Inspector, Residue, Settings, Target, World
from squall.targets.host.inspect import HostInspector


class HostPlatform:
    """Processes by their program's name; those that this user may not signal are marked `foreign`, and refused."""

    name = "host"

    def __init__(self, settings: Settings) -> None:
        self._home = settings.home

    async def snapshot(self, refs: Sequence[str]) -> World:
        """The processes named by `refs`, and all others by their program's name. Raises TargetNotFound."""
        for ref in refs:
            if proc.stat(_pid_of(ref)) is None:
                raise TargetNotFound(f"{ref}: there is no such process", hint="look it up again: its pid changes")
        spared = _spared()
        found = (_target(pid) for pid in sorted(proc.pids()) if pid not in spared)
        return World(
            platform=self.name, targets=tuple(target for target in found if target), capacity=capacity(self._home)
        )

    def inspector(self) -> Inspector:
        """Reads /proc by itself."""
        return HostInspector()

    async def sweep(self, residue: Residue) -> None:
        """Processes carry no marks; there is nothing to sweep."""


def _pid_of(ref: str) -> int:
    kind, _, number = ref.partition("/")
    if kind != "pid" or not number.isdigit():
        raise InvalidCall(f"ref '{ref}' names nothing on a host", hint="write pid/NUMBER")
    return int(number)


def _spared() -> set[int]:
    """Squall itself and everything it stands on."""
    spared = {1, 2}
    pid = os.getpid()
    while pid > 1:
        spared.add(pid)
        found = proc.stat(pid)
        pid = found.ppid if found else 0
    return spared


def _target(pid: int) -> Target | None:
    found, argv = proc.stat(pid), proc.cmdline(pid)
    if found is None or not found.alive or not argv:
        return None
    name = Path(argv[0]).name
    uid = proc.uid_of(pid, found.start_ticks, boot_id())
    facts = {"pid": str(pid), "slot": f"host/process/{uid}"}
    return Target(
        ref=f"pid/{pid}", platform="host", kind="process", name=name, uid=uid,
        labels={"name": name}, workload=f"process/{name}", healthy=found.state != "T",
        facts=facts if _may_signal(pid) else {**facts, "foreign": "yes"},
    )  # fmt: skip


def _may_signal(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return False
    except ProcessLookupError:
        return True  # it has just ended, which is not the same
    return True


def capacity(folder: Path) -> Capacity:
    """What this machine has left now. Source: /proc/meminfo, /proc/loadavg, statvfs(3)."""
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return Capacity(
        cpu_idle=max(0.0, 1.0 - load),
        memory_available_bytes=int(fields["MemAvailable"].split()[0]) * 1024,
        disk_free_bytes=shutil.disk_usage(existing).free,
    )
