"""Namespaces opt in, by the label `chaos-engineering=enabled`; a platform without namespaces needs none."""

from __future__ import annotations

from collections.abc import Sequence

from squall.plan.limits import OPT_IN_LABEL, OPT_IN_VALUE
from squall.plan.model import Plan
from squall.safety.api import Finding
from squall.targets.api import World


class OptIn:
    """Every target's namespace must carry the label."""

    def examine(self, plan: Plan, world: World) -> Sequence[Finding]:
        """One refusal for each namespace that has not opted in."""
        hurt = sorted({step.target.namespace for step in plan.steps if step.target.namespace})
        return [
            Finding(
                level="refuse", check="opt-in", text=f"namespace {name} has not opted in",
                hint=f"kubectl label namespace {name} {OPT_IN_LABEL}={OPT_IN_VALUE}",
            )
            for name in hurt if world.namespaces.get(name, {}).get(OPT_IN_LABEL) != OPT_IN_VALUE
        ]  # fmt: skip
