"""The drills on real labs: they hold on a sound one, and name what is missing from readings alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.calling import Cli
from tests.drills.conftest import RENAMED, SCALE

pytestmark = pytest.mark.lab
Open = Callable[..., Cli]

PATTERNS = {"retry": "no retry with back-off", "breaker": "no circuit breaker", "cache-fallback": "no cache fallback"}


def drill(cli: Cli, name: str) -> Any:
    said = cli("drill", name, "--on", "lab", "--scale", SCALE, "-o", "json")
    result = json.loads(said.out)
    assert said.code == {"HELD": 0, "BROKEN": 1}[result["outcome"]], result["reason"]
    assert all(line["kind"] in ("restored", "loss") for line in result["receipt"]["lines"])
    assert all(dose["felt"] for dose in result["doses"])
    return result


def named(result: Any) -> set[str]:
    """The patterns that the weaknesses name."""
    texts = [weakness["text"] for weakness in result["weaknesses"]]
    return {pattern for pattern, words in PATTERNS.items() if any(words in text for text in texts)}


def test_pod_kill_holds_on_a_sound_lab(sound: Cli) -> None:
    result = drill(sound, "pod-kill")
    assert result["outcome"] == "HELD"
    hurt = [step["target"] for stage in result["plan"]["stages"] for step in stage["steps"]]
    assert all(target["labels"].get("role") != "primary" for target in hurt)
    assert len([line for line in result["receipt"]["lines"] if line["kind"] == "loss"]) == len(hurt)
    assert result["notes"][0].startswith("fault windows are scaled by 0.02")


def test_network_partition_holds_on_a_sound_lab(sound: Cli) -> None:
    result = drill(sound, "network-partition")
    assert result["outcome"] == "HELD"
    assert result["recoveries"][-1]["seconds"] < 120
    by_quantity = {dose["step"].split(".")[0]: dose for dose in result["doses"]}
    assert by_quantity["cut-db"]["measured"] > 0.9
    assert by_quantity["cut-db"]["control"] < 0.1


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("breaker", "network-partition"), ("cache-fallback", "network-partition"), ("retry", "pod-kill")],
)
def test_the_named_weakness_follows_the_pattern_that_is_off_under_any_names(
    open_lab: Open, pattern: str, name: str
) -> None:
    cli = open_lab("lab", "--without", pattern, "--topology", str(RENAMED))
    result = drill(cli, name)
    assert result["outcome"] == "BROKEN"
    assert named(result) == {pattern}
    assert "catalogue" in result["weaknesses"][0]["text"]


@pytest.mark.parametrize("pattern", ["breaker", "cache-fallback"])
def test_pod_kill_does_not_blame_patterns_that_it_does_not_exercise(open_lab: Open, pattern: str) -> None:
    assert named(drill(open_lab("lab", "--without", pattern), "pod-kill")) == set()


def test_a_consumer_that_never_comes_back_and_a_fragile_lab_are_found_out(open_lab: Open) -> None:
    """Both wait out the two minutes that recovery may take, so they do it together."""
    labs = {
        "retry": open_lab("stubborn", "--without", "retry", "--topology", str(RENAMED), "--load", "8"),
        "all": open_lab("fragile", "--fragile", "--load", "8"),
    }
    assert named(drill(labs["all"], "pod-kill")) == {"retry"}
    waiting = {
        name: cli.start("drill", "network-partition", "--scale", SCALE, "-o", "json") for name, cli in labs.items()
    }
    results = {name: json.loads(process.communicate(timeout=400)[0]) for name, process in waiting.items()}
    assert {name: process.returncode for name, process in waiting.items()} == {"retry": 1, "all": 1}
    assert named(results["retry"]) == {"retry"}
    assert any("packer" in weakness["text"] for weakness in results["retry"]["weaknesses"])
    assert named(results["all"]) == set(PATTERNS)
