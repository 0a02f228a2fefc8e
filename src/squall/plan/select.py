"""Who is hurt: matching, counting and choosing. Pure; chance comes from the recorded seed only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random

import msgspec

from squall._kit.errors import Refused
from squall.plan.limits import COMPONENT, MIN_HEALTHY, is_primary, protection_of, service_of
from squall.spec.model import Expression, FaultEntry, PeerSpec, Safety, TargetSpec
from squall.spec.scalars import Amount
from squall.targets.api import Route, Target, World


class Candidates(msgspec.Struct, frozen=True):
    """Who could be hurt, and in words who was left out and why."""

    eligible: tuple[Target, ...]
    left_out: tuple[str, ...]


def matches(target: Target, spec: TargetSpec | PeerSpec) -> bool:
    """Whether a target is meant by the selection words; all that are given must hold."""
    if spec.namespace is not None and target.namespace != spec.namespace:
        return False
    if spec.refs and target.ref not in spec.refs:
        return False
    if any(target.labels.get(key) != value for key, value in spec.selector.items()):
        return False
    return all(_holds(target, expression) for expression in spec.expressions)


def _holds(target: Target, expression: Expression) -> bool:
    value = target.labels.get(expression.key)
    match expression.operator:
        case "In":
            return value in expression.values
        case "NotIn":
            return value not in expression.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None


def candidates(spec: TargetSpec, world: World, safety: Safety, *, disables: bool) -> Candidates:
    """All that the words mean, less the excluded, the protected, the unready and those whose namespace is not in."""
    eligible: list[Target] = []
    left_out: list[str] = []
    for target in world.targets:
        if not matches(target, spec):
            continue
        why = _left_out(target, spec, safety, disables=disables)
        if why:
            left_out.append(f"{target.ref}: {why}")
        else:
            eligible.append(target)
    return Candidates(tuple(eligible), tuple(left_out))


def _left_out(target: Target, spec: TargetSpec, safety: Safety, *, disables: bool) -> str:
    if spec.exclude and all(target.labels.get(key) == value for key, value in spec.exclude.items()):
        return "excluded by the document"
    rule = protection_of(target, safety.protected)
    if rule:
        return f"protected ({rule})"
    if disables and is_primary(target):
        return "protected (the primary of a database)"
    return "" if target.healthy else "not ready"


class Bounds(msgspec.Struct, frozen=True):
    """What limits a choice: the document's safety, and the whole world in which replicas are counted."""

    safety: Safety
    world: World


def choose(found: Candidates, entry: FaultEntry, spec: TargetSpec, bounds: Bounds, rng: Random) -> tuple[Target, ...]:
    """Some of the eligible, as mode and caps say, in the order of their refs."""
    wanted = how_many(len(found.eligible), entry, spec, rng)
    pool = sorted(found.eligible, key=lambda target: target.ref)
    rng.shuffle(pool)
    limit = min(wanted, _cap(bounds.safety.max_targets, len(pool)))
    disables = bool(getattr(entry.settings, "disables", False))
    taken = _within_replicas(pool, limit, bounds) if disables else pool[:limit]
    return tuple(sorted(taken, key=lambda target: target.ref))


def how_many(total: int, entry: FaultEntry, spec: TargetSpec, rng: Random) -> int:
    """How many of `total` the document asks for. Percentages round down, at least 1."""
    if entry.count is not None:
        return min(entry.count, total)
    if entry.percentage is not None:
        return _share(total, entry.percentage)
    value = spec.value or Amount(1, 1)
    match spec.mode or "one":
        case "one":
            return min(1, total)
        case "all":
            return total
        case "fixed":
            return min(total, rng.randint(int(value.low), int(value.high)))
        case "fixed-percent":
            return _share(total, rng.uniform(value.low, value.high))
        case "random-max-percent":
            return rng.randint(1, _share(total, value.high)) if total else 0


def _share(total: int, fraction: float) -> int:
    return min(total, max(1, math.floor(total * fraction + 1e-9)))


def _cap(amount: Amount | None, total: int) -> int:
    if amount is None:
        return total
    return math.floor(total * amount.high + 1e-9) if amount.percent else int(amount.high)


def _within_replicas(pool: Sequence[Target], limit: int, bounds: Bounds) -> list[Target]:
    """The first of the pool that can go without leaving too few healthy ones of their whole service."""
    healthy = Counter(service_of(target) for target in bounds.world.targets if target.healthy)
    total = Counter(service_of(target) for target in bounds.world.targets)
    taken: list[Target] = []
    for target in pool:
        service = service_of(target)
        if len(taken) < limit and healthy[service] - 1 >= must_stay(target, bounds.safety, total[service]):
            taken.append(target)
            healthy[service] -= 1
    return taken


def must_stay(target: Target, safety: Safety, total: int) -> int:
    """Healthy replicas of the target's service that must stay, out of `total`."""
    asked = safety.min_healthy
    own = 0 if asked is None else (math.ceil(total * asked.high) if asked.percent else int(asked.high))
    return max(MIN_HEALTHY.get(target.labels.get(COMPONENT, ""), 0), own)


def peers_of(target: Target, peer: PeerSpec, world: World) -> tuple[str, ...]:
    """The refs at the other ends of the target's routes that the peer's words mean; no words mean all."""
    if peer.cidr is not None:
        raise Refused(
            f"peer.cidr {peer.cidr} means nothing on platform {world.platform}: its routes have names",
            hint="select the peer by selector, expressions or refs",
        )
    ends = {_other_end(route, target.ref) for route in world.routes} - {""}
    if peer == PeerSpec():
        return tuple(sorted(ends))
    named = {candidate.ref for candidate in world.targets if matches(candidate, peer)} | set(peer.refs)
    return tuple(sorted(ends & named))


def _other_end(route: Route, ref: str) -> str:
    if route.source == ref:
        return route.destination
    return route.source if route.destination == ref else ""


def nothing_selected(entry: FaultEntry, spec: TargetSpec, found: Candidates, world: World) -> Refused:
    """The error of an empty selection, with what would have matched."""
    words = _in_words(spec)
    if found.left_out:
        return Refused(
            f"fault '{entry.name}' may hurt nothing: of {words}, none is left",
            hint="; ".join(found.left_out[:5]),
        )
    if found.eligible:
        return Refused(
            f"fault '{entry.name}' may hurt nothing: a cap leaves none of the {len(found.eligible)} that match",
            hint="more replicas, a smaller safety.minHealthy or a larger safety.maxTargets",
        )
    return Refused(f"fault '{entry.name}' selects nothing: no target matches {words}", hint=_offers(spec, world))


def _in_words(spec: TargetSpec) -> str:
    parts = [f"{key}={value}" for key, value in spec.selector.items()]
    parts += [f"{e.key} {e.operator} {','.join(e.values)}" for e in spec.expressions]
    parts += list(spec.refs)
    where = f" in namespace {spec.namespace}" if spec.namespace else ""
    return (" and ".join(parts) or "anything") + where


def _offers(spec: TargetSpec, world: World) -> str:
    keys = list(spec.selector) or ["app"]
    values = sorted({f"{k}={t.labels[k]} ({t.namespace})" for t in world.targets for k in keys if k in t.labels})
    names: Iterable[str] = values or sorted(target.ref for target in world.targets)
    listed = list(names)[:12]
    return "there are: " + ", ".join(listed) if listed else f"platform {world.platform} has no targets at all"
