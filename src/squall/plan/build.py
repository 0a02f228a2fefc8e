"""Building the plan. Pure: equal experiment, snapshot, seed and scale give an equal plan.

1. the seed: given, or drawn from the document itself, so that the dry run and the run agree
2. for each fault: who could be hurt, how many of them, for how long
3. for each target: the peers, the effects, their drivers, what they claim and what ends them
4. for each step: how its dose will be measured
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from random import Random
from typing import cast

import msgspec

from squall._kit.errors import Refused
from squall.faults.api import Fault
from squall.plan.meters import meters_for
from squall.plan.model import Plan, PlannedEffect, Stage, Step
from squall.plan.select import Bounds, Candidates, candidates, choose, nothing_selected, peers_of
from squall.plan.words import fault_in_words
from squall.spec.model import Experiment, FaultEntry, TargetSpec
from squall.targets.api import AnyDriver, AnyEffect, Target, World

MIN_SAMPLES = 30
BASELINE_S_MIN = 2.0
RECOVERY_S = 60.0


class Terms(msgspec.Struct, frozen=True):
    """What the caller decides: the seed (None: from the document) and the scale of the fault windows."""

    seed: int | None = None
    scale: float = 1.0


def build(experiment: Experiment, world: World, drivers: Mapping[str, AnyDriver], terms: Terms) -> Plan:
    """Resolve the experiment. Raises Refused where a fault selects nothing or a driver cannot do it."""
    bare = msgspec.structs.replace(experiment, source="")
    seed = _seed_of(bare) if terms.seed is None else terms.seed
    stages = tuple(_stage(entry, bare, world, drivers, _Draw(seed, terms.scale)) for entry in bare.spec.faults)
    spec = bare.spec
    plan = Plan(
        name=bare.metadata.name, platform=world.platform, seed=seed, scale=terms.scale,
        lease_s=spec.safety.lease, max_duration_s=spec.safety.max_duration,
        baseline_s=_baseline_s(experiment), recovery_s=spec.success.recover_within or RECOVERY_S,
        stages=stages, experiment=bare, notes=_notes(experiment, terms),
    )  # fmt: skip
    return meters_for(plan, world)


class _Draw(msgspec.Struct, frozen=True):
    seed: int
    scale: float

    def rng(self, name: str) -> Random:
        return Random(f"{self.seed}/{name}")  # noqa: S311 - reproducible by intent


def _seed_of(experiment: Experiment) -> int:
    data = msgspec.json.encode(experiment, order="sorted")
    return int.from_bytes(hashlib.sha256(data).digest()[:4], "big")


def _stage(
    entry: FaultEntry, experiment: Experiment, world: World, drivers: Mapping[str, AnyDriver], draw: _Draw
) -> Stage:
    fault = cast("Fault", entry.settings)
    spec = entry.target or experiment.spec.target
    rng = draw.rng(entry.name)
    found = candidates(spec, world, experiment.spec.safety, disables=fault.disables)
    chosen = choose(found, entry, spec, Bounds(experiment.spec.safety, world), rng)
    if not chosen:
        raise nothing_selected(entry, spec, found, world)
    duration_s = _duration_s(entry, rng, draw.scale)
    steps = [_step(entry, target, world, drivers, duration_s) for target in chosen]
    return Stage(
        fault=entry.name, type=_type_of(entry), start_after=entry.start_after,
        start_delay_s=entry.start_delay * draw.scale, duration_s=duration_s, steps=tuple(steps),
        candidates=_total(found, spec), says=fault_in_words(entry.settings),
    )  # fmt: skip


def _total(found: Candidates, spec: TargetSpec) -> int:
    return len(found.eligible) + len(found.left_out)


def _type_of(entry: FaultEntry) -> str:
    return str(type(entry.settings).__struct_config__.tag)


def _duration_s(entry: FaultEntry, rng: Random, scale: float) -> float:
    if entry.duration is None:
        return 0.0
    return round(rng.uniform(entry.duration.low, entry.duration.high) * scale, 3)


def _step(entry: FaultEntry, target: Target, world: World, drivers: Mapping[str, AnyDriver], duration_s: float) -> Step:
    fault = cast("Fault", entry.settings)
    peer = fault.needs_peer()
    peers = peers_of(target, peer, world) if peer is not None else ()
    effects = fault.effects(target, peers)
    return Step(
        id=f"{entry.name}.{target.name}", fault=entry.name, type=_type_of(entry), target=target,
        effects=tuple(
            _planned(n, cast("AnyEffect", effect), target, world, drivers) for n, effect in enumerate(effects)
        ),
        duration_s=duration_s, peers=peers, disables=fault.disables,
        peer_workloads=tuple(sorted({each.workload for each in world.targets if each.ref in peers})),
    )  # fmt: skip


def _planned(
    n: int, effect: AnyEffect, target: Target, world: World, drivers: Mapping[str, AnyDriver]
) -> PlannedEffect:
    kind = str(type(effect).__struct_config__.tag)
    name = f"{world.platform}/{kind}"
    if name not in drivers:
        raise Refused(
            f"platform {world.platform} has no driver for '{kind}', which {target.ref} would need",
            hint="squall doctor shows which faults each platform can do",
        )
    driver = drivers[name]
    why = driver.refuses(target, effect)
    if why:
        raise Refused(f"{name} refuses: {why}", hint="mend the target or the peer of the fault")
    return PlannedEffect(
        n=n, driver=name, effect=effect, claims=tuple(sorted(driver.claims(target, effect))),
        ends_by=driver.ends_by, restores=driver.restores, undo=driver.describe_undo(target, effect),
    )  # fmt: skip


def _baseline_s(experiment: Experiment) -> float:
    """Long enough for the least number of readings of the slowest watched probe."""
    rates = [steady.rate for steady in experiment.spec.steady_state if steady.during]
    return max(BASELINE_S_MIN, math.ceil(MIN_SAMPLES / min(rates))) if rates else 0.0


def _notes(experiment: Experiment, terms: Terms) -> tuple[str, ...]:
    notes: list[str] = []
    if terms.scale != 1.0:
        notes.append(
            f"fault windows are scaled by {terms.scale:g}: a quick look. "
            "Criteria, leases and minimum samples are not scaled"
        )
    schedule = experiment.spec.schedule
    if schedule is not None:
        notes.append("the schedule binds scheduler and operator; a run by hand means now")
    if experiment.spec.remediation:
        notes.append("remediation is not carried out by a run by hand")
    if experiment.spec.monitoring.pushgateway is not None:
        notes.append("nothing is pushed to the pushgateway by this version")
    return tuple(notes)
