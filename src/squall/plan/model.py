"""The plan: the experiment resolved against a snapshot of the world. The dry run and the run share it by digest."""

from __future__ import annotations

import hashlib

import msgspec

from squall.spec.model import Experiment
from squall.targets.api import AnyEffect, EndsBy, Slot, Target

FORMAT = 1


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """How the dose of a step is measured as a client, by code that shares nothing with the driver.

    `kind` is `path` (a client's exchange over `address` in `protocol`, held against `control`, a path not touched),
    `process` (what /proc says of `pid`), `state` (the platform's slot as its inspector reads it) or `none`.
    """

    kind: str
    address: str = ""
    protocol: str = ""
    control: str = ""
    control_protocol: str = ""
    pid: int = 0
    slot: str = ""


class PlannedEffect(msgspec.Struct, frozen=True, kw_only=True):
    """One effect of a step, with the driver that will do it and the terms of its ending."""

    n: int
    driver: str
    effect: AnyEffect
    claims: tuple[Slot, ...]
    ends_by: EndsBy
    restores: bool
    undo: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One fault on one target. `duration_s` is 0 for what is over when it has happened."""

    id: str
    fault: str
    type: str
    target: Target
    effects: tuple[PlannedEffect, ...]
    duration_s: float
    peers: tuple[str, ...] = ()
    peer_workloads: tuple[str, ...] = ()
    disables: bool = False
    meters: tuple[Meter, ...] = ()


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """All steps of one fault, and what it waits for. `says` is the harm in words."""

    fault: str
    type: str
    start_after: tuple[str, ...]
    start_delay_s: float
    duration_s: float
    steps: tuple[Step, ...]
    candidates: int
    says: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run will do. Built by `squall.plan.build`, shown by `squall.plan.render`."""

    format: int = FORMAT
    name: str
    platform: str
    seed: int
    scale: float
    lease_s: float
    max_duration_s: float
    baseline_s: float
    recovery_s: float
    stages: tuple[Stage, ...]
    experiment: Experiment
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, in the order of the stages."""
        return tuple(step for stage in self.stages for step in stage.steps)

    @property
    def claims(self) -> tuple[Slot, ...]:
        """Every slot that some step would change, sorted."""
        return tuple(sorted({slot for step in self.steps for effect in step.effects for slot in effect.claims}))


def canonical(plan: Plan) -> bytes:
    """The plan as JSON with sorted keys; equal plans give equal bytes."""
    return msgspec.json.encode(plan, order="sorted")


def digest(plan: Plan) -> str:
    """`sha256:` and the hash of the canonical JSON."""
    return "sha256:" + hashlib.sha256(canonical(plan)).hexdigest()
