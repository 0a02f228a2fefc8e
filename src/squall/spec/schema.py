"""The schemas, made from the same kinds as the parser: JSON Schema 2020-12 for editors, and the Kubernetes CRD.

What a schema of either sort refuses, the parser refuses too; the parser refuses more (it knows moments and rings).
"""

from __future__ import annotations

from squall.spec.crd import crd
from squall.spec.entries import MAX_FAULTS, common_fields, is_lasting, settings_record
from squall.spec.kinds import Record, record_of
from squall.spec.model import API_VERSION, KIND, Experiment, FaultEntry, Metadata, Registry, Spec
from squall.spec.parse import SERVER_KEYS, spec_record
from squall.spec.shapes import Json, Schema, record, says, shape

__all__ = ["crd", "json_schema"]

_TARGET = "target"


def json_schema(registry: Registry) -> dict[str, Json]:
    """A JSON Schema (2020-12) of everything that `parse` takes with these faults and probes."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://{API_VERSION}/{KIND}.json",
        "title": KIND,
        "description": says(Experiment),
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": KIND},
            "metadata": _metadata(registry),
            "spec": _spec(registry),
            "status": {"description": "Written by the operator; read over"},
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "$defs": _definitions(registry),
    }


def _metadata(registry: Registry) -> Schema:
    written = record(record_of(Metadata), "json", registry)
    properties = written["properties"]
    served: Schema = {key: {"description": "Set by the API server; read over"} for key in sorted(SERVER_KEYS)}
    return {**written, "properties": {**(properties if isinstance(properties, dict) else {}), **served}}


def _spec(registry: Registry) -> Schema:
    body = record(spec_record(), "json", registry)
    properties = dict(body["properties"]) if isinstance(body["properties"], dict) else {}
    properties |= {
        "target": {"$ref": "#/$defs/target"},
        "action": {"description": "The short form: one fault", "$ref": "#/$defs/fault"},
        "faults": {
            "description": "The long form: faults that may wait for each other",
            "type": "array",
            "items": {"$ref": "#/$defs/fault"},
            "minItems": 1,
            "maxItems": MAX_FAULTS,
        },
    }
    one_of: list[Json] = [{"required": ["action"]}, {"required": ["faults"]}]
    return {**body, "description": says(Spec), "properties": properties, "oneOf": one_of}


def _definitions(registry: Registry) -> Schema:
    names = sorted(registry.faults)
    choices: list[Json] = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {"$ref": f"#/$defs/fault.{name}"},
        }
        for name in names
    ]
    fault: Schema = {
        "description": says(FaultEntry),
        "type": "object",
        "properties": {"type": {"enum": list(names)}},
        "required": ["type"],
        "allOf": choices,
    }
    faults: Schema = {f"fault.{name}": _fault(name, registry) for name in names}
    return {"target": _target(registry), "fault": fault, **faults}


def _fault(name: str, registry: Registry) -> Schema:
    settings = settings_record(registry, name)
    common = record(Record(FaultEntry, common_fields()), "json", registry)["properties"]
    own = record(settings, "json", registry)
    properties: dict[str, Json] = {"type": {"const": name}}
    for part in (common, own["properties"]):
        properties |= part if isinstance(part, dict) else {}
    properties["target"] = {"$ref": "#/$defs/target"}
    required: list[Json] = ["type", *(field.key for field in settings.fields.values() if field.required)]
    required += ["duration"] if is_lasting(registry.faults[name]) else []
    both: Schema = {"required": ["count", "percentage"]}
    return {**own, "properties": properties, "required": required, "not": both}


def _target(registry: Registry) -> Schema:
    written = shape(spec_record().fields[_TARGET].kind, "json", registry)
    words: list[Json] = [
        {"required": [key], "properties": {key: {filled: 1}}}
        for key, filled in (("selector", "minProperties"), ("expressions", "minItems"), ("refs", "minItems"))
    ]
    modes: list[Json] = [
        {"if": _mode_is("fixed"), "then": {"required": ["value"], "properties": {"value": _whole()}}},
        {"if": _mode_is("fixed-percent", "random-max-percent"), "then": {"required": ["value"]}},
        {"if": _mode_is("one", "all"), "then": {"not": {"required": ["value"]}}},
        {"if": {"required": ["value"]}, "then": {"required": ["mode"]}},
    ]
    return {**written, "anyOf": words, "allOf": modes}


def _mode_is(*modes: str) -> Schema:
    return {"required": ["mode"], "properties": {"mode": {"enum": list(modes)}}}


def _whole() -> Schema:
    return {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "not": {"pattern": "%|^0"}}]}
