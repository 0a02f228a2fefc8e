"""Rules that one key alone cannot break: between the keys of a mapping, and between the faults of a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from squall.spec.model import Expression, PeerSpec, TargetSpec, TimeWindow
from squall.spec.moments import seconds_since_epoch
from squall.spec.problems import Place, Report, Spot, quoted
from squall.spec.scalars import Amount
from squall.spec.tree import Branch, Leaf, Node, Twig

PERCENT_MODES = ("fixed-percent", "random-max-percent")
_SHOWN_CYCLE = 8


class Bad(msgspec.Struct, frozen=True):
    """What a reader returns when it has reported a mistake."""


BAD: Final = Bad()


def check(built: msgspec.Struct, node: Branch, place: Place, report: Report) -> msgspec.Struct | Bad:
    """The semantics of one model after its parts were read: the value, perhaps normalised, or BAD."""
    if isinstance(built, TargetSpec):
        return _target(built, node, place, report)
    if isinstance(built, TimeWindow):
        return _window(built, node, place, report)
    if isinstance(built, Expression):
        return _expression(built, node, place, report)
    if isinstance(built, PeerSpec) and not node.items:
        remedy = "add a selector, or leave the key out to mean everybody that the target talks with"
        report.add("missing", node.spot, place, "selects nobody", remedy)
        return BAD
    return built


def _target(target: TargetSpec, node: Branch, place: Place, report: Report) -> TargetSpec | Bad:
    good = True
    if not (target.selector or target.expressions or target.refs):
        remedy = "add `selector: {app: ...}`, `expressions` or `refs`"
        report.add("missing", node.spot, place, "selects by no label and no name", remedy)
        good = False
    value = _mode_value(target, node, place, report)
    if isinstance(value, Bad) or not good:
        return BAD
    return msgspec.structs.replace(target, value=value)


def _mode_value(target: TargetSpec, node: Branch, place: Place, report: Report) -> Amount | Bad | None:
    mode, value = target.mode, target.value
    spot = (node.get("value") or node).spot
    fact, remedy = "", ""
    if value is None:
        if mode not in ("fixed", *PERCENT_MODES):
            return None
        fact, remedy = f"is missing: mode {mode} needs it", "add `value: 1`" if mode == "fixed" else "add `value: 50%`"
    elif mode is None:
        fact, remedy = "stands without a mode", "add `mode: fixed-percent`" if value.percent else "add `mode: fixed`"
    elif mode in ("one", "all"):
        fact, remedy = f"has no place with mode {mode}", "take it away, or write `mode: fixed` or `mode: fixed-percent`"
    elif mode == "fixed":
        if not value.percent and value.low >= 1:
            return value
        fact, remedy = "must be a whole number of 1 or more with mode fixed", "write 1, or `mode: fixed-percent`"
    else:
        shares = value if value.percent else Amount(value.low / 100, value.high / 100, percent=True)
        if shares.low > 0 and shares.high <= 1:
            return shares
        fact, remedy = f"must be a percentage above 0 and up to 100 with mode {mode}", "write 50%"
    report.add("missing" if value is None else "conflict", spot, place.child("value"), fact, remedy)
    return BAD


def _window(window: TimeWindow, node: Branch, place: Place, report: Report) -> TimeWindow | Bad:
    if seconds_since_epoch(window.end) > seconds_since_epoch(window.start):
        return window
    spot = (node.get("end") or node).spot
    report.add("conflict", spot, place.child("end"), f"is not after the start, {window.start}", "write a later moment")
    return BAD


def _expression(expression: Expression, node: Branch, place: Place, report: Report) -> Expression | Bad:
    wants = expression.operator in ("In", "NotIn")
    if wants == bool(expression.values):
        return expression
    fact = f"is {'missing: the operator' if wants else 'of no use to the operator'} {expression.operator}"
    fact, remedy = (f"{fact} needs it", "add `values: [...]`") if wants else (fact, "take it away")
    report.add("conflict", (node.get("values") or node).spot, place.child("values"), fact, remedy)
    return BAD


class Named(msgspec.Struct, frozen=True):
    """One fault as the graph sees it, even where other keys of it are wrong."""

    name: str
    node: Branch
    place: Place

    @property
    def explicit(self) -> bool:
        """Whether the name was written, and not taken from the type."""
        return self.node.get("name") is not None


def faults_of(nodes: Iterable[tuple[Node, Place]]) -> tuple[Named, ...]:
    """The faults that have a name, or at least a type to be named after."""
    found = []
    for node, place in nodes:
        leaf = (node.get("name") or node.get("type")) if isinstance(node, Branch) else None
        if isinstance(node, Branch) and isinstance(leaf, Leaf) and isinstance(leaf.value, str) and leaf.value:
            found.append(Named(leaf.value, node, place))
    return tuple(found)


def check_graph(faults: Sequence[Named], report: Report) -> None:
    """Names are unique, `startAfter` names faults of this document, and nobody waits for itself."""
    unique(((fault.name, fault.node, fault.place, fault.explicit) for fault in faults), "fault", report)
    known = {fault.name: fault for fault in faults}
    waits: dict[str, list[str]] = {}
    for fault in faults:
        after = fault.node.get("startAfter")
        refer(after, fault.place.child("startAfter"), known, report)
        waits[fault.name] = [str(item.value) for item in _texts(after) if item.value in known]
    cycle = find_cycle(waits)
    if cycle:
        first = known[cycle[0]]
        spot = (first.node.get("startAfter") or first.node).spot
        remedy = "take one of these names out of its startAfter"
        report.add("conflict", spot, first.place.child("startAfter"), f"waits for itself: {_ring(cycle)}", remedy)


def _ring(cycle: Sequence[str]) -> str:
    left_out = ["…"] if len(cycle) > _SHOWN_CYCLE else []
    return " -> ".join(quoted(name)[1:-1] for name in (*cycle[:_SHOWN_CYCLE], *left_out, cycle[0]))


def unique(named: Iterable[tuple[str, Branch, Place, bool]], what: str, report: Report) -> None:
    """Report each name that an earlier one has already; the last flag says whether the name was written."""
    lines: dict[str, int] = {}
    for name, node, place, explicit in named:
        spot: Spot = (node.get("name") or node.get("type") or node).spot
        if name in lines:
            remedy = f"give each {what} a name of its own" if explicit else "add a `name` of its own"
            fact = f"the name {quoted(name)} is taken by the {what} in line {lines[name]}"
            report.add("duplicate", spot, place.child("name"), fact, remedy)
        lines.setdefault(name, spot.line)


def refer(node: Node | None, place: Place, known: Iterable[str], report: Report) -> None:
    """Report each text of a list that names no fault."""
    names = list(dict.fromkeys(known))
    present = frozenset(names)
    for i, item in enumerate(_texts(node)):
        if item.value not in present:
            report.unknown(item.spot, place.child(i), f"no fault is named {quoted(item.text)}", item.text, names[:20])


def _texts(node: Node | None) -> list[Leaf]:
    items = node.items if isinstance(node, Twig) else []
    return [item for item in items if isinstance(item, Leaf) and isinstance(item.value, str)]


def find_cycle(waits: dict[str, list[str]]) -> tuple[str, ...]:
    """Names that wait for each other in a ring, each for the next, or nothing. Kahn's algorithm, then one walk."""
    left = {name: set(after) for name, after in waits.items()}
    followers: dict[str, list[str]] = {name: [] for name in waits}
    for name, after in left.items():
        for other in after:
            followers[other].append(name)
    free = [name for name, after in left.items() if not after]
    while free:
        done = free.pop()
        del left[done]
        for follower in followers[done]:
            left[follower].discard(done)
            if not left[follower]:
                free.append(follower)
    if not left:
        return ()
    trail: dict[str, int] = {}
    here = next(iter(left))
    while here not in trail:
        trail[here] = len(trail)
        here = next(other for other in waits[here] if other in left)
    return tuple(trail)[trail[here] :]
