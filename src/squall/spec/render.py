"""From an experiment back to a document: what `parse` reads as the same experiment. Defaults are left out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from squall.spec.entries import common_fields, own_fields
from squall.spec.kinds import Either, Expecting, Kind, Listing, Probing, Record, Table, Worded, kind_of, record_of
from squall.spec.model import API_VERSION, KIND, Expect, Experiment, FaultEntry, Metadata, ProbeSettings, Registry
from squall.spec.parse import spec_record
from squall.spec.scalars import Amount, Bound

Plain: TypeAlias = "bool | int | float | str | Sequence[Plain] | Mapping[str, Plain]"
"""What a document is made of."""

_Writer: TypeAlias = Callable[[float], str]

_SAFE = re.compile(r"[A-Za-z_/][A-Za-z0-9_/. -]*(?<! )")
_WORDS = re.compile(r"(?i:true|false|null|yes|no|on|off|y|n)")


def document(experiment: Experiment, registry: Registry) -> dict[str, Plain]:
    """The experiment as plain mappings, lists and scalars, ready for JSON."""
    spec: dict[str, Plain] = {}
    body = _record(experiment.spec, spec_record(), registry)
    target = body.pop("target")
    spec.update({"target": target, "faults": [_entry(entry, registry) for entry in experiment.spec.faults], **body})
    metadata = _record(experiment.metadata, record_of(Metadata), registry)
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}


def render(experiment: Experiment, registry: Registry) -> str:
    """The experiment as YAML, of a kind that versions 1.1 and 1.2 read alike."""
    return "\n".join(_lines(document(experiment, registry), "")) + "\n"


def _entry(entry: FaultEntry, registry: Registry) -> dict[str, Plain]:
    name = next(name for name, cls in registry.faults.items() if cls is type(entry.settings))
    common = Record(FaultEntry, common_fields())
    own = Record(type(entry.settings), own_fields(registry, name))
    return {"type": name, **_record(entry, common, registry), **_record(entry.settings, own, registry)}


def _record(struct: msgspec.Struct, kind: Record, registry: Registry) -> dict[str, Plain]:
    defaults = {info.name: info for info in msgspec.structs.fields(type(struct))}
    written: dict[str, Plain] = {}
    for key, field in kind.fields.items():
        value = getattr(struct, field.attribute)
        if value is None or (not defaults[field.attribute].required and value == _default(defaults[field.attribute])):
            continue
        written[key] = _plain(value, field.kind, registry)
    return written


def _default(info: msgspec.structs.FieldInfo) -> object:
    return info.default if info.default_factory is msgspec.NODEFAULT else info.default_factory()


def _plain(value: object, kind: Kind, registry: Registry) -> Plain:
    if isinstance(kind, Worded):
        return word(value, kind.scalar.name)
    if isinstance(value, msgspec.Struct):
        return _struct(value, kind, registry)
    if isinstance(kind, Listing) and isinstance(value, (tuple, list)):
        return [_plain(item, kind.item, registry) for item in value]
    if isinstance(kind, Table) and isinstance(value, dict):
        return {str(key): _plain(item, kind.value, registry) for key, item in value.items()}
    return _either(value, kind, registry)


def _struct(value: msgspec.Struct, kind: Kind, registry: Registry) -> Plain:
    if isinstance(kind, Record):
        return _record(value, kind, registry)
    if isinstance(kind, Probing) and isinstance(value, ProbeSettings):
        name = next(name for name, cls in registry.probes.items() if cls is type(value))
        return {name: _record(value, record_of(type(value)), registry)}
    if isinstance(kind, Expecting) and isinstance(value, Expect):
        return {metric: word(bound, "bound") for metric, bound in value.bounds.items()}
    return _either(value, kind, registry)


def _either(value: object, kind: Kind, registry: Registry) -> Plain:
    if isinstance(kind, Either):
        own = kind_of(type(value)) if not isinstance(value, tuple) else None
        fitting = [option for option in kind.kinds if option == own or (own is None and isinstance(option, Listing))]
        return _plain(value, fitting[0] if fitting else kind.kinds[0], registry)
    if isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"no document can spell {value!r}")


def word(value: object, name: str) -> Plain:
    """One scalar in the text of its grammar; `name` is a key of `words.RULES`."""
    if isinstance(value, Amount):
        return _amount(value, _seconds if name == "span" else _percent if value.percent else _count)
    if isinstance(value, Bound):
        return f"{value.op} {_measure(value)}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        writers: dict[str, _Writer] = {"duration": _seconds, "percent": _percent, "rate": _rate}
        return writers.get(name, _decimal)(float(value))
    return str(value)


def _measure(bound: Bound) -> str:
    if isinstance(bound.value, str):
        return bound.value
    if bound.unit == "percent":
        return _percent(bound.value)
    return _seconds(bound.value) if bound.unit == "duration" else repr(bound.value)


def _amount(amount: Amount, write: _Writer) -> str:
    low, high = write(amount.low), write(amount.high)
    return low if low == high else f"{low}-{high}"


def _count(number: float) -> str:
    return str(int(number))


def _seconds(number: float) -> str:
    return f"{_decimal(number)}s"


def _rate(number: float) -> str:
    return f"{_decimal(number)}B/s"


def _percent(fraction: float) -> str:
    return f"{_decimal(fraction, shift=2)}%"


def _decimal(number: float, shift: int = 0) -> str:
    """The shortest decimal digits that read back as `number`, without an exponent."""
    from decimal import Decimal

    text = format(Decimal(repr(number)).scaleb(shift), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _lines(value: Plain, indent: str) -> list[str]:
    lines: list[str] = []
    if isinstance(value, Mapping):
        for key, item in value.items():
            lines += _labelled(f"{indent}{_scalar(key)}:", item, indent + "  ")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            inner = _lines(item, indent + "  ") if _nested(item) else [f"{indent}  {_scalar(item)}"]
            lines += [f"{indent}- {inner[0][len(indent) + 2 :]}", *inner[1:]]
    return lines


def _labelled(label: str, item: Plain, indent: str) -> list[str]:
    return [label, *_lines(item, indent)] if _nested(item) else [f"{label} {_scalar(item)}"]


def _nested(item: Plain) -> bool:
    return isinstance(item, (Mapping, Sequence)) and not isinstance(item, str) and len(item) > 0


def _scalar(item: Plain) -> str:
    if isinstance(item, (Mapping, Sequence)) and not isinstance(item, str):
        return "{}" if isinstance(item, Mapping) else "[]"
    if isinstance(item, str):
        plain = _SAFE.fullmatch(item) and not _WORDS.fullmatch(item)
        return item if plain else _quoted(item)
    return json.dumps(item)


def _quoted(text: str) -> str:
    """A double-quoted scalar; beyond U+FFFF YAML has an escape that JSON lacks."""
    return '"' + "".join(json.dumps(c)[1:-1] if c <= "\uffff" else f"\\U{ord(c):08x}" for c in text) + '"'
