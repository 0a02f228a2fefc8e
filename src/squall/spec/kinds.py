"""What the models' annotations mean, as plain data that the parser and the schema writers share."""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias, Union, get_args, get_origin

import msgspec

from squall.spec.model import Expect, ProbeSettings
from squall.spec.scalars import Amount, Bound, Scalar

METRIC_RULES: Mapping[str, str] = {
    "successRate": "percentBound",
    "errorRate": "percentBound",
    "p50": "durationBound",
    "p90": "durationBound",
    "p95": "durationBound",
    "p99": "durationBound",
}
"""Metrics with a unit of their own; the others take any bound."""


class Limits(msgspec.Struct, frozen=True):
    """Bounds of a plain value, from `msgspec.Meta`."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


class Flag(msgspec.Struct, frozen=True):
    """`true` or `false`."""


class Whole(msgspec.Struct, frozen=True):
    """A whole number."""

    limits: Limits = Limits()


class Number(msgspec.Struct, frozen=True):
    """A number."""

    limits: Limits = Limits()


class Text(msgspec.Struct, frozen=True):
    """Text, taken as it stands."""

    limits: Limits = Limits()


class Choice(msgspec.Struct, frozen=True):
    """One of some words."""

    options: tuple[str, ...]


class Worded(msgspec.Struct, frozen=True):
    """Text (or a plain number) with a grammar; `scalar.name` is a key of `words.RULES`."""

    scalar: Scalar


class Listing(msgspec.Struct, frozen=True):
    """A list, kept as a tuple."""

    item: Kind
    limits: Limits = Limits()


class Table(msgspec.Struct, frozen=True):
    """A mapping with free keys."""

    key: Kind
    value: Kind


class Field(msgspec.Struct, frozen=True):
    """One key of a record: as written, as an attribute, and what it takes."""

    key: str
    attribute: str
    kind: Kind
    required: bool
    says: str = ""


class Record(msgspec.Struct, frozen=True):
    """A mapping with known keys, kept as `cls`. `elsewhere` are keys that something else reads."""

    cls: type[msgspec.Struct]
    fields: Mapping[str, Field]
    elsewhere: tuple[str, ...] = ()


class Expecting(msgspec.Struct, frozen=True):
    """An `Expect`: bounds by metric, or one bare bound of the metric `value`."""

    metrics: tuple[str, ...]


class Probing(msgspec.Struct, frozen=True):
    """One probe of the registry, under its name."""


class Either(msgspec.Struct, frozen=True):
    """Any of several kinds; the first that fits counts."""

    kinds: tuple[Kind, ...]


Kind: TypeAlias = (
    Flag | Whole | Number | Text | Choice | Worded | Listing | Table | Record | Expecting | Probing | Either
)


@functools.cache
def record_of(cls: type[msgspec.Struct]) -> Record:
    """The keys of a model. Raises TypeError for an annotation that no document can spell."""
    fields = {}
    for info in msgspec.structs.fields(cls):
        try:
            kind = kind_of(info.type)
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.{info.name}: {error}") from error
        key = info.encode_name if info.encode_name != info.name else camel(info.name)
        fields[key] = Field(key, info.name, kind, info.required, _description(info.type))
    return Record(cls, fields)


def camel(name: str) -> str:
    """`start_after` as it is written in a document: `startAfter`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def kind_of(annotation: object) -> Kind:
    """What one annotation takes."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _annotated(annotation)
    if origin in (Union, types.UnionType):
        return _union(annotation)
    if origin is Literal:
        return Choice(tuple(str(option) for option in get_args(annotation)))
    if origin in (tuple, list):
        return Listing(kind_of(get_args(annotation)[0]))
    if origin in (dict, Mapping):
        key, value = get_args(annotation)
        return Table(kind_of(key), kind_of(value))
    return _plain(annotation)


def _plain(annotation: object) -> Kind:
    simple: dict[object, Kind] = {
        bool: Flag(),
        int: Whole(),
        float: Number(),
        str: Text(),
        Amount: Worded(Scalar("amount")),
        Bound: Worded(Scalar("bound")),
        ProbeSettings: Probing(),
    }
    if annotation in simple:
        return simple[annotation]
    if annotation is Expect:
        bounds = msgspec.structs.fields(Expect)[0].type
        return Expecting(tuple(get_args(get_args(bounds)[0])))
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return record_of(annotation)
    raise TypeError(f"a document cannot spell the type {annotation}")


def _annotated(annotation: object) -> Kind:
    base, *notes = get_args(annotation)
    for note in notes:
        if isinstance(note, Scalar):
            return Worded(note)
    kind = kind_of(base)
    for note in notes:
        if isinstance(note, msgspec.Meta) and isinstance(kind, (Whole, Number, Text, Listing)):
            kind = msgspec.structs.replace(kind, limits=_limits(note))
    return kind


def _limits(meta: msgspec.Meta) -> Limits:
    return Limits(meta.ge, meta.gt, meta.le, meta.lt, meta.min_length, meta.max_length, meta.pattern)


def _union(annotation: object) -> Kind:
    members = [member for member in get_args(annotation) if member not in (type(None), msgspec.UnsetType)]
    return kind_of(members[0]) if len(members) == 1 else Either(tuple(kind_of(member) for member in members))


def _description(annotation: object) -> str:
    notes = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return next((note.description for note in notes if isinstance(note, msgspec.Meta) and note.description), "")
