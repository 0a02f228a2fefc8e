"""Reads the faults of a document: `action`, the short form, and `faults`, the graph."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from squall.spec.checks import BAD, Bad
from squall.spec.kinds import Field, Record, record_of
from squall.spec.model import FaultEntry, FaultSettings, Registry
from squall.spec.problems import Place, quoted
from squall.spec.read import Reader
from squall.spec.tree import Branch, Leaf, Node, Twig, describe

MAX_FAULTS = 100


def common_fields() -> Mapping[str, Field]:
    """The keys that every fault has besides `type` and its own settings; none of them is required."""
    fields = record_of(FaultEntry).fields
    return {key: msgspec.structs.replace(field, required=False) for key, field in fields.items() if key != "settings"}


def own_fields(registry: Registry, name: str) -> Mapping[str, Field]:
    """The settings of one fault type. Raises TypeError where one of them has the name of a common key."""
    cls = registry.faults[name]
    fields = record_of(cls).fields
    taken = sorted(set(fields) & {*common_fields(), "type"})
    if taken:
        raise TypeError(f"the setting {taken[0]} of the fault {name} has the name of a key that all faults share")
    return fields


def is_lasting(cls: type[FaultSettings]) -> bool:
    """Whether a fault of this class needs a duration."""
    return bool(getattr(cls, "lasting", False))


def read_entries(reader: Reader, node: Node, place: Place) -> tuple[FaultEntry, ...] | Bad:
    """The list under `faults`."""
    if not isinstance(node, Twig):
        remedy = "begin each fault with `- type: ...`"
        return reader.bad("type", node, place, f"must be a list, not {describe(node)}", remedy)
    if not 0 < len(node.items) <= MAX_FAULTS:
        fact = "has no entry" if not node.items else f"has {len(node.items)} entries, more than {MAX_FAULTS}"
        remedy = "add `- type: ...`" if not node.items else "split it into several experiments"
        return reader.bad("missing" if not node.items else "limit", node, place, fact, remedy)
    entries = [read_entry(reader, item, place.child(i)) for i, item in enumerate(node.items)]
    good = tuple(entry for entry in entries if not isinstance(entry, Bad))
    return good if len(good) == len(entries) else BAD


def read_entry(reader: Reader, node: Node, place: Place) -> FaultEntry | Bad:
    """One fault: `type` picks the settings, common keys go to the entry, the rest to the settings."""
    if not isinstance(node, Branch):
        return reader.bad("type", node, place, f"must be a mapping, not {describe(node)}", "write {type: ..., ...}")
    name = _type_of(reader, node, place)
    own = own_fields(reader.registry, name) if name else None
    common = common_fields()
    entry: dict[str, object] = {}
    settings: dict[str, object] = {}
    good = name is not None
    for key, leaf, child in reader.keys(node, place):
        if field := common.get(key):
            entry[field.attribute] = reader.read(child, field.kind, place.child(key))
        elif own is not None and (field := own.get(key)):
            settings[field.attribute] = reader.read(child, field.kind, place.child(key))
        elif key != "type" and name and own is not None:
            good = False
            _unknown_key(reader, leaf, place.child(key), name, (*common, *own))
    if name is None or own is None:
        return BAD
    good = _rules(reader, node, place, name) and good
    good = reader.complete(node, own, place) and good and all(isinstance(leaf.value, str) for leaf, _ in node.items)
    if not good or BAD in settings.values():
        return BAD
    built = reader.build(reader.registry.faults[name], settings, node, place)
    if BAD in entry.values() or not isinstance(built, FaultSettings):
        return BAD
    return _entry({"name": name, **entry, "settings": built})


def _entry(values: Mapping[str, object]) -> FaultEntry:
    return FaultEntry(**values)  # type: ignore[arg-type]


def _type_of(reader: Reader, node: Branch, place: Place) -> str | None:
    leaf = node.get("type")
    known = sorted(reader.registry.faults)
    if leaf is None:
        reader.bad("missing", node, place.child("type"), "is missing", f"add `type`: {', '.join(known)}")
        return None
    text = reader.text(leaf, place.child("type"))
    if isinstance(text, Bad) or not isinstance(leaf, Leaf):
        return None
    if text not in reader.registry.faults:
        reader.unknown(leaf, place.child("type"), f"unknown fault {quoted(text)}", known)
        return None
    return text


def _unknown_key(reader: Reader, leaf: Leaf, place: Place, name: str, known: tuple[str, ...]) -> None:
    if reader.report.full:
        return
    faults = reader.registry.faults
    others = [other for other in sorted(faults) if leaf.text in record_of(faults[other]).fields]
    if others:
        owners = ", ".join(others[:4])
        reader.bad("unknown", leaf, place, f"unknown key of {name}", f"'{leaf.text}' belongs to {owners}")
    else:
        reader.unknown(leaf, place, "unknown key", known)


def _rules(reader: Reader, node: Branch, place: Place, name: str) -> bool:
    count, percentage = node.get("count"), node.get("percentage")
    good = True
    if count is not None and percentage is not None:
        fact = "stands beside `count`: both say how many targets"
        reader.bad("conflict", percentage, place.child("percentage"), fact, "keep one of them")
        good = False
    if is_lasting(reader.registry.faults[name]) and node.get("duration") is None:
        fact = f"is missing: {name} lasts until it is ended"
        reader.bad("missing", node, place.child("duration"), fact, "add `duration: 5m`")
        good = False
    return good


def settings_record(registry: Registry, name: str) -> Record:
    """The settings of one fault type as a record, for the schema writers."""
    return Record(registry.faults[name], own_fields(registry, name))
