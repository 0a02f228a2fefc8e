"""Which independent measurement shows the dose of each step. Pure."""

from __future__ import annotations

import msgspec

from squall.plan.model import Meter, Plan, Stage, Step
from squall.targets.api import Noop, Route, Shape, World


def meters_for(plan: Plan, world: World) -> Plan:
    """The plan with a meter in each step that can be felt."""
    touched = {slot.rsplit("/", 1)[1] for slot in plan.claims}
    stages = tuple(_metered(stage, world, touched) for stage in plan.stages)
    return msgspec.structs.replace(plan, stages=stages)


def _metered(stage: Stage, world: World, touched: set[str]) -> Stage:
    steps = tuple(msgspec.structs.replace(step, meters=_meters(step, world, touched)) for step in stage.steps)
    return msgspec.structs.replace(stage, steps=steps)


def _meters(step: Step, world: World, touched: set[str]) -> tuple[Meter, ...]:
    if all(isinstance(effect.effect, Noop) for effect in step.effects):
        return ()
    if world.platform == "memory":
        return (Meter(kind="state", slot=step.target.facts["slot"]),)
    shapes = [effect.effect for effect in step.effects if isinstance(effect.effect, Shape)]
    if shapes:
        return _path(step, world, touched)
    pid = step.target.facts.get("pid")
    return (Meter(kind="process", pid=int(pid)),) if pid else ()


def _path(step: Step, world: World, touched: set[str]) -> tuple[Meter, ...]:
    """The first route between target and peer, with an untouched one, of the same protocol if there is one."""
    ref = step.target.ref
    mine = [r for r in world.routes if ref in (r.source, r.destination) and {r.source, r.destination} & set(step.peers)]
    if not mine:
        return ()
    route = min(mine, key=lambda r: (r.source != ref, r.name))
    free = [other for other in world.routes if other.name not in touched]
    control = min(free, key=lambda other: (other.protocol != route.protocol, other.name), default=None)
    return (_meter(route, control),)


def _meter(route: Route, control: Route | None) -> Meter:
    return Meter(
        kind="path", address=route.address, protocol=route.protocol,
        control=control.address if control else "", control_protocol=control.protocol if control else "",
    )  # fmt: skip
