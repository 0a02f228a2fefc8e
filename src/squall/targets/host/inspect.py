"""Reads slots `host/process/PID:TICKS:BOOT` from /proc for the receipt; shares no code with the drivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from squall._kit.json import Json
from squall.targets.api import Residue, Slot, Unreadable


class HostInspector:
    """Looks at /proc as a stranger would."""

    async def read(self, slots: Iterable[Slot]) -> Mapping[Slot, dict[str, Json] | Unreadable]:
        """Whether each process lives, and whether it stands still."""
        return {slot: _one(slot) for slot in slots}

    async def owned(self) -> Sequence[Residue]:
        """Nothing: a process carries no owner mark."""
        return ()


def _one(slot: Slot) -> dict[str, Json] | Unreadable:
    identity = slot.rsplit("/", 1)[1]
    pid, ticks, boot = identity.split(":")
    if not Path("/proc/sys/kernel/random/boot_id").read_text().startswith(boot):
        return {"uid": "", "stopped": False}
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return {"uid": "", "stopped": False}
    except OSError as error:
        return Unreadable(f"/proc/{pid}/stat: {error.strerror}")
    fields = text.rpartition(")")[2].split()
    if fields[19] != ticks or fields[0] in "ZX":
        return {"uid": "", "stopped": False}
    return {"uid": identity, "stopped": fields[0] in "Tt"}
