"""Naming what the readings show to be missing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from squall.observe.api import Judgement, Verdict
from squall.plan.model import Plan, Stage
from squall.plan.words import seconds
from squall.run.result import Recovery, Weakness
from squall.spec.model import SteadyState


def weaknesses(
    plan: Plan, judgements: Sequence[Judgement], recoveries: Sequence[Recovery], unreplaced: Sequence[str]
) -> tuple[Weakness, ...]:
    """Each weakness once, in the order in which it was seen."""
    states = {state.name: state for state in plan.experiment.spec.steady_state}
    found = [
        Weakness(text=reveal(plan, states[j.name], j), evidence=_evidence(j)) if j.name in states
        else Weakness(text=f"{j.name}: {j.metric} {j.bound} did not hold", evidence=_evidence(j))
        for j in judgements if j.verdict is Verdict.BROKEN
    ]  # fmt: skip
    found += [_late(recovery) for recovery in recoveries if is_late(recovery)]
    found += [Weakness(text=f"{ref} was not replaced by a healthy one", evidence=ref) for ref in unreplaced]
    named: dict[str, Weakness] = {}
    for weakness in found:
        named.setdefault(weakness.text, weakness)
    return tuple(named.values())


def reveal(plan: Plan, state: SteadyState, judgement: Judgement) -> str:
    """The document's own name for the weakness, filled in, or the broken bound in words."""
    stages = [stage for stage in plan.stages if not state.faults or stage.fault in state.faults]
    if state.reveals:
        return state.reveals.format_map(_Names(_names(stages)))
    while_ = f" under {', '.join(stage.fault for stage in stages)}" if judgement.phase == "fault" else ""
    return f"{state.name}: {judgement.metric} {judgement.bound} did not hold{while_}"


class _Names(dict[str, str]):
    """Leaves a placeholder that the plan cannot fill as it stands."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _names(stages: Sequence[Stage]) -> Mapping[str, str]:
    steps = [step for stage in stages for step in stage.steps]
    targets = sorted({_service(step.target.workload) or step.target.ref for step in steps})
    peers = sorted({_service(workload) for step in steps for workload in step.peer_workloads})
    faults = [stage.fault for stage in stages]
    return {"target": ", ".join(targets), "peer": ", ".join(peers) or "its peers", "fault": ", ".join(faults)}


def _service(workload: str) -> str:
    return workload.rpartition("/")[2]


def _evidence(judgement: Judgement) -> str:
    return f"{judgement.name}, {judgement.phase}: {judgement.why}"


def is_late(recovery: Recovery) -> bool:
    """Whether the system took longer than it may."""
    return recovery.within_s is not None and (recovery.seconds is None or recovery.seconds > recovery.within_s)


def _late(recovery: Recovery) -> Weakness:
    within = seconds(recovery.within_s or 0.0)
    seen = recovery.seconds
    took = "it was not seen to recover" if seen is None else f"it took {seconds(round(seen, 2))}"
    return Weakness(text=f"no recovery within {within} of the end of {recovery.fault}", evidence=took)
