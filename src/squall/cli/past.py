"""`squall runs`, `squall report`."""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec

from squall.app.runs import past_runs, rendered
from squall.cli.output import emit, output_option

_STATES = {
    "running": "going on",
    "finished": "",
    "restored": "interrupted, restored",
    "interrupted": "interrupted, NOT RESTORED",
}


@click.command(epilog="example: squall runs --limit 5")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--name", help="Only runs of this experiment.")
@output_option
def runs(limit: int, name: str | None, output: str) -> int:
    """Past runs, newest first."""
    rows = past_runs(limit, name)
    lines = []
    for row in rows:
        began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.started))
        lines.append(f"{row.run}  {began}  {row.outcome or '-':<13} {row.name:<24} {_STATES[row.state]}")
    emit(output, [msgspec.to_builtins(row) for row in rows], "\n".join(lines) or "no runs yet")
    return 0


@click.command(epilog="example: squall report last --format html --to report.html")
@click.argument("run", default="last")
@click.option(
    "--format", "kind", type=click.Choice(["text", "html", "json", "junit"]), default="text", show_default=True
)
@click.option("--to", "path", type=click.Path(path_type=Path), help="Write to this file instead of stdout.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), help="Short for --format.")
def report(run: str, kind: str, path: Path | None, output: str | None) -> int:
    """The report of RUN (its id, the beginning of it, or `last`)."""
    text = rendered(run, output or kind)
    if path is None:
        emit("text", None, text)
    else:
        path.write_text(text)
        emit("text", None, str(path))
    return 0
