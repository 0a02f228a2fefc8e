"""The reference pages against the code: every key, its default, every command and exit code."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
import pytest

from squall.app.doctor import table as faults_by_platform
from squall.app.load import registry
from squall.cli.main import COMMANDS
from squall.faults.registry import known_faults
from squall.plan.words import seconds
from squall.run.result import EXIT_CODES
from squall.spec import model
from squall.spec.entries import common_fields
from squall.spec.kinds import Choice, Kind, Worded, record_of
from squall.targets.registry import platform_names
from tests.docs.pages import ROOT, section, table

TYPES = "docs/experiment-types.md"
REFERENCE = "docs/document.md"
SECTIONS: Mapping[str, type[msgspec.Struct]] = {
    "metadata": model.Metadata,
    "target": model.TargetSpec,
    "steadyState": model.SteadyState,
    "safety": model.Safety,
    "success": model.Success,
    "schedule": model.Schedule,
    "monitoring": model.Monitoring,
}


@pytest.mark.parametrize("name", sorted(known_faults()))
def test_the_parameters_of_a_fault_are_those_of_the_code(name: str) -> None:
    fault = known_faults()[name]
    fields = {field.encode_name: field for field in msgspec.structs.fields(fault)}
    kinds = {key: field.kind for key, field in record_of(fault).fields.items()}
    rows = table(section(TYPES, name))
    assert list(rows) == list(fields)
    for key, (kind, default, _) in rows.items():
        assert kind == _kind(kinds[key]), f"{name}.{key}"
        assert default == _default(fields[key], kinds[key]), f"{name}.{key}"


@pytest.mark.parametrize("name", SECTIONS)
def test_the_keys_of_a_section_are_those_of_the_code(name: str) -> None:
    fields = record_of(SECTIONS[name]).fields
    rows = table(section(REFERENCE, name))
    assert list(rows) == list(fields)
    assert {key for key, row in rows.items() if row[1] == "required"} == {k for k, f in fields.items() if f.required}


def test_the_common_keys_of_faults_are_those_of_the_code() -> None:
    assert set(table(section(REFERENCE, "faults and action"))) == {"type", *common_fields()}


def test_the_keys_of_spec_are_those_of_the_code() -> None:
    assert set(table(section(REFERENCE, "spec"))) == {"action", *record_of(model.Spec).fields}


def test_every_probe_is_described_with_all_its_settings() -> None:
    rows = table(section(REFERENCE, "probes"))
    assert set(rows) == set(registry().probes)
    for name, probe in registry().probes.items():
        assert set(re.findall(r"`([a-zA-Z]+)`", rows[name][0])) == set(record_of(probe).fields), name


def test_modes_and_metrics_are_those_of_the_code() -> None:
    text = (ROOT / REFERENCE).read_text()
    for options in (model.Mode, model.Metric):
        assert [option for option in options.__args__ if option not in text] == []


def test_the_table_of_platforms_is_what_doctor_says() -> None:
    lines = re.findall(
        r"^\| \[(\w+)\]\(#\w+\) \| (\w+) \| (\w+) \| (\w+) \| (\w+) \|$", (ROOT / TYPES).read_text(), re.M
    )
    told = {name: dict(zip(("lab", "host", "memory"), cells, strict=False)) for name, *cells in lines}
    real = {
        name: {platform: "yes" if row[platform] else "no" for platform in ("lab", "host", "memory")}
        for name, row in faults_by_platform().items()
    }
    assert told == real
    assert {name: last for name, *_, last in lines} == {
        name: "yes" if fault.lasting else "no" for name, fault in known_faults().items()
    }


def test_every_exit_code_is_described() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| ([A-Z_ ]*)\|", (ROOT / "docs" / "exit-codes.md").read_text(), re.M))
    told = {name.strip().replace(" ", "_"): int(code) for code, name in rows.items() if name.strip()}
    assert told == EXIT_CODES
    assert {"2", "70"} <= set(rows)


def test_every_command_stands_somewhere_in_the_docs() -> None:
    text = "".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    assert [name for name in COMMANDS if f"squall {name}" not in text] == []


def test_the_supported_platforms_are_the_installed_ones() -> None:
    text = section("README.md", "Supported systems")
    assert set(re.findall(r"^\| platform `(\w+)`", text, re.M)) == set(platform_names())


def _kind(kind: Kind) -> str:
    if isinstance(kind, Worded):
        return kind.scalar.name
    if isinstance(kind, Choice):
        return ", ".join(kind.options)
    return {"Flag": "true, false", "Record": "selection"}[type(kind).__name__]


def _default(field: msgspec.structs.FieldInfo, kind: Kind) -> str:
    if field.required:
        return "required"
    value = field.default
    if isinstance(value, model.PeerSpec):
        return "everybody"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(kind, Worded) and kind.scalar.name == "percent":
        return f"{value * 100:g}%"
    return seconds(value) if isinstance(value, float) else str(value)
