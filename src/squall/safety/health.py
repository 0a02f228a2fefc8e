"""Pre-flight health: the services to be hurt, and what they talk with, are whole before."""

from __future__ import annotations

from collections.abc import Sequence

from squall.plan.limits import service_of
from squall.plan.model import Plan
from squall.safety.api import Finding
from squall.targets.api import World


class Health:
    """`preflight: healthy` looks at the targets' services, `dependencies` at their peers too."""

    def examine(self, plan: Plan, world: World) -> Sequence[Finding]:
        """One refusal for each member that is not ready."""
        wanted = plan.experiment.spec.safety.preflight
        services: set[str] = set()
        if "healthy" in wanted:
            services |= {service_of(step.target) for step in plan.steps if step.target.namespace}
        if "dependencies" in wanted:
            peers = {peer for step in plan.steps for peer in step.peers}
            services |= {service_of(target) for target in world.targets if target.ref in peers}
        return [
            Finding(
                level="refuse", check="health", text=f"{target.ref} of {service_of(target)} is not ready",
                hint="wait until it is, or look into it: chaos on a sick system teaches nothing",
            )
            for target in world.targets if service_of(target) in services and not target.healthy
        ]  # fmt: skip
