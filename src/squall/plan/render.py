"""The plan for people: exactly what will be hurt, when, for how long, what ends it, and how it is undone."""

from __future__ import annotations

from collections.abc import Iterator

from squall.plan.model import Plan, Stage, Step, digest
from squall.plan.words import seconds

_ENDS = {
    "instant": "over at once",
    "kernel": "the kernel ends it with the lease",
    "runtime": "the target's runtime ends it with the lease",
    "platform": "the platform ends it with the lease",
    "watchdog": "the watchdog ends it, at once when the engine dies and with the lease when it hangs",
}


def render(plan: Plan) -> str:
    """The whole plan as text, no colour, at most about 110 columns."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    total = len({step.target.ref for step in plan.steps})
    yield f"plan {plan.name} on {plan.platform}: {len(plan.stages)} fault(s), {total} target(s)"
    yield f"  digest {digest(plan)}"
    yield f"  seed {plan.seed}, scale {plan.scale:g}, lease {seconds(plan.lease_s)}, stops after "\
          f"{seconds(plan.max_duration_s)} at the latest"  # fmt: skip
    yield from (f"  note: {note}" for note in plan.notes)
    yield ""
    for number, stage in enumerate(plan.stages, start=1):
        yield from _stage(number, stage)
    yield from _watching(plan)


def _stage(number: int, stage: Stage) -> Iterator[str]:
    when = f"after {', '.join(stage.start_after)}" if stage.start_after else "at once, when the baseline is read"
    if stage.start_delay_s:
        when += f" and {seconds(stage.start_delay_s)} later"
    lasts = f"for {seconds(stage.duration_s)}" if stage.duration_s else "once"
    yield f"{number}. {stage.fault}: {stage.says}"
    yield f"   when    {when}, {lasts}"
    yield f"   hurts   {len(stage.steps)} of {stage.candidates} that match:"
    for step in stage.steps:
        yield from _step(step)
    for effect in stage.steps[0].effects:
        yield f"   ends    {_ends(effect.ends_by, effect.driver)}"
        yield f"   undone  {effect.undo}"
    yield ""


def _step(step: Step) -> Iterator[str]:
    peers = f" <-> {', '.join(step.peers)}" if step.peers else ""
    yield f"           {step.target.ref}{peers}"


def _ends(ends_by: str, driver: str) -> str:
    return f"{_ENDS[ends_by]} ({driver})"


def _watching(plan: Plan) -> Iterator[str]:
    spec = plan.experiment.spec
    for steady in spec.steady_state:
        when = "before, during and after" if steady.during else "before and after"
        bounds = ", ".join(
            f"{metric} {bound.op} {_bound(bound.value, bound.unit)}" for metric, bound in steady.expect.bounds.items()
        )
        yield f"watch     {steady.name}: {bounds} ({when})"
    for stop in spec.safety.stop_when:
        yield f"stop if   {stop.name} fails, or cannot be read, for {seconds(stop.hold)}"
    yield f"recovery  within {seconds(plan.recovery_s)}, or it is a weakness"


def _bound(value: float | str, unit: str) -> str:
    if isinstance(value, str):
        return value
    if unit == "percent":
        return f"{value * 100:g}%"
    return seconds(value) if unit == "duration" else f"{value:g}"
