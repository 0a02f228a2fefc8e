"""Enough healthy replicas stay: the built-in minimum of the component, and the document's `minHealthy`."""

from __future__ import annotations

from collections.abc import Sequence

from squall.plan.limits import service_of
from squall.plan.model import Plan, Step
from squall.plan.select import must_stay
from squall.safety.api import Finding
from squall.targets.api import World


class Replicas:
    """Counts what would be out of service at once, over all faults that are not one after the other."""

    def examine(self, plan: Plan, world: World) -> Sequence[Finding]:
        """One refusal for each service that would have too few left."""
        found: list[Finding] = []
        hurt = [step for step in plan.steps if step.disables]
        for service in sorted({service_of(step.target) for step in hurt}):
            members = [target for target in world.targets if service_of(target) == service]
            away = _at_once(plan, [step for step in hurt if service_of(step.target) == service])
            healthy = sum(target.healthy for target in members)
            need = must_stay(members[0], plan.experiment.spec.safety, len(members))
            if healthy - away < need:
                text = f"{service}: {healthy} healthy, {away} would be away at once, {need} must stay"
                found.append(
                    Finding(level="refuse", check="replicas", text=text, hint="fewer targets, or more replicas")
                )
        return found


def _at_once(plan: Plan, steps: Sequence[Step]) -> int:
    """The most targets away together: chained faults are not counted together, all others are."""
    by_fault: dict[str, set[str]] = {}
    for step in steps:
        by_fault.setdefault(step.fault, set()).add(step.target.ref)
    together: dict[str, set[str]] = {}
    for fault, refs in by_fault.items():
        chained = _chain(plan, fault)
        others = (by_fault[other] for other in by_fault if other not in chained and fault not in _chain(plan, other))
        together[fault] = refs.union(*others)
    return max((len(refs) for refs in together.values()), default=0)


def _chain(plan: Plan, fault: str) -> set[str]:
    """The fault and all that it waits for."""
    stage = next(stage for stage in plan.stages if stage.fault == fault)
    return {fault}.union(*(_chain(plan, name) for name in stage.start_after))
