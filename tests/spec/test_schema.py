"""The schemas say what the parser says."""

# ruff: noqa: E501  a table is read by the line
from __future__ import annotations

import re
from typing import ClassVar

import pytest
import spec_samples as samples
import yaml
from spec_samples import REGISTRY, document, problems, with_fault

from squall.spec.schema import crd, json_schema

T = samples.TARGET
SCHEMA = json_schema(REGISTRY)
CRD = crd(REGISTRY)
ROOT = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]

GOOD = [
    samples.POD_FAILURE,
    samples.NETWORK_LATENCY,
    samples.EVERYTHING,
    with_fault("{type: podKill, gracePeriod: 1.5}"),
    with_fault("{type: podKill, percentage: '25'}"),
    document("target: {refs: [a/b], mode: fixed-percent, value: 50}\naction: {type: podKill}"),
    document("target: {refs: [a/b], mode: one}\naction: {type: podKill}"),
]
SEEN_BY_BOTH = [
    T,
    "action: {type: podKill}",
    T + "\naction: {type: podKill}\nfaults: [{type: podKill}]",
    T + "\nfaults: []",
    T + "\naction: {type: podKil}",
    T + "\naction: {duration: 5m}",
    T + "\naction: {type: podKill, latency: 5ms}",
    T + "\naction: {type: podFailure}",
    T + "\naction: {type: networkLatency, duration: 5m}",
    T + "\naction: {type: podFailure, duration: 5 minutes}",
    T + "\naction: {type: podFailure, duration: 0}",
    T + "\naction: {type: podFailure, duration: -1}",
    T + "\naction: {type: podKill, count: 1, percentage: 5}",
    T + "\naction: {type: podKill, percentage: 0.5}",
    T + "\naction: {type: podKill, percentage: 101}",
    T + "\naction: {type: podKill, count: 0}",
    T + "\naction: {type: podKill, count: '1'}",
    T + "\naction: {type: podKill, name: a b}",
    T + "\naction: {type: networkBandwidth, duration: 1, rate: 10}",
    T + "\naction: {type: networkBandwidth, duration: 1, rate: 10Mbps}",
    T + "\naction: {type: memoryStress, duration: 1, size: 1GB, workers: 65}",
    T + "\naction: {type: podKill}\nsafety: {minHealthy: 1-3}",
    T + "\naction: {type: podKill}\nsafety: {nope: 1}",
    T + "\naction: {type: podKill}\nsafety: null",
    T + "\naction: {type: podKill}\nsteadyState: [{name: a, probe: {}, expect: '> 1'}]",
    T + "\naction: {type: podKill}\nsteadyState: [{name: a, probe: {htp: {}}, expect: '> 1'}]",
    T + "\naction: {type: podKill}\nsteadyState: [{name: a, probe: {prometheus: {query: q}}, expect: '99%'}]",
    T + "\naction: {type: podKill}\nsteadyState: [{name: a, probe: {prometheus: {query: q}}, expect: {}}]",
    T + "\naction: {type: podKill}\nsteadyState: [{name: a, probe: {prometheus: {query: q}}, expect: {p95: '< 5%'}}]",
    T
    + "\naction: {type: podKill}\nsteadyState: [{name: a, probe: {prometheus: {query: q}}, expect: {successRate: '> 0.9'}}]",
    T + "\naction: {type: podKill}\nschedule: {cron: '@daily'}",
    T + "\naction: {type: podKill}\nschedule: {timeWindow: {start: 2030-01-01, end: 2031-01-01}}",
    "target: {namespace: a}\naction: {type: podKill}",
    "target: {selector: {app: 1}}\naction: {type: podKill}",
    "target: {selector: {a b: c}}\naction: {type: podKill}",
    "target: {refs: [a/b], mode: fixed}\naction: {type: podKill}",
    "target: {refs: [a/b], mode: fixed, value: 50%}\naction: {type: podKill}",
    "target: {refs: [a/b], mode: all, value: 1}\naction: {type: podKill}",
    "target: {refs: [a/b], value: 1}\naction: {type: podKill}",
]


class Core(yaml.SafeLoader):
    """PyYAML with what of YAML 1.1 differs here taken out: dates stay text."""


Core.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if not tag.endswith("timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def accepted(text: str) -> bool:
    jsonschema = pytest.importorskip("jsonschema")
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(yaml.load(text, Core))


def test_the_json_schema_is_one():
    pytest.importorskip("jsonschema").Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", GOOD)
def test_what_the_parser_takes_the_schema_takes(text):
    assert not problems(text)
    assert accepted(text)


@pytest.mark.parametrize("spec", SEEN_BY_BOTH)
def test_what_the_schema_refuses_the_parser_refuses(spec):
    assert problems(document(spec))
    assert not accepted(document(spec))


def walk(fragment, inside_any_of=False):
    """Each schema of a structural schema, and whether it stands inside `anyOf`."""
    yield fragment, inside_any_of
    for key in ("properties",):
        for inner in fragment.get(key, {}).values():
            yield from walk(inner, inside_any_of)
    for key in ("items", "additionalProperties"):
        if isinstance(fragment.get(key), dict):
            yield from walk(fragment[key], inside_any_of)
    for inner in fragment.get("anyOf", ()):
        yield from walk(inner, inside_any_of=True)


def test_the_crd_is_structural():
    known = {
        "type",
        "description",
        "properties",
        "items",
        "additionalProperties",
        "required",
        "enum",
        "pattern",
        "anyOf",
    }
    known |= {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties", "minimum", "maximum"}
    known |= {"exclusiveMinimum", "exclusiveMaximum"}
    for fragment, inside in walk(ROOT):
        unknown = [key for key in fragment if key not in known and not key.startswith("x-kubernetes-")]
        assert not unknown, fragment
        flexible = {"x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"} & set(fragment)
        assert inside or flexible or "type" in fragment, fragment
        if "anyOf" in fragment:
            assert fragment["anyOf"] == [{"type": "integer"}, {"type": "string"}]
        assert isinstance(fragment.get("exclusiveMinimum", True), bool)
        assert not ("properties" in fragment and "additionalProperties" in fragment)


def test_the_crd_has_its_names_columns_and_status():
    assert CRD["metadata"]["name"] == "chaosexperiments.chaos.example.com"
    assert CRD["spec"]["names"]["shortNames"] == ["squall"]
    version = CRD["spec"]["versions"][0]
    assert version["subresources"] == {"status": {}}
    assert [column["name"] for column in version["additionalPrinterColumns"]] == ["Phase", "Verdict", "Run", "Age"]


def test_the_rules_of_each_type_are_cel():
    action = ROOT["properties"]["spec"]["properties"]["action"]
    rules = [rule["rule"] for rule in action["x-kubernetes-validations"]]
    assert "!has(self.latency) || self.type in ['networkLatency']" in rules
    assert "!has(self.direction) || self.type in ['networkBandwidth', 'networkLatency']" in rules
    assert "self.type != 'networkLatency' || (has(self.latency) && has(self.duration))" in rules
    for rule in rules:
        for name in re.findall(r"self\.(\w+)", rule):
            assert name in action["properties"]


def test_one_parameter_name_has_one_type():
    class Other(samples.Fault, frozen=True, kw_only=True, tag="other"):
        lasting: ClassVar[bool] = False
        latency: int = 0

    registry = samples.Registry({**REGISTRY.faults, "other": Other}, REGISTRY.probes)
    with pytest.raises(ValueError, match="the parameter latency has one type in networkLatency and another in other"):
        crd(registry)
