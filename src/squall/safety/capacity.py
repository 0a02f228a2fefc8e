"""Pre-flight capacity: the machine has room for the run itself."""

from __future__ import annotations

from collections.abc import Sequence

from squall.plan.model import Plan
from squall.safety.api import Finding
from squall.targets.api import World

MEMORY_MIN_BYTES = 256 << 20
DISK_MIN_BYTES = 64 << 20
CPU_IDLE_MIN = 0.05


class CapacityLeft:
    """Memory and disk refuse, a busy processor warns."""

    def examine(self, plan: Plan, world: World) -> Sequence[Finding]:
        """Findings on what is short."""
        if "capacity" not in plan.experiment.spec.safety.preflight:
            return []
        left = world.capacity
        found: list[Finding] = []
        if left.memory_available_bytes is not None and left.memory_available_bytes < MEMORY_MIN_BYTES:
            found.append(_short("memory", left.memory_available_bytes, MEMORY_MIN_BYTES))
        if left.disk_free_bytes is not None and left.disk_free_bytes < DISK_MIN_BYTES:
            found.append(_short("disk", left.disk_free_bytes, DISK_MIN_BYTES))
        if left.cpu_idle is not None and left.cpu_idle < CPU_IDLE_MIN:
            text = f"the processors are busy ({100 - left.cpu_idle * 100:.0f} % load): readings will be noisy"
            found.append(Finding(level="warn", check="capacity", text=text))
        return found


def _short(what: str, have: int, need: int) -> Finding:
    text = f"{have >> 20} MiB of {what} left, {need >> 20} MiB needed"
    return Finding(level="refuse", check="capacity", text=text, hint=f"free some {what}")
