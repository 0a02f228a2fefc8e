"""What all commands share: `-o text|json`, data on stdout, everything else on stderr, and errors with their hints."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import TextIO, TypeVar

import click
import msgspec

from squall._kit.errors import InvalidDocument, SquallError

F = TypeVar("F", bound=Callable[..., object])


def output_option(command: F) -> F:
    """Adds `-o`."""
    option = click.option(
        "-o", "--output", "output", type=click.Choice(["text", "json"]), default="text", show_default=True,
        help="How results are written to stdout.",
    )  # fmt: skip
    return option(command)


def platform_option(command: F) -> F:
    """Adds `--on`."""
    return click.option("--on", "platform", metavar="PLATFORM", help="Where targets live: lab, host, memory.")(command)


def emit(output: str, data: object, text: str) -> None:
    """Write a result to stdout."""
    if output == "json":
        text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
    try:
        sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _nobody_reads(sys.stdout)


def tell(text: str) -> None:
    """Write a remark to stderr; a reader that has gone away must not end a run that holds effects."""
    try:
        click.echo(text, err=True)
    except BrokenPipeError:
        _nobody_reads(sys.stderr)


def _nobody_reads(stream: TextIO) -> None:
    """The reader has seen enough; the exit code still says how it went."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def explain(error: object) -> int:
    """An expected error in words, and as JSON where `-o json` was asked for. Its exit code."""
    assert isinstance(error, SquallError)  # noqa: S101 - the one caller has looked
    problems = [str(problem) for problem in error.problems] if isinstance(error, InvalidDocument) else []
    for line in problems:
        tell(line)
    if not problems:
        tell(f"squall: {error}")
    if error.hint:
        tell(f"hint: {error.hint}")
    if wants_json():
        data = {"error": str(error), "hint": error.hint, "problems": problems, "exit": error.exit_code}
        emit("json", data, "")
    return error.exit_code


def wants_json() -> bool:
    """Whether `-o json` stands on the command line, also where parsing stopped before it."""
    arguments = sys.argv
    pairs = pairwise(arguments)
    return any(pair in (("-o", "json"), ("--output", "json")) for pair in pairs) or "--output=json" in arguments
