"""Bounds on time and strength: the partition's ten minutes, and the run's own maxDuration."""

from __future__ import annotations

from collections.abc import Sequence

from squall.plan.limits import PARTITION_MAX_S
from squall.plan.model import Plan
from squall.plan.words import seconds
from squall.safety.api import Finding
from squall.targets.api import Shape, World


class Caps:
    """No partition over ten minutes; the faults' longest path within `safety.maxDuration`."""

    def examine(self, plan: Plan, world: World) -> Sequence[Finding]:
        """Refusals for what lasts too long."""
        found = [
            Finding(
                level="refuse", check="caps",
                text=f"fault '{stage.fault}' cuts the network for {seconds(stage.duration_s)}",
                hint=f"at most {seconds(PARTITION_MAX_S)}",
            )
            for stage in plan.stages
            if stage.duration_s > PARTITION_MAX_S and any(_cuts(e.effect) for s in stage.steps for e in s.effects)
        ]  # fmt: skip
        longest = max((_end(plan, stage.fault) for stage in plan.stages), default=0.0) + plan.baseline_s
        if longest > plan.max_duration_s:
            text = f"the faults take {seconds(round(longest, 1))}, and safety.maxDuration is "
            text += seconds(plan.max_duration_s)
            found.append(Finding(level="refuse", check="caps", text=text, hint="raise safety.maxDuration"))
        return found


def _cuts(effect: object) -> bool:
    return isinstance(effect, Shape) and effect.cut


def _end(plan: Plan, fault: str) -> float:
    """Seconds from the first fault to the end of this one."""
    stage = next(stage for stage in plan.stages if stage.fault == fault)
    before = max((_end(plan, name) for name in stage.start_after), default=0.0)
    return before + stage.start_delay_s + stage.duration_s
