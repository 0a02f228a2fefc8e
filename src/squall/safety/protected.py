"""Protected things stay protected, whatever the document says."""

from __future__ import annotations

from collections.abc import Sequence

from squall.plan.limits import is_primary, protection_of
from squall.plan.model import Plan
from squall.safety.api import Finding
from squall.targets.api import World


class Protected:
    """No step may hurt a protected target; none may take a database's primary out of service."""

    def examine(self, plan: Plan, world: World) -> Sequence[Finding]:
        """One refusal for each protected target in the plan."""
        found: list[Finding] = []
        for step in plan.steps:
            rule = protection_of(step.target, plan.experiment.spec.safety.protected)
            if not rule and step.disables and is_primary(step.target):
                rule = "the primary of a database"
            if rule:
                text = f"{step.target.ref} is protected ({rule})"
                found.append(Finding(level="refuse", check="protected", text=text, hint="select others"))
        return found
