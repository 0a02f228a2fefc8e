"""The CustomResourceDefinition: flat and structural, with the rules between keys in CEL.

All faults share one flat mapping, so one parameter name has one type; which fault takes which parameter is a CEL rule.
Sources: Kubernetes "Extend the Kubernetes API with CustomResourceDefinitions" (structural schemas, validation rules).
"""

from __future__ import annotations

from collections.abc import Mapping

from squall.spec.entries import MAX_FAULTS, common_fields, is_lasting, own_fields
from squall.spec.kinds import Record
from squall.spec.model import API_VERSION, KIND, FaultEntry, Registry, Spec
from squall.spec.parse import spec_record
from squall.spec.shapes import Json, Schema, record, says, shape

GROUP, VERSION = API_VERSION.split("/")
PLURAL = "chaosexperiments"
_LIST_MAX = 100
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_CEL_RESERVED = frozenset(
    ("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function")
) | (frozenset(("if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while")))
_COLUMNS = (
    ("Phase", "string", ".status.phase"),
    ("Verdict", "string", ".status.verdict"),
    ("Run", "string", ".status.run"),
    ("Age", "date", ".metadata.creationTimestamp"),
)


def crd(registry: Registry) -> dict[str, Json]:
    """The CRD manifest. Raises ValueError where two faults give one parameter name two types."""
    names: Schema = {"kind": KIND, "plural": PLURAL, "singular": KIND.lower(), "listKind": f"{KIND}List"}
    columns: list[Json] = [{"name": name, "type": kind, "jsonPath": path} for name, kind, path in _COLUMNS]
    version: Schema = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _root(registry)},
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {**names, "shortNames": ["squall"], "categories": ["all"]},
            "versions": [version],
        },
    }


def _root(registry: Registry) -> Schema:
    status: Schema = {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "properties": {key: {"type": "string"} for key in ("phase", "verdict", "run")},
    }
    text: Schema = {"type": "string"}
    properties: Schema = {"apiVersion": text, "kind": text, "metadata": {"type": "object"}}
    return {
        "description": "A chaos experiment: whom to hurt, how, for how long, and what must hold meanwhile",
        "type": "object",
        "properties": {**properties, "spec": _spec(registry), "status": status},
        "required": ["spec"],
    }


def _spec(registry: Registry) -> Schema:
    body = record(spec_record(), "flat", registry)
    fault = _fault(registry)
    properties = _bounded(body["properties"])
    target = _target(registry)
    faults: Schema = {"type": "array", "minItems": 1, "maxItems": MAX_FAULTS, "items": fault}
    rule = _rule("has(self.action) != has(self.faults)", "write either action or faults")
    return {
        **body,
        "description": says(Spec),
        "properties": {**properties, "target": target, "action": fault, "faults": faults},
        "x-kubernetes-validations": [rule],
    }


def _bounded(fragment: Json) -> dict[str, Json]:
    """`fragment` with a bound on every list and free mapping, as the cost limits of CEL want it."""
    bounded = _bound(fragment)
    return bounded if isinstance(bounded, dict) else {}


def _bound(fragment: Json) -> Json:
    if isinstance(fragment, list):
        return [_bound(item) for item in fragment]
    if not isinstance(fragment, Mapping):
        return fragment
    inner = {key: _bound(value) for key, value in fragment.items()}
    if fragment.get("type") == "array":
        inner.setdefault("maxItems", _LIST_MAX)
    if "additionalProperties" in fragment and fragment.get("type") == "object":
        inner.setdefault("maxProperties", _LIST_MAX)
    return inner


def _rule(rule: str, message: str) -> Schema:
    return {"rule": rule, "message": message}


def _target(registry: Registry) -> Schema:
    written = _bounded(shape(spec_record().fields["target"].kind, "flat", registry))
    words = " || ".join(f"(has(self.{key}) && size(self.{key}) > 0)" for key in ("selector", "expressions", "refs"))
    valued = "['fixed', 'fixed-percent', 'random-max-percent']"
    rules: list[Json] = [
        _rule(words, "add a selector, expressions or refs"),
        _rule(f"!has(self.value) || (has(self.mode) && self.mode in {valued})", f"value needs a mode of {valued}"),
        _rule(f"!has(self.mode) || !(self.mode in {valued}) || has(self.value)", "this mode needs a value"),
    ]
    return {**written, "x-kubernetes-validations": rules}


def _fault(registry: Registry) -> Schema:
    common = record(Record(FaultEntry, common_fields()), "flat", registry)
    properties = _bounded(common["properties"])
    properties["target"] = _target(registry)
    properties["type"] = {"type": "string", "maxLength": 63, "enum": sorted(registry.faults)}
    owners: dict[str, list[str]] = {}
    for name in sorted(registry.faults):
        for key, field in own_fields(registry, name).items():
            fragment = _bound(shape(field.kind, "flat", registry))
            _agree(key, fragment, properties.get(key, fragment), owners.get(key, ["a common key"])[0], name)
            properties.setdefault(key, fragment)
            owners.setdefault(key, []).append(name)
    rules = [*_own_rules(owners, properties), *_needed_rules(registry)]
    rules.append(_rule("!(has(self.count) && has(self.percentage))", "write either count or percentage"))
    return {
        "description": says(FaultEntry),
        "type": "object",
        "required": ["type"],
        "properties": properties,
        "x-kubernetes-validations": list(rules),
    }


def _agree(key: str, new: Json, old: Json, owner: str, name: str) -> None:
    if _meaning(new) != _meaning(old):
        raise ValueError(
            f"the parameter {key} has one type in {owner} and another in {name}: "
            "the CRD is flat, so give one of them another name"
        )


def _meaning(fragment: Json) -> Json:
    """`fragment` without what is only said."""
    if isinstance(fragment, Mapping):
        return {key: _meaning(value) for key, value in fragment.items() if key not in ("description", "examples")}
    return [_meaning(item) for item in fragment] if isinstance(fragment, list) else fragment


def _own_rules(owners: Mapping[str, list[str]], properties: Mapping[str, Json]) -> list[Schema]:
    """Which fault takes which parameter; CEL cannot see a parameter without a type."""
    typeless = {key for key, shape in properties.items() if _PRESERVE in (shape if isinstance(shape, dict) else {})}
    return [
        _rule(f"!has(self.{_cel(key)}) || self.type in {names}", f"{key} belongs to {', '.join(names)}")
        for key, names in sorted(owners.items())
        if key not in typeless
    ]


def _needed_rules(registry: Registry) -> list[Schema]:
    rules = []
    for name, cls in sorted(registry.faults.items()):
        needed = [key for key, field in own_fields(registry, name).items() if field.required]
        needed += ["duration"] if is_lasting(cls) else []
        if needed:
            has = " && ".join(f"has(self.{_cel(key)})" for key in needed)
            rules.append(_rule(f"self.type != '{name}' || ({has})", f"{name} needs {', '.join(needed)}"))
    return rules


def _cel(key: str) -> str:
    return f"__{key}__" if key in _CEL_RESERVED else key
