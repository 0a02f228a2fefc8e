"""`squall doctor`."""

from __future__ import annotations

import click

from squall.app.doctor import Examination
from squall.app.doctor import doctor as examine
from squall.cli.output import emit, output_option

_SIGNS = {"ok": "ok ", "missing": "NO ", "warning": "!  "}


@click.command(epilog="example: squall doctor -o json")
@output_option
def doctor(output: str) -> int:
    """What this machine can do, what is missing, the remedy, and the table fault x platform."""
    found = examine()
    emit(output, found, _text(found))
    return 0


def _text(found: Examination) -> str:
    lines = [f"squall {found.version}"]
    for line in found.lines:
        lines.append(f"{_SIGNS[line.state]} {line.what:<18} {line.text}")
        if line.remedy:
            lines.append(f"    hint: {line.remedy}")
    platforms = sorted(next(iter(found.table.values())))
    lines += ["", "what ends each fault when all of Squall is dead, by platform (-: it cannot be done there)"]
    lines.append(f"{'':<20}" + "".join(f"{platform:<12}" for platform in platforms))
    for fault, row in found.table.items():
        lines.append(f"{fault:<20}" + "".join(f"{row[platform] or '-':<12}" for platform in platforms))
    return "\n".join(lines)
