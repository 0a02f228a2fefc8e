"""From positioned nodes to typed values: one small function for each kind, every mistake reported, none raised.

A reader returns `BAD` where it has reported something; what holds a part that is bad is bad too, and says nothing more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from squall.spec.checks import BAD, Bad, check
from squall.spec.grammar import GrammarError, finite
from squall.spec.kinds import (
    METRIC_RULES,
    Choice,
    Either,
    Expecting,
    Field,
    Flag,
    Kind,
    Limits,
    Listing,
    Number,
    Probing,
    Record,
    Table,
    Text,
    Whole,
    Worded,
    record_of,
)
from squall.spec.model import Expect, Registry
from squall.spec.problems import Kind as ProblemKind
from squall.spec.problems import Place, Report, quoted, suggestion
from squall.spec.scalars import Amount, Scalar
from squall.spec.tree import Branch, Leaf, Node, Twig, describe
from squall.spec.words import RULES, TEXT_MAX, Rule

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TRUTHS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


class Reader(msgspec.Struct, frozen=True):
    """Reads nodes: mistakes go to `report`, names of faults and probes are looked up in `registry`."""

    report: Report
    registry: Registry

    def read(self, node: Node, kind: Kind, place: Place) -> object:
        """The value of `node` as `kind` wants it, or BAD."""
        if isinstance(node, Leaf) and node.value is None:
            return self.bad("type", node, place, "has no value", "write a value, or take the key away")
        if isinstance(kind, (Worded, Flag, Whole, Number, Text, Choice)):
            return self._scalar(node, kind, place)
        if isinstance(kind, (Listing, Table, Record)):
            return self._collection(node, kind, place)
        if isinstance(kind, Expecting):
            return self._expecting(node, kind, place)
        return self._probing(node, place) if isinstance(kind, Probing) else self._either(node, kind, place)

    def _collection(self, node: Node, kind: Listing | Table | Record, place: Place) -> object:
        if isinstance(kind, Listing):
            return self._listing(node, kind, place)
        return self._table(node, kind, place) if isinstance(kind, Table) else self.record(node, kind, place)

    def bad(self, kind: ProblemKind, node: Node, place: Place, fact: str, remedy: str = "") -> Bad:
        """Report one mistake at a node, unless the node was refused already."""
        if not (isinstance(node, Leaf) and node.broken):
            self.report.add(kind, node.spot, place, fact, remedy)
        return BAD

    # ------------------------------------------------------------ scalars

    def _scalar(self, node: Node, kind: Worded | Flag | Whole | Number | Text | Choice, place: Place) -> object:
        if isinstance(kind, Worded):
            return self._worded(node, kind.scalar, place)
        if isinstance(kind, Flag):
            return self._flag(node, place)
        if isinstance(kind, Whole):
            return self._number(node, kind.limits, place, whole=True)
        if isinstance(kind, Number):
            return self._number(node, kind.limits, place, whole=False)
        if isinstance(kind, Choice):
            return self._choice(node, kind, place)
        text = self.text(node, place)
        return text if not isinstance(text, Bad) and self._within(node, text, kind.limits, place) else BAD

    def _flag(self, node: Node, place: Place) -> bool | Bad:
        if isinstance(node, Leaf) and isinstance(node.value, bool):
            return node.value
        word = node.value.lower() if isinstance(node, Leaf) and isinstance(node.value, str) else ""
        remedy = f"write {_TRUTHS.get(word, word if word in ('true', 'false') else 'true or false')}"
        return self.bad("type", node, place, f"must be true or false, not {describe(node)}", remedy)

    def _number(self, node: Node, limits: Limits, place: Place, *, whole: bool) -> int | float | Bad:
        value = node.value if isinstance(node, Leaf) else None
        wanted = "a whole number" if whole else "a number"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            remedy = "take the quotes away" if isinstance(value, str) and _looks_numeric(value) else f"write {wanted}"
            return self.bad("type", node, place, f"must be {wanted}, not {describe(node)}", remedy)
        if not math.isfinite(value) or (whole and value != int(value)):
            return self.bad(
                "value", node, place, f"must be {wanted}, not {describe(node)}", f"write {wanted} within reason"
            )
        number = int(value) if whole else float(value)
        return number if self._within(node, number, limits, place) else BAD

    def _within(self, node: Node, value: float | str, limits: Limits, place: Place) -> bool:
        text = isinstance(value, str)
        measure = len(value) if isinstance(value, str) else value
        unit = " characters long" if text else ""
        low, high = (limits.min_length, limits.max_length) if text else (limits.ge, limits.le)
        fact = ""
        if low is not None and measure < low:
            fact = f"must be at least {low:g}{unit}"
        elif high is not None and measure > high:
            fact = f"must be at most {high:g}{unit}"
        elif limits.gt is not None and measure <= limits.gt:
            fact = f"must be more than {limits.gt:g}"
        elif limits.lt is not None and measure >= limits.lt:
            fact = f"must be less than {limits.lt:g}"
        elif limits.pattern and isinstance(value, str) and not re.search(limits.pattern, value[:TEXT_MAX]):
            fact = f"must match {limits.pattern}"
        if fact:
            self.bad("value", node, place, f"{fact}, not {describe(node)}", "write a value within the bounds")
        return not fact

    def text(self, node: Node, place: Place) -> str | Bad:
        """Text, taken strictly: a number that stands where text is wanted must be quoted."""
        if not isinstance(node, Leaf):
            return self.bad("type", node, place, f"must be text, not {describe(node)}", "write a text")
        if not isinstance(node.value, str):
            fact = f"must be text, not {describe(node)}"
            return self.bad("type", node, place, fact, f"write {quoted(node.text)}")
        if found := _CONTROLS.search(node.value):
            fact = f"holds the control character U+{ord(found.group()):04X}"
            return self.bad("value", node, place, fact, "take it away")
        return node.value

    def _choice(self, node: Node, kind: Choice, place: Place) -> str | Bad:
        text = self.text(node, place)
        if isinstance(text, Bad) or text in kind.options:
            return text
        fact = f"must be one of {', '.join(kind.options)}, not {quoted(text)}"
        return self.bad("value", node, place, fact, suggestion(text, kind.options))

    def _worded(self, node: Node, scalar: Scalar, place: Place) -> object:
        rule = RULES[scalar.name]
        if isinstance(node, Leaf) and rule.numbers != "none" and type(node.value) in (int, float):
            return self._grammatical(node, scalar, place, lambda: rule.number(_finite(node.value)))
        text = self.text(node, place)
        if isinstance(text, Bad):
            return BAD
        return self._grammatical(node, scalar, place, lambda: rule.read(_short_enough(text)))

    def _grammatical(self, node: Node, scalar: Scalar, place: Place, read: Callable[[], object]) -> object:
        try:
            value = read()
        except GrammarError as error:
            return self.bad("value", node, place, f"{_shown(node)} {error.fact}", error.remedy)
        low = value.low if isinstance(value, Amount) else value
        high = value.high if isinstance(value, Amount) else value
        if scalar.minimum is not None and isinstance(low, (int, float)) and low < scalar.minimum:
            least = "more than 0" if scalar.minimum < 1e-3 else f"at least {scalar.minimum:g}"
            return self.bad("value", node, place, f"must be {least}, not {_shown(node)}", "write a larger value")
        if scalar.maximum is not None and isinstance(high, (int, float)) and high > scalar.maximum:
            most = f"{scalar.maximum:.0%}" if scalar.name == "percent" else f"{scalar.maximum:g}"
            return self.bad(
                "value", node, place, f"must be at most {most}, not {_shown(node)}", "write a smaller value"
            )
        return value

    # ------------------------------------------------------------ collections

    def _listing(self, node: Node, kind: Listing, place: Place) -> tuple[object, ...] | Bad:
        if not isinstance(node, Twig):
            remedy = (
                f"write [{node.text}]"
                if isinstance(node, Leaf) and len(node.text) <= 40
                else "begin each entry with '- '"
            )
            return self.bad("type", node, place, f"must be a list, not {describe(node)}", remedy)
        values = tuple(self.read(item, kind.item, place.child(i)) for i, item in enumerate(node.items))
        most, least = kind.limits.max_length, kind.limits.min_length
        if (most is not None and len(values) > most) or (least is not None and len(values) < least):
            bounds = f"at least {least}" if least is not None and len(values) < least else f"at most {most}"
            fact = f"must have {bounds} entries, not {len(values)}"
            return self.bad("value", node, place, fact, "write more or fewer of them")
        return BAD if any(value is BAD for value in values) else values

    def _table(self, node: Node, kind: Table, place: Place) -> dict[object, object] | Bad:
        if not isinstance(node, Branch):
            return self.bad("type", node, place, f"must be a mapping, not {describe(node)}", "write `key: value` pairs")
        values = {
            self.read(key, kind.key, place.child(key.text)): self.read(value, kind.value, place.child(key.text))
            for key, value in node.items
        }
        return BAD if any(BAD in pair for pair in values.items()) else values

    def keys(self, node: Branch, place: Place) -> Iterable[tuple[str, Leaf, Node]]:
        """The keys of a mapping that are text; others are reported."""
        for leaf, value in node.items:
            if isinstance(leaf.value, str):
                yield leaf.value, leaf, value
            else:
                fact = f"is {describe(leaf)} where a key is wanted"
                self.bad("type", leaf, place.child(leaf.text), fact, f"write {quoted(leaf.text)}")

    def record(
        self, node: Node, kind: Record, place: Place, ignored: frozenset[str] = frozenset()
    ) -> msgspec.Struct | Bad:
        """A mapping with known keys as its struct, checked."""
        if not isinstance(node, Branch):
            return self.bad("type", node, place, f"must be a mapping, not {describe(node)}", f"write {_skeleton(kind)}")
        values: dict[str, object] = {}
        for name, leaf, child in self.keys(node, place):
            if field := kind.fields.get(name):
                values[field.attribute] = self.read(child, field.kind, place.child(name))
            elif name not in ignored and name not in kind.elsewhere:
                values[name] = self.unknown(leaf, place.child(name), "unknown key", (*kind.fields, *kind.elsewhere))
        whole = self.complete(node, kind.fields, place)
        good = whole and BAD not in values.values() and all(isinstance(leaf.value, str) for leaf, _ in node.items)
        return self.build(kind.cls, values, node, place) if good else BAD

    def unknown(self, leaf: Leaf, place: Place, fact: str, known: Iterable[str]) -> Bad:
        """Report a name that is not known, with the nearest one that is."""
        self.report.unknown(leaf.spot, place, fact, leaf.text, known)
        return BAD

    def complete(self, node: Branch, fields: Mapping[str, Field], place: Place) -> bool:
        """Whether all required keys are there; each that is not is reported."""
        present = {leaf.value for leaf, _ in node.items}
        lacking = [field for field in fields.values() if field.required and field.key not in present]
        for field in lacking:
            self.bad(
                "missing", node, place.child(field.key), "is missing", f"add `{field.key}: {_example(field.kind)}`"
            )
        return not lacking

    def build(
        self, cls: type[msgspec.Struct], values: Mapping[str, object], node: Branch, place: Place
    ) -> msgspec.Struct | Bad:
        """The struct, after its own `__post_init__` and the semantics of its model."""
        try:
            built = cls(**values)
        except ValueError as error:
            fact, remedy = (error.fact, error.remedy) if isinstance(error, GrammarError) else (str(error), "")
            return self.bad("value", node, place, fact, remedy)
        return check(built, node, place, self.report)

    # ------------------------------------------------------------ what the domain knows

    def _expecting(self, node: Node, kind: Expecting, place: Place) -> Expect | Bad:
        if isinstance(node, Leaf):
            bound = self._worded(node, Scalar("bound"), place)
            return BAD if bound is BAD else Expect({"value": bound})  # type: ignore[dict-item]
        if not isinstance(node, Branch) or not node.items:
            fact = f"must be a bound or a mapping of metrics, not {'an empty' if isinstance(node, Branch) else 'a'} "
            fact += "mapping" if isinstance(node, Branch) else "list"
            return self.bad("type", node, place, fact, 'write {successRate: ">= 99%"} or ">= 1"')
        bounds: dict[str, object] = {}
        for name, leaf, child in self.keys(node, place):
            if name in kind.metrics:
                bounds[name] = self.read(child, Worded(Scalar(METRIC_RULES.get(name, "bound"))), place.child(name))
            else:
                bounds[name] = self.unknown(leaf, place.child(name), "unknown metric", kind.metrics)
        good = len(bounds) == len(node.items) and BAD not in bounds.values()
        return Expect(bounds) if good else BAD  # type: ignore[arg-type]

    def _probing(self, node: Node, place: Place) -> object:
        if not isinstance(node, Branch) or len(node.items) != 1:
            fact = f"must be a mapping of one probe's name, not {describe(node)}"
            if isinstance(node, Branch):
                fact = f"must have exactly one probe's name as its key, not {len(node.items)}"
            return self.bad("type", node, place, fact, "write {http: {url: ...}}")
        for name, leaf, child in self.keys(node, place):
            if name in self.registry.probes:
                return self.record(child, record_of(self.registry.probes[name]), place.child(name))
            self.unknown(leaf, place.child(name), "unknown probe", sorted(self.registry.probes))
        return BAD

    def _either(self, node: Node, kind: Either, place: Place) -> object:
        first: Report | None = None
        for option in kind.kinds:
            trial = Report(self.report.file)
            value = msgspec.structs.replace(self, report=trial).read(node, option, place)
            if value is not BAD:
                return value
            first = first or trial
        self.report.problems.extend(first.problems if first else ())
        return BAD


def _finite(value: object) -> float:
    return finite(float(value) if isinstance(value, (int, float)) else math.nan)


def _short_enough(text: str) -> str:
    if len(text) > TEXT_MAX:
        raise GrammarError(f"is longer than {TEXT_MAX} characters", "write a shorter one")
    return text


def _looks_numeric(text: str) -> bool:
    return bool(re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text[:40]))


def _shown(node: Node) -> str:
    return quoted(node.text) if isinstance(node, Leaf) else describe(node)


def _skeleton(kind: Record) -> str:
    if "selector" in kind.fields:
        return "{selector: {app: ...}}"
    wanted = [field.key for field in kind.fields.values() if field.required] or list(kind.fields)[:1]
    return "{" + ", ".join(f"{key}: ..." for key in wanted) + "}"


def _example(kind: Kind) -> str:
    if isinstance(kind, Worded):
        rule: Rule = RULES[kind.scalar.name]
        return rule.examples[0]
    if isinstance(kind, Choice):
        return kind.options[0]
    if isinstance(kind, Record):
        return _skeleton(kind)
    if isinstance(kind, Expecting):
        return '{successRate: ">= 99%"}'
    return "{http: {url: ...}}" if isinstance(kind, Probing) else "..."
