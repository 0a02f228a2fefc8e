"""The plan as rows for people. Reads the plan's JSON leniently: a report of an older run must still open."""

from __future__ import annotations

from typing import Any

import msgspec

from squall._kit.json import Json
from squall.report.model import PlanRow
from squall.report.words import finite, number, printable, seconds

_ENDS = {
    "instant": "over at once",
    "kernel": "the kernel",
    "runtime": "the runtime",
    "platform": "the platform",
    "watchdog": "the watchdog",
}


class _Target(msgspec.Struct, frozen=True):
    ref: str = ""


class _Effect(msgspec.Struct, frozen=True):
    driver: str = ""
    effect: dict[str, Any] = {}  # Json; msgspec decodes no recursive alias
    claims: tuple[str, ...] = ()
    ends_by: str = ""
    restores: bool = True
    undo: str = ""


class _Step(msgspec.Struct, frozen=True):
    id: str = ""
    target: _Target = _Target()
    effects: tuple[_Effect, ...] = ()
    duration_s: float = 0.0


class _Stage(msgspec.Struct, frozen=True):
    fault: str = ""
    type: str = ""
    start_after: tuple[str, ...] = ()
    start_delay_s: float = 0.0
    duration_s: float = 0.0
    steps: tuple[_Step, ...] = ()
    says: str = ""


class _Experiment(msgspec.Struct, frozen=True):
    source: str = ""


class _Plan(msgspec.Struct, frozen=True):
    stages: tuple[_Stage, ...] = ()
    experiment: _Experiment = _Experiment()


def rows(plan: Json) -> tuple[PlanRow, ...]:
    """One row per effect, in the plan's order; empty where the plan cannot be read."""
    return tuple(
        _row(stage, step, effect) for stage in _read(plan).stages for step in stage.steps for effect in step.effects
    )


def steps(plan: Json) -> dict[str, str]:
    """Step id -> `fault on target`, for the live display."""
    return {
        step.id: printable(f"{stage.fault} on {step.target.ref}")
        for stage in _read(plan).stages
        for step in stage.steps
    }


def _read(plan: Json) -> _Plan:
    try:
        return msgspec.convert(plan, _Plan)
    except msgspec.ValidationError:
        return _Plan()


def _row(stage: _Stage, step: _Step, effect: _Effect) -> PlanRow:
    return PlanRow(
        fault=printable(stage.fault),
        type=printable(stage.type),
        says=printable(stage.says),
        target=printable(step.target.ref),
        when=_when(stage, step),
        effect=_effect(effect.effect),
        driver=printable(effect.driver),
        ends_by=_ENDS.get(effect.ends_by, printable(effect.ends_by)),
        undo=printable(effect.undo),
        restores=effect.restores,
        claims=tuple(printable(slot) for slot in effect.claims),
    )


def _when(stage: _Stage, step: _Step) -> str:
    after = f"after {', '.join(stage.start_after)}" if stage.start_after else "at the start"
    delay = f", {seconds(stage.start_delay_s)} later" if stage.start_delay_s > 0 else ""
    lasts = f", for {seconds(step.duration_s)}" if step.duration_s > 0 else ", once"
    return printable(after + delay + lasts)


def _effect(effect: dict[str, Json]) -> str:
    """`shape latency 500 ms, jitter 50 ms`: settings that are set, without what stands elsewhere."""
    said = [
        _setting(key, value)
        for key, value in effect.items()
        if key not in ("kind", "peers") and value not in (0, False, None, "")
    ]
    return printable(" ".join([str(effect.get("kind", "")), ", ".join(said)]).strip())


def _setting(key: str, value: Json) -> str:
    name = key.removesuffix("_s").replace("_", " ")
    if value is True:
        return name
    if isinstance(value, int | float) and (x := finite(value)) is not None:
        return f"{name} {seconds(x) if key.endswith('_s') and not key.endswith('per_s') else number(x)}"
    return f"{name} {value}"
