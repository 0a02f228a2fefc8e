"""The part of the whole service that is hurt: within `maxTargets`, and never a whole service that has replicas."""

from __future__ import annotations

import math
from collections.abc import Sequence

from squall.plan.limits import service_of
from squall.plan.model import Plan
from squall.safety.api import Finding
from squall.targets.api import World


class BlastRadius:
    """Holds the targets against all members of their service, not against what was selected."""

    def examine(self, plan: Plan, world: World) -> Sequence[Finding]:
        """Refusals and warnings by service."""
        found: list[Finding] = []
        for service in sorted({service_of(step.target) for step in plan.steps}):
            members = {target.ref for target in world.targets if service_of(target) == service}
            hurt = {step.target.ref for step in plan.steps if service_of(step.target) == service}
            away = {step.target.ref for step in plan.steps if step.disables and step.target.ref in members}
            found += _over_cap(plan, service, len(hurt), len(members))
            if away == members:
                found.append(_whole(service, len(members)))
        return found


def _over_cap(plan: Plan, service: str, hurt: int, total: int) -> list[Finding]:
    cap = plan.experiment.spec.safety.max_targets
    if cap is None:
        return []
    most = math.floor(total * cap.high + 1e-9) if cap.percent else int(cap.high)
    if hurt <= most:
        return []
    text = f"{service}: {hurt} of {total} would be hurt, safety.maxTargets allows {most}"
    return [Finding(level="refuse", check="blast-radius", text=text, hint="fewer targets")]


def _whole(service: str, total: int) -> Finding:
    if total > 1:
        text = f"{service}: all {total} replicas would be out of service"
        return Finding(level="refuse", check="blast-radius", text=text, hint="leave at least one")
    text = f"{service} has one replica only, and it would be out of service"
    return Finding(level="warn", check="blast-radius", text=text)
