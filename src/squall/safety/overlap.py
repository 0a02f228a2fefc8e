"""Two live effects never claim the same slot: within the plan, against other runs, against foreign changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from squall.plan.model import Plan
from squall.safety.api import Finding
from squall.targets.api import World


class Overlap:
    """Refuses claims that somebody holds, and faults of one plan that would meet on a slot."""

    def examine(self, plan: Plan, world: World) -> Sequence[Finding]:
        """One refusal for each slot that is taken."""
        held = {holding.slot: holding.owner for holding in world.holdings}
        found = [
            _taken(f"{slot} is held by {held[slot]}", "squall status, then wait or squall stop")
            for slot in plan.claims if slot in held
        ]  # fmt: skip
        for slot, faults in _claimants(plan).items():
            if not _in_a_row(plan, faults):
                found.append(_taken(f"{slot} is claimed by {' and '.join(faults)} at once", "chain them by startAfter"))
        return found


def _taken(text: str, hint: str) -> Finding:
    return Finding(level="refuse", check="overlap", text=text, hint=hint)


def _claimants(plan: Plan) -> dict[str, list[str]]:
    """Slots that more than one claim wants, with the faults that want them."""
    claims = [(slot, step.fault) for step in plan.steps for effect in step.effects for slot in effect.claims]
    several = {slot for slot, count in Counter(slot for slot, _ in claims).items() if count > 1}
    return {slot: [fault for wanted, fault in claims if wanted == slot] for slot in sorted(several)}


def _in_a_row(plan: Plan, faults: Sequence[str]) -> bool:
    """Whether each of the faults waits for every other one of them that comes before it."""
    if len(set(faults)) < len(faults):
        return False
    after = {stage.fault: set(stage.start_after) for stage in plan.stages}

    def waits(one: str, other: str) -> bool:
        return other in after[one] or any(waits(step, other) for step in after[one])

    return all(waits(a, b) or waits(b, a) for i, a in enumerate(faults) for b in faults[i + 1 :])
