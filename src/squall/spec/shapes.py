"""What each kind looks like in a schema: one JSON Schema fragment, in two dialects.

`JSON` is JSON Schema 2020-12. `FLAT` is the structural subset that a Kubernetes CRD allows: no `$ref`, no types inside
`anyOf`, and `x-kubernetes-int-or-string` where text or a number may stand (fractions must then be written as text).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from squall.spec.kinds import (
    METRIC_RULES,
    Choice,
    Either,
    Expecting,
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
from squall.spec.model import Registry
from squall.spec.scalars import Scalar
from squall.spec.words import RULES, TEXT_MAX, Rule

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Schema: TypeAlias = dict[str, Json]
Dialect = Literal["json", "flat"]

_TABLE_MAX = 1000


def shape(kind: Kind, dialect: Dialect, registry: Registry) -> Schema:
    """The fragment for one kind."""
    if isinstance(kind, (Flag, Whole, Number, Text, Choice)):
        return _plain(kind, dialect)
    if isinstance(kind, Worded):
        return worded(kind.scalar, dialect)
    if isinstance(kind, Expecting):
        return _expecting(kind, dialect)
    if isinstance(kind, Either):
        return _either(kind, dialect, registry)
    return _collection(kind, dialect, registry)


def _collection(kind: Listing | Table | Record | Probing, dialect: Dialect, registry: Registry) -> Schema:
    if isinstance(kind, Record):
        return record(kind, dialect, registry)
    if isinstance(kind, Listing):
        sizes = {"minItems": kind.limits.min_length, "maxItems": kind.limits.max_length}
        return {"type": "array", "items": shape(kind.item, dialect, registry), **_given(sizes)}
    if isinstance(kind, Table):
        value = shape(kind.value, dialect, registry)
        table: Schema = {"type": "object", "additionalProperties": value}
        if dialect == "json":
            table["propertyNames"] = shape(kind.key, dialect, registry)
        return table
    probes = {name: record(record_of(cls), dialect, registry) for name, cls in sorted(registry.probes.items())}
    return closed({"type": "object", "properties": probes, "minProperties": 1, "maxProperties": 1}, dialect)


def _given(pairs: Mapping[str, Json]) -> Schema:
    return {key: value for key, value in pairs.items() if value is not None}


def _plain(kind: Flag | Whole | Number | Text | Choice, dialect: Dialect) -> Schema:
    if isinstance(kind, Flag):
        return {"type": "boolean"}
    if isinstance(kind, Choice):
        return {"type": "string", "enum": list(kind.options)}
    if isinstance(kind, Text):
        limits = kind.limits
        sizes = {"minLength": limits.min_length, "maxLength": limits.max_length, "pattern": limits.pattern}
        return {"type": "string", **_given(sizes)}
    return {"type": "integer" if isinstance(kind, Whole) else "number", **_range(kind.limits, dialect)}


def _range(limits: Limits, dialect: Dialect) -> Schema:
    if dialect == "flat":  # OpenAPI 3.0: the bound, and a flag that it is exclusive
        low = limits.ge if limits.gt is None else limits.gt
        high = limits.le if limits.lt is None else limits.lt
        bounds = {"minimum": low, "maximum": high}
        flags = {"exclusiveMinimum": True if limits.gt is not None else None}
        return _given({**bounds, **flags, "exclusiveMaximum": True if limits.lt is not None else None})
    bounds = {"minimum": limits.ge, "exclusiveMinimum": limits.gt, "maximum": limits.le, "exclusiveMaximum": limits.lt}
    return _given(bounds)


def worded(scalar: Scalar, dialect: Dialect) -> Schema:
    """The fragment for a scalar with a grammar."""
    rule = RULES[scalar.name]
    says = f"{rule.says}: {', '.join(rule.examples)}" if rule.examples else rule.says
    text: Schema = {"type": "string", "pattern": rule.pattern, "maxLength": rule.length_max or TEXT_MAX}
    if rule.numbers == "none":
        return {"description": says, **text, **({"examples": list(rule.examples)} if dialect == "json" else {})}
    if dialect == "flat":
        flat: Schema = {"description": says, "x-kubernetes-int-or-string": True}
        return {**flat, "anyOf": [{"type": "integer"}, {"type": "string"}], "pattern": rule.pattern}
    return {"description": says, "examples": list(rule.examples), "anyOf": [text, _number(rule, scalar)]}


def _number(rule: Rule, scalar: Scalar) -> Schema:
    number: Schema = {"type": "integer" if rule.numbers == "whole" else "number", "minimum": 0}
    if rule.number_max is not None:
        number["maximum"] = rule.number_max
    if scalar.minimum is not None and 0 < scalar.minimum < 1:
        number = {**number, "exclusiveMinimum": 0}
    if scalar.name == "percent":
        number["not"] = {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
    return number


def _expecting(kind: Expecting, dialect: Dialect) -> Schema:
    bounds: Schema = {metric: worded(Scalar(METRIC_RULES.get(metric, "bound")), dialect) for metric in kind.metrics}
    says = 'Bounds by metric, or one bare bound of the metric `value`: {successRate: ">= 99%"} or "< 25%"'
    if dialect == "flat":
        return {"description": says, "x-kubernetes-preserve-unknown-fields": True}
    table: Schema = {"type": "object", "properties": bounds, "minProperties": 1, "additionalProperties": False}
    return {"description": says, "anyOf": [worded(Scalar("bound"), dialect), table]}


def _either(kind: Either, dialect: Dialect, registry: Registry) -> Schema:
    if dialect == "json":
        return {"anyOf": [shape(option, dialect, registry) for option in kind.kinds]}
    if {type(option) for option in kind.kinds} == {Whole, Text}:
        return {"x-kubernetes-int-or-string": True}
    return {"x-kubernetes-preserve-unknown-fields": True}


def record(kind: Record, dialect: Dialect, registry: Registry) -> Schema:
    """The fragment for a mapping with known keys."""
    properties: Schema = {}
    for key, field in kind.fields.items():
        properties[key] = shape(field.kind, dialect, registry)
        if field.says:
            properties[key] = {**shape(field.kind, dialect, registry), "description": field.says}
    required: list[Json] = [field.key for field in kind.fields.values() if field.required]
    fragment: Schema = {"description": says(kind.cls), "type": "object", "properties": properties}
    return closed({**fragment, **({"required": required} if required else {})}, dialect)


def closed(fragment: Schema, dialect: Dialect) -> Schema:
    """A mapping that takes no other key; the API server prunes or refuses those itself."""
    return {**fragment, "additionalProperties": False} if dialect == "json" else fragment


def says(cls: type[msgspec.Struct]) -> str:
    """The docstring of a model, on one line for each paragraph."""
    paragraphs = inspect.cleandoc(cls.__doc__ or cls.__name__).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
