"""Entry points, names of files, and what every fault must bring along."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module

import pytest

from squall.faults.registry import known_faults
from tests.shape.code import ROOT

GROUPS: dict[str, dict[str, str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
ENTRIES = [(group, name, value) for group, entries in GROUPS.items() for name, value in entries.items()]


@pytest.mark.parametrize(("group", "name", "value"), ENTRIES, ids=lambda text: text)
def test_every_entry_point_loads(group: str, name: str, value: str) -> None:
    module, _, attribute = value.partition(":")
    assert isinstance(getattr(import_module(module), attribute), type)


@pytest.mark.parametrize("name", sorted(GROUPS["squall.faults"]))
def test_a_fault_s_file_bears_its_name_in_lower_case(name: str) -> None:
    module = GROUPS["squall.faults"][name].partition(":")[0]
    assert module.rpartition(".")[2] == name.lower()


@pytest.mark.parametrize("name", sorted(GROUPS["squall.faults"]))
def test_a_fault_s_tag_is_the_name_of_its_entry_point(name: str) -> None:
    assert known_faults()[name].__struct_config__.tag == name


@pytest.mark.parametrize("name", sorted(GROUPS["squall.faults"]))
def test_a_fault_has_a_section_in_the_docs(name: str) -> None:
    assert f"\n## {name}\n" in (ROOT / "docs" / "experiment-types.md").read_text()


@pytest.mark.parametrize("name", sorted(GROUPS["squall.faults"]))
def test_a_fault_has_an_example(name: str) -> None:
    documents = [path.read_text() for path in (ROOT / "examples").rglob("*.yaml")]
    assert any(re.search(rf"\btype: {name}\b", text) for text in documents)


@pytest.mark.parametrize("name", sorted(GROUPS["squall.drivers"]))
def test_a_driver_is_named_platform_and_effect(name: str) -> None:
    platform, _, effect = name.partition("/")
    assert platform in GROUPS["squall.platforms"]
    assert re.fullmatch(r"[a-z]+", effect)
