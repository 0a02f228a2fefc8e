"""`squall lab up|status|logs|down`."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from squall.app.home import home
from squall.cli.output import emit, output_option, tell


@click.group()
def lab() -> None:
    """The embedded system to rehearse on: real processes on loopback, in one folder."""


def _folder() -> Path:
    return home() / "lab"


@lab.command(epilog="example: squall lab up --without retry")
@click.option("--fragile", is_flag=True, help="Without any of the resilience patterns.")
@click.option(
    "--without", multiple=True, metavar="PATTERN", help="Without retry, breaker or cache-fallback; repeatable."
)
@click.option("--topology", type=click.Path(path_type=Path), help="Another set of services.")
@click.option("--load", type=float, default=20.0, show_default=True, help="Requests per second that the user makes.")
@output_option
def up(fragile: bool, without: tuple[str, ...], topology: Path | None, load: float, output: str) -> int:
    """Start the lab; on one that is up, show it."""
    from squall import lab as the_lab

    info = the_lab.up(
        _folder(), topology=topology, without=without, fragile=fragile, load_rps=load, on_progress=tell
    )  # fmt: skip
    emit(output, msgspec.to_builtins(info), _text(info))
    return 0


@lab.command(epilog="example: squall lab status")
@output_option
def status(output: str) -> int:
    """What is running, and what is switched off."""
    from squall import lab as the_lab

    info = the_lab.status(_folder())
    if info is None:
        emit(output, {"up": False}, "no lab is up")
        tell("hint: squall lab up")
        return 0
    emit(output, msgspec.to_builtins(info), _text(info))
    return 0


@lab.command(epilog="example: squall lab logs pake-api-0")
@click.argument("name", required=False)
@output_option
def logs(name: str | None, output: str) -> int:
    """What the services wrote."""
    from squall import lab as the_lab

    found = dict(the_lab.logs(_folder(), name))
    emit(output, found, "".join(f"== {each}\n{text}" for each, text in found.items()))
    return 0


@lab.command(epilog="example: squall lab down")
@output_option
def down(output: str) -> int:
    """End the lab and remove its folder."""
    from squall import lab as the_lab

    was_up = the_lab.down(_folder())
    emit(output, {"was_up": was_up}, "the lab is down" if was_up else "no lab was up")
    return 0


def _text(info: object) -> str:
    from squall.lab import LabInfo

    assert isinstance(info, LabInfo)  # noqa: S101 - the two callers have it from the lab
    lines = [f"{each.name:<28} {each.state:<9} {each.address}" for each in info.instances]
    return "\n".join(["the lab is up", *lines, "next: squall drill pod-kill --scale 0.02"])
