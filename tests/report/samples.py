# ruff: noqa: E501 - tables of data
"""Five realistic runs, one of each outcome that a finished run can have, generated from a fixed seed.

`python tests/report/samples.py FOLDER` writes each as HTML, text, JSON and JUnit.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from squall._kit.json import Json
from squall.observe.api import DoseResult, Judgement, Reading, Verdict
from squall.plan.model import Plan, PlannedEffect, Stage, Step, digest
from squall.run.result import (
    Event,
    Outcome,
    Receipt,
    ReceiptLine,
    Recovery,
    RunResult,
    Series,
    Weakness,
    Window,
)
from squall.spec.model import Experiment, FaultEntry, FaultSettings, Metadata, Spec, TargetSpec
from squall.spec.scalars import Amount
from squall.targets.api import AnyEffect, EndsBy, Kill, Shape, Slot, Target

RATE = 20.0
HELD, BROKEN, INCONCLUSIVE = Verdict.HELD, Verdict.BROKEN, Verdict.INCONCLUSIVE


class Lag(FaultSettings, frozen=True, kw_only=True, tag="networkLatency"):
    """A stand-in for the real fault's settings."""

    latency: float = 0.5


Shape_ = Callable[[float, random.Random], Reading]


def _reading(t: float, rng: random.Random, median: float, fail: float = 0.0, error: str = "") -> Reading:
    latency = median * math.exp(rng.gauss(0, 0.35))
    if rng.random() < fail:
        return Reading(at=t, ok=False, latency_s=latency, error=error)
    return Reading(at=t, ok=True, latency_s=latency, value=200)


def series(name: str, kind: str, end: float, course: Shape_, seed: int, rate: float = RATE) -> Series:
    """Readings at a constant rate from 0 to `end`, each made by `course`."""
    rng = random.Random(seed)
    return Series(name=name, kind=kind, readings=tuple(course(i / rate, rng) for i in range(int(end * rate))))


def judged(
    name: str, phase: str, metric: str, bound: str, verdict: Verdict, value: tuple[float, float, float], **more: object
) -> Judgement:
    """A judgement with estimate, low and high."""
    estimate, low, high = value
    return msgspec.structs.replace(
        Judgement(
            name=name,
            phase=phase,
            metric=metric,
            bound=bound,
            verdict=verdict,
            estimate=estimate,
            low=low,
            high=high,
            n=200,
        ),
        **more,
    )


def _step(i: int, fault: str, kind: str, target: str, effect: AnyEffect, lasts: float, slot: str) -> Step:
    where = Target(
        ref=f"lab/{target}", platform="lab", kind="process", name=target, uid=f"u-{i}", namespace="production"
    )
    kill = isinstance(effect, Kill)
    planned = PlannedEffect(
        n=0, driver=f"lab/{type(effect).__name__.lower()}", effect=effect, claims=(Slot(slot),),
        ends_by=EndsBy.INSTANT if kill else EndsBy.RUNTIME, restores=not kill,
        undo="the supervisor starts a replacement" if kill else "take the toxic off the link",
    )  # fmt: skip
    return Step(id=f"s{i}", fault=fault, type=kind, target=where, effects=(planned,), duration_s=lasts)


def plan(name: str, scale: float = 1.0) -> Plan:
    """Two faults: the database link is slow, then one API replica is killed."""
    slow = Shape(peers=("lab/db-0",), latency_s=0.5, jitter_s=0.05)
    lag = tuple(
        _step(i, "slow-database", "networkLatency", f"api-{i}", slow, 15.0, f"lab/link/api-{i}--db-0") for i in range(2)
    )
    kill = (_step(2, "kill-api", "podKill", "api-1", Kill(), 0.0, "lab/process/api-1"),)
    spec = Spec(target=TargetSpec(value=Amount(2, 2)), faults=(FaultEntry(name="slow-database", settings=Lag()),))
    return Plan(
        name=name, platform="lab", seed=4711, scale=scale, lease_s=10.0, max_duration_s=600.0, baseline_s=10.0, recovery_s=15.0,
        experiment=Experiment(metadata=Metadata(name=name), spec=spec, source="examples/03-slow-database/experiment.yaml"),
        stages=(
            Stage(fault="slow-database", type="networkLatency", start_after=(), start_delay_s=0.0, duration_s=15.0, steps=lag, candidates=3,
                  says="adds 500 ms ± 50 ms to packets between api and db"),
            Stage(fault="kill-api", type="podKill", start_after=("slow-database",), start_delay_s=2.0, duration_s=0.0, steps=kill, candidates=3,
                  says="kills 1 of 3 api replicas"),
        ),
    )  # fmt: skip


def run(name: str, outcome: Outcome, verdict: Verdict, reason: str, **more: object) -> RunResult:
    """A result around the shared plan."""
    made = plan(name, float(more.get("scale", 1.0)))  # type: ignore[arg-type]
    base = RunResult(
        run=f"20260311-141502-{name[:4]}", name=name, description="Checkout keeps working while the database is slow and one API replica dies",
        platform="lab", digest=digest(made), seed=4711, scale=made.scale, lease_s=10.0, started_wall=1773238502.0,
        duration_s=50.0, outcome=outcome, verdict=verdict, reason=reason, plan=plan_json(made), version="0.1.0",
    )  # fmt: skip
    return msgspec.structs.replace(base, **more)


def plan_json(made: Plan) -> Json:
    """The plan as it stands in a result."""
    built: Json = msgspec.json.decode(msgspec.json.encode(made))
    return built


PHASES = (
    Window(name="baseline", start=0.0, end=10.0),
    Window(name="fault", start=10.0, end=35.0),
    Window(name="recovery", start=35.0, end=50.0),
    Window(name="slow-database", start=10.4, end=25.5),
    Window(name="kill-api", start=27.5, end=28.2),
)

EVENTS = (
    Event(t=0.0, kind="phase", text="baseline for 10 s"),
    Event(t=10.0, kind="phase", text="fault for 25 s"),
    Event(t=10.3, kind="intended", text="slow-database on lab/api-0: undo is durable", step="s0"),
    Event(t=10.4, kind="applied", text="slow-database on lab/api-0: shape by lab/shape, lease 10 s", step="s0"),
    Event(t=10.5, kind="applied", text="slow-database on lab/api-1: shape by lab/shape, lease 10 s", step="s1"),
    Event(t=25.5, kind="restored", text="slow-database on lab/api-0: looked, clean", step="s0"),
    Event(t=25.5, kind="restored", text="slow-database on lab/api-1: looked, clean", step="s1"),
    Event(t=27.5, kind="applied", text="kill-api on lab/api-1: kill by lab/kill", step="s2"),
    Event(t=28.2, kind="restored", text="kill-api on lab/api-1: replacement is healthy", step="s2"),
    Event(t=35.0, kind="phase", text="recovery for 15 s"),
    Event(t=50.0, kind="receipt", text="3 slots compared: 2 restored, 1 declared loss"),
)

RECEIPT = Receipt(
    slots=3,
    lines=(
        ReceiptLine(slot="lab/link/api-0--db-0", kind="restored", text="toxics gone, byte-equal", before={"toxics": []}, after={"toxics": []}),
        ReceiptLine(slot="lab/link/api-1--db-0", kind="restored", text="toxics gone, byte-equal", before={"toxics": []}, after={"toxics": []}),
        ReceiptLine(slot="lab/process/api-1", kind="loss", text="pid 4711 replaced by 4790, healthy", before={"uid": "4711", "ready": True}, after={"uid": "4790", "ready": True}),
    ),
)  # fmt: skip

DOSES = (
    DoseResult(step="s0", target="lab/api-0", quantity="added latency", unit="s", asked=0.5, measured=0.5031, spread=0.012, control=0.0004, n=118, felt=True, driver={"segments": 1180.0, "delayed": 1180.0}),
    DoseResult(step="s1", target="lab/api-1", quantity="added latency", unit="s", asked=0.5, measured=0.4987, spread=0.014, control=0.0004, n=117, felt=True),
    DoseResult(step="s2", target="lab/api-1", quantity="process replaced", unit="", asked=1, measured=1, spread=None, control=0, n=1, felt=True, note="pid 4711 is gone, 4790 answers"),
)  # fmt: skip


def held() -> RunResult:
    """Slow, but within its bounds."""

    def checkout(t: float, rng: random.Random) -> Reading:
        slow = 10.4 <= t < 25.5
        return _reading(t, rng, 0.145 if slow else 0.042, 0.004 if slow else 0.0, "503 Service Unavailable")

    def search(t: float, rng: random.Random) -> Reading:
        return _reading(t, rng, 0.027 if 10.4 <= t < 25.5 else 0.025)

    def queue(t: float, rng: random.Random) -> Reading:
        depth = 40 + max(0.0, min(t, 26) - 10.4) * 9 - max(0.0, t - 26) * 12 if t > 10.4 else 40.0
        return Reading(at=t, ok=True, value=round(max(36.0, depth) + rng.gauss(0, 3)))

    return run(
        "slow-database", "HELD", HELD, "", windows=PHASES, events=EVENTS, doses=DOSES, receipt=RECEIPT,
        series=(series("checkout", "http", 50, checkout, 1), series("search", "http", 50, search, 2), series("queue depth", "prometheus", 50, queue, 3, 2.0)),
        judgements=(
            judged("checkout", "baseline", "successRate", ">= 99%", HELD, (1.0, 0.9812, 1.0)),
            judged("checkout", "fault", "successRate", ">= 99%", HELD, (0.994, 0.9826, 0.998), n=500),
            judged("checkout", "fault", "p95", "< 800ms", HELD, (0.252, 0.238, 0.271), n=500),
            judged("checkout", "recovery", "p95", "< 800ms", HELD, (0.0746, 0.070, 0.081), n=300),
            judged("search", "fault", "p99", "< 200ms", HELD, (0.0583, 0.0521, 0.0702), n=500),
        ),
        recoveries=(Recovery(fault="slow-database", seconds=0.35, within_s=30.0, since=25.5), Recovery(fault="kill-api", seconds=1.2, within_s=30.0, since=28.2)),
        scale=0.02,
    )  # fmt: skip


def broken() -> RunResult:
    """No circuit breaker and no retry: errors while slow, and a slow way back."""

    def checkout(t: float, rng: random.Random) -> Reading:
        if 10.4 <= t < 25.5:
            if rng.random() < 0.12:
                return Reading(at=t, ok=False, latency_s=2.0, error="timed out after 2 s")
            return _reading(t, rng, 0.62, 0.09, "503 Service Unavailable")
        if 27.5 <= t < 31.0:
            return _reading(t, rng, 0.06, 0.33, "connection refused")
        return _reading(
            t, rng, 0.14 if 25.5 <= t < 27.5 else 0.042, 0.06 if 25.5 <= t < 27.5 else 0.0, "503 Service Unavailable"
        )

    def search(t: float, rng: random.Random) -> Reading:
        return _reading(
            t, rng, 0.19 if 10.4 <= t < 25.5 else 0.025, 0.02 if 10.4 <= t < 25.5 else 0, "504 Gateway Timeout"
        )

    def orders(t: float, rng: random.Random) -> Reading:
        return _reading(t, rng, 0.52 if 10.4 <= t < 25.5 else 0.004)

    return run(
        "slow-database-fragile", "BROKEN", BROKEN, "3 of 7 checks were broken", windows=PHASES, doses=DOSES, receipt=RECEIPT,
        events=(*EVENTS, Event(t=12.1, kind="stop", text="stop condition 'errors' at 18% of 25%", level="warning"), Event(t=11.2, kind="probe", text="checkout: timed out after 2 s", level="error")),
        series=(series("checkout", "http", 50, checkout, 11), series("search", "http", 50, search, 12), series("orders", "sql", 50, orders, 13)),
        judgements=(
            judged("checkout", "baseline", "successRate", ">= 99%", HELD, (1.0, 0.9812, 1.0)),
            judged("checkout", "fault", "successRate", ">= 99%", BROKEN, (0.832, 0.797, 0.862), n=500, why="the whole interval lies below 99%", reveals="checkout has no circuit breaker"),
            judged("checkout", "fault", "p95", "< 800ms", BROKEN, (math.inf, math.inf, math.inf), n=500, why="the whole interval lies above 800 ms (84 of 500 readings failed, counted as infinitely slow)"),
            judged("checkout", "recovery", "successRate", ">= 99%", HELD, (1.0, 0.9874, 1.0), n=300),
            judged("search", "fault", "p95", "< 200ms", BROKEN, (0.332, 0.315, 0.35), n=500, why="the whole interval lies above 200 ms"),
            judged("search", "fault", "successRate", ">= 95%", HELD, (0.992, 0.9795, 0.9969), n=500),
            judged("orders", "fault", "successRate", ">= 99%", HELD, (1.0, 0.9924, 1.0), n=500),
        ),
        weaknesses=(
            Weakness(text="Checkout has no circuit breaker: it waits for a slow database until its users time out", evidence="availability fell from 100% to 83.2% while slow-database lasted; 12% of requests waited the full 2 s"),
            Weakness(text="The gateway does not retry on another replica when one dies", evidence="a third of requests were refused for 3.5 s after kill-api although 2 of 3 replicas were healthy"),
        ),
        recoveries=(Recovery(fault="slow-database", seconds=2.1, within_s=30.0, since=25.5), Recovery(fault="kill-api", seconds=3.5, within_s=2.0, since=28.2)),
    )  # fmt: skip


def inconclusive() -> RunResult:
    """The fault was not felt, and too little was read."""

    def sparse(t: float, rng: random.Random) -> Reading:
        return _reading(t, rng, 0.05)

    few = series("checkout", "http", 12, sparse, 21, 1.0)
    return run(
        "region-failover", "INCONCLUSIVE", INCONCLUSIVE, "the fault was not felt: measured 0.4 ms of 500 ms", windows=PHASES, events=EVENTS[:6], receipt=RECEIPT,
        series=(few, Series(name="replica lag", kind="sql", readings=())),
        judgements=(
            judged("checkout", "baseline", "successRate", ">= 99%", INCONCLUSIVE, (1.0, 0.69, 1.0), n=10, why="10 readings: 99% needs at least 299 to be shown"),
            Judgement(name="replica lag", phase="fault", metric="value", bound="< 30s", verdict=INCONCLUSIVE, why="no readings"),
        ),
        doses=(DoseResult(step="s0", target="lab/api-0", quantity="added latency", unit="s", asked=0.5, measured=0.0004, spread=0.0002, control=0.0004, n=40, felt=False, note="no more than on the control path"),
               DoseResult(step="s1", target="lab/api-1", quantity="added latency", unit="s", asked=0.5, measured=None, spread=None, control=None, n=0, felt=False)),
        recoveries=(Recovery(fault="slow-database", seconds=None, within_s=None),),
    )  # fmt: skip


def aborted() -> RunResult:
    """A stop condition ended it in the fault phase."""

    def checkout(t: float, rng: random.Random) -> Reading:
        return _reading(t, rng, 0.9 if t >= 10.4 else 0.045, 0.41 if t >= 10.4 else 0.0, "503 Service Unavailable")

    return run(
        "cpu-burn", "ABORTED", BROKEN, "stop condition 'errors': 41% is not < 25% for 5 s", duration_s=19.0,
        windows=(PHASES[0], Window(name="fault", start=10, end=16.2), Window(name="recovery", start=16.2, end=19), Window(name="slow-database", start=10.4, end=16.2)),
        events=(*EVENTS[:5], Event(t=15.4, kind="stop", text="stop condition 'errors': 41% is not < 25% for 5 s", level="error"), Event(t=16.2, kind="restored", text="slow-database on lab/api-0: looked, clean", step="s0")),
        series=(series("checkout", "http", 16, checkout, 31),), receipt=RECEIPT, doses=DOSES[:2],
        judgements=(judged("checkout", "fault", "successRate", ">= 99%", BROKEN, (0.59, 0.5, 0.68), n=112, why="the whole interval lies below 99%"),),
    )  # fmt: skip


def not_restored() -> RunResult:
    """A link stayed slow, and one slot could not be read."""
    lines = (
        ReceiptLine(slot="lab/link/api-0--db-0", kind="ours", text="toxic 20260311-141502/s0/0 still delays", before={"toxics": []}, after={"toxics": ["latency 500ms"]}, remedy="squall rollback --on lab --run 20260311-141502-part"),
        ReceiptLine(slot="lab/link/api-1--db-0", kind="unreadable", text="the supervisor did not answer within 5 s", remedy="squall lab status"),
        ReceiptLine(slot="lab/process/worker-0", kind="foreign", text="restarted by somebody else meanwhile", before={"uid": "88"}, after={"uid": "91"}),
        RECEIPT.lines[2],
    )  # fmt: skip
    return msgspec.structs.replace(
        broken(), run="20260311-141502-part", name="partition", outcome="NOT_RESTORED", reason="lab/link/api-0--db-0 is still shaped",
        receipt=Receipt(slots=3, lines=lines), recoveries=(Recovery(fault="slow-database", seconds=None, within_s=30.0),),
    )  # fmt: skip


def refused() -> RunResult:
    """Nothing happened."""
    return run(
        "too-wide",
        "REFUSED",
        INCONCLUSIVE,
        "3 of 3 replicas would be hurt; at least 2 must stay healthy",
        duration_s=0.0,
    )


def all_results() -> dict[str, RunResult]:
    """Every sample by its outcome."""
    made = (held(), broken(), inconclusive(), aborted(), not_restored(), refused())
    return {result.outcome: result for result in made}


def main(folder: Path) -> None:
    """Write every sample in every format."""
    from squall.report import html, json, junit, text
    from squall.report.build import build

    folder.mkdir(parents=True, exist_ok=True)
    for outcome, result in all_results().items():
        report = build(result)
        stem = outcome.lower()
        (folder / f"{stem}.html").write_text(html.render(report))
        (folder / f"{stem}.txt").write_text(text.render(report))
        (folder / f"{stem}.json").write_text(json.render(report))
        (folder / f"{stem}.xml").write_text(junit.render(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
