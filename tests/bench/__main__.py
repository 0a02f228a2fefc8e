"""`python -m tests.bench [--strict] [--quick] [--only start-up,links,timing,targets]`: measure, and show.

Writes `out/bench.json` and `out/bench.png`. A goal that is missed is red and says MISSED; the exit code is 0 all the
same, unless `--strict` asks for 1.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from tests.bench import links, startup, targets, timing
from tests.bench.ground import Ground
from tests.bench.plot import draw
from tests.bench.table import Line, render

PARTS: dict[str, Callable[[Ground], Iterator[Line]]] = {
    "start-up": startup.measure,
    "links": links.measure,
    "timing": timing.measure,
    "targets": targets.measure,
}
ROUNDS, ROUNDS_QUICK = 7, 3
OUT = Path("out")


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for; the exit code."""
    asked = _asked(arguments)
    began = time.time()
    folder = Path(tempfile.mkdtemp(prefix="squall-bench-"))
    ground = Ground(folder, ROUNDS_QUICK if asked.quick else ROUNDS, (64 if asked.quick else 1024) << 20, _say)
    try:
        lines = [line for name in asked.only.split(",") for line in _part(name, ground)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write("\n" + render(lines, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    _keep(lines, ground, began)
    missed = sum(line.met is False for line in lines)
    sys.stdout.write(
        f"\n{missed} goal(s) MISSED; {time.time() - began:.0f} s, load {os.getloadavg()[0]:.1f} at the end\n"
    )
    return 1 if asked.strict and missed else 0


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures Squall against its peers.")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a goal is missed")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and bytes: a look, no figures to publish")
    parser.add_argument("--only", default=",".join(PARTS), metavar="PARTS", help=f"some of {','.join(PARTS)}")
    asked = parser.parse_args(arguments)
    unknown = set(asked.only.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return asked


def _part(name: str, ground: Ground) -> Iterator[Line]:
    """One part; where it breaks, the others are measured all the same and the table says why."""
    _say(f"== {name}")
    try:
        yield from PARTS[name](ground)
    except Exception as error:
        yield Line(what=name, unit="-", squall=None, note=f"could not be measured: {type(error).__name__}: {error}")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _keep(lines: Sequence[Line], ground: Ground, began: float) -> None:
    OUT.mkdir(exist_ok=True)
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "kernel": platform.release()}
    figures = [{**msgspec.to_builtins(line), "ratio": line.ratio, "met": line.met} for line in lines]
    data = {"at": began, "rounds": ground.rounds, "bulk_bytes": ground.bulk_bytes, "machine": machine, "lines": figures}
    (OUT / "bench.json").write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=2))
    drawn = draw(lines, OUT / "bench.png")
    _say(
        f"written: {OUT}/bench.json"
        + (f", {OUT}/bench.png" if drawn else "; no picture: nothing judged or no matplotlib")
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
