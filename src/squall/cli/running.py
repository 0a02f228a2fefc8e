"""`squall plan`, `squall run`, `squall drill`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from squall.app.drill import drill as load_drill
from squall.app.drill import drill_names, drill_text
from squall.app.load import load
from squall.app.plan import Choice, make_plan
from squall.app.run import Finished, run_experiment
from squall.cli.output import emit, output_option, platform_option, tell
from squall.plan.model import digest
from squall.plan.render import render
from squall.safety.api import Finding
from squall.spec.model import Experiment

F = TypeVar("F", bound=Callable[..., object])


def _choices(command: F) -> F:
    for option in (
        click.option("--seed", type=int, help="Seed of the random choices; default: drawn from the document."),
        click.option("--scale", type=click.FloatRange(1e-4, 1), default=1.0, show_default=True,
                     help="Shorten fault windows; criteria, leases and minimum samples are not scaled."),
        platform_option, output_option,
    ):  # fmt: skip
        command = option(command)
    return command


@click.command(epilog="example: squall plan experiment.yaml --on lab")
@click.argument("file", type=click.Path(path_type=Path))
@_choices
def plan(file: Path, platform: str | None, seed: int | None, scale: float, output: str) -> int:
    """Show what a run of FILE would hurt, when, for how long, what ends it and how it is undone."""
    return _show_plan(load(file), Choice(platform, seed, scale), output)


@click.command(epilog="example: squall run experiment.yaml --scale 0.1")
@click.argument("file", type=click.Path(path_type=Path))
@_choices
def run(file: Path, platform: str | None, seed: int | None, scale: float, output: str) -> int:
    """Run the experiment in FILE now. Ctrl-C stops and restores."""
    return _run(load(file), Choice(platform, seed, scale), output)


@click.command(epilog="example: squall drill pod-kill --on lab --scale 0.02")
@click.argument("name", required=False)
@click.option("--show", is_flag=True, help="Print the drill's document instead of running it.")
@click.option("--plan", "only_plan", is_flag=True, help="Print the plan instead of running it.")
@_choices
def drill(
    name: str | None, show: bool, only_plan: bool, platform: str | None, seed: int | None, scale: float, output: str
) -> int:
    """Run the built-in drill NAME; without a name list them."""
    if name is None:
        emit(output, drill_names(), "\n".join(drill_names()))
        return 0
    if show:
        emit("text", None, drill_text(name))
        return 0
    choice = Choice(platform, seed, scale)
    experiment = load_drill(name)
    return _show_plan(experiment, choice, output) if only_plan else _run(experiment, choice, output)


def _show_plan(experiment: Experiment, choice: Choice, output: str) -> int:
    planned = make_plan(experiment, choice)
    found = [msgspec.to_builtins(finding) for finding in planned.findings]
    data = {"digest": digest(planned.plan), "plan": msgspec.to_builtins(planned.plan), "findings": found}
    emit(output, data, render(planned.plan) + "".join(_finding(finding) for finding in planned.findings))
    return 3 if planned.refused else 0


def _finding(finding: Finding) -> str:
    hint = f" (hint: {finding.hint})" if finding.hint else ""
    return f"{finding.level:<9} {finding.check}: {finding.text}{hint}\n"


def _run(experiment: Experiment, choice: Choice, output: str) -> int:
    from squall.cli.live import open_live

    live = open_live(experiment.metadata.name)
    try:
        finished = run_experiment(experiment, choice, live)
    finally:
        live.close()
    _show_result(finished, output)
    return finished.result.exit_code


def _show_result(finished: Finished, output: str) -> None:
    from squall.report.build import build
    from squall.report.text import render as as_text

    for finding in finished.findings:
        if finding.level != "info":
            tell(_finding(finding).rstrip())
    emit(output, finished.result, "" if output == "json" else as_text(build(finished.result)))
    tell(f"report: {finished.html}" if finished.html else f"squall: {finished.trouble}")
