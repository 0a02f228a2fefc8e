"""Every command: help with an example, data on stdout, `-o json` that is JSON, and errors with a next step."""

from __future__ import annotations

import json

import pytest

from squall.cli.main import COMMANDS
from tests.calling import Cli, memory


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example(squall: Cli, name: str) -> None:
    said = squall(name, "--help")
    assert said.code == 0
    assert "example:" in said.out or name == "lab"


def test_plan_and_run_name_the_same_targets_with_the_same_digest(squall: Cli) -> None:
    path = squall.write(
        memory("{type: podFailure, duration: 200ms}", mode="{mode}").replace("{mode}", "fixed-percent, value: 30%-70%")
    )
    planned = squall("plan", path, "-o", "json").data
    ran = squall("run", path, "-o", "json").data
    assert ran["digest"] == planned["digest"]

    def targets(plan: dict[str, list[dict[str, list[dict[str, dict[str, str]]]]]]) -> list[str]:
        return [step["target"]["ref"] for stage in plan["stages"] for step in stage["steps"]]

    assert targets(ran["plan"]) == targets(planned["plan"])
    assert targets(ran["plan"])


def test_another_seed_is_another_plan(squall: Cli) -> None:
    path = squall.write(memory("{type: podFailure, duration: 200ms}"))
    one = squall("plan", path, "--seed", "1", "-o", "json").data
    assert one["digest"] == squall("plan", path, "--seed", "1", "-o", "json").data["digest"]
    assert one["digest"] != squall("plan", path, "--seed", "2", "-o", "json").data["digest"]


def test_plan_and_validate_touch_nothing_and_run_nothing(squall: Cli) -> None:
    document = memory("{type: podFailure, duration: 200ms}").replace('["true"]', f'["touch", "{squall.cwd}/ran"]')
    path = squall.write(document)
    assert squall("validate", path).code == 0
    assert squall("plan", path).code == 0
    assert not (squall.cwd / "ran").exists()


def test_validate_reports_every_file_and_every_mistake(squall: Cli) -> None:
    good = squall.write(memory("{type: podFailure, duration: 1s}"), "good.yaml")
    bad = squall.write(memory("{type: podFailur, duration: 1y}"), "bad.yaml")
    said = squall("validate", good, bad, "-o", "json")
    assert said.code == 2
    assert [each["valid"] for each in said.data] == [True, False]
    assert "did you mean 'podFailure'?" in said.err


def test_without_a_lab_the_hint_is_to_start_one(squall: Cli) -> None:
    document = memory("{type: podFailure, duration: 1s}").replace("platform: memory, ", "")
    for arguments in (
        ("run", squall.write(document)),
        ("run", squall.write(document), "--on", "lab"),
        ("drill", "pod-kill"),
    ):
        said = squall(*arguments)
        assert said.code == 3
        assert "hint: squall lab up" in said.err


def test_an_unknown_platform_is_named_with_the_known_ones(squall: Cli) -> None:
    said = squall("plan", squall.write(memory("{type: podFailure, duration: 1s}")), "--on", "mars")
    assert said.code == 2
    assert "hint: known: host, lab, memory" in said.err


def test_errors_are_json_too(squall: Cli) -> None:
    said = squall("drill", "no-such-drill", "-o", "json")
    assert said.code == 2
    assert json.loads(said.out)["error"] == "there is no drill 'no-such-drill'"


def test_init_writes_a_document_that_validates_and_overwrites_nothing(squall: Cli) -> None:
    for platform in ("lab", "host", "memory"):
        path = str(squall.cwd / f"{platform}.yaml")
        assert squall("init", "--on", platform, path).code == 0
        assert squall("validate", path).code == 0
        assert squall("init", path).code == 2


def test_runs_and_report_show_what_was_run(squall: Cli) -> None:
    assert squall("runs").out == "no runs yet\n"
    run = squall("run", squall.write(memory("{type: podFailure, duration: 200ms}")), "-o", "json").data["run"]
    assert squall("runs", "-o", "json").data[0]["run"] == run
    assert squall("report").out.startswith("HELD")
    assert squall("report", run[:13], "--format", "junit").out.startswith("<?xml")
    assert "<html" in squall("report", "last", "--format", "html").out
    assert squall("report", "last", "-o", "json").data["run"] == run


def test_drills_are_listed_and_shown(squall: Cli) -> None:
    assert squall("drill", "-o", "json").data == ["network-partition", "pod-kill"]
    shown = squall("drill", "pod-kill", "--show").out
    assert squall("validate", squall.write(shown)).code == 0


def test_schema_and_crd_are_json(squall: Cli) -> None:
    assert "$schema" in squall("schema").data
    assert squall("schema", "--crd").data["kind"] == "CustomResourceDefinition"


def test_doctor_prints_the_table_of_faults_and_platforms(squall: Cli) -> None:
    table = squall("doctor", "-o", "json").data["table"]
    assert table["processPause"] == {"host": "watchdog", "lab": "runtime", "memory": "runtime"}
    assert table["networkLatency"]["host"] == ""


def test_recover_and_rollback_find_nothing_on_a_clean_machine(squall: Cli) -> None:
    assert squall("recover").out == "nothing to heal\n"
    assert squall("rollback").code == 0


def test_rollback_removes_what_no_journal_knows(squall: Cli) -> None:
    squall("plan", squall.write(memory("{type: podFailure, duration: 1s}")))
    path = squall.home / "memory.json"
    world = json.loads(path.read_text())
    world["effects"]["gone/step/0"] = {"pod": "demo-0", "kind": "break", "until": 1e12, "detail": {}}
    path.write_text(json.dumps(world))
    said = squall("rollback")
    assert said.code == 0
    assert "removed: break on demo-0" in said.out
    assert json.loads(path.read_text())["effects"] == {}


def test_the_bare_command_shows_its_help(squall: Cli) -> None:
    said = squall()
    assert said.code == 2
    assert said.out.startswith("Usage:")
