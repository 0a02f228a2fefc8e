"""Cost for each target: one whole run on 1, 100 and 1,000 pods of the `memory` platform."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import partial

from tests.bench.ground import Ground, interleaved, median, must, program, run
from tests.bench.table import Goal, Line

COUNTS = (1, 100, 1000)
ROUNDS_MAX = 7
POD = {
    "namespace": "default", "labels": {"app": "demo"}, "workload": "default/demo", "generation": 1, "ready": True,
    "immune": False, "restarts": True,
}  # fmt: skip
DOCUMENT = """\
apiVersion: chaos.example.com/v1
kind: ChaosExperiment
metadata: {name: many}
spec:
  target: {platform: memory, selector: {app: demo}, mode: fixed, value: COUNT}
  steadyState:
    - {name: works, probe: {command: {argv: ["true"]}}, expect: {exitCode: "== 0"}}
  action: ACTION
  safety: {maxTargets: 100%, lease: 60s}
"""
ACTIONS = {"noop": "{type: noop}", "podFailure": "{type: podFailure, duration: 100ms}"}


def measure(ground: Ground) -> Iterator[Line]:
    """A fault without harm, and one that lies on each pod."""
    for name, action in ACTIONS.items():
        rounds = min(ground.rounds, ROUNDS_MAX)
        ground.say(f"{name} on {', '.join(map(str, COUNTS))} targets, {rounds} rounds")
        unclear: list[int] = []
        sides = {str(count): partial(_once, ground, count, action, unclear) for count in COUNTS}
        seconds = {int(count): median(found) for count, found in interleaved(rounds, sides).items()}
        yield from _lines(name, seconds, f"{len(unclear)} run(s) ended INCONCLUSIVE" if unclear else "")


def _once(ground: Ground, count: int, action: str, unclear: list[int]) -> float:
    """Seconds of one run in a new home; one more pod than is hurt, because the last replica must stay."""
    home = ground.folder / f"many-{count}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    pods = {f"pod-{number:04}": POD for number in range(count + 1)}
    world = {"pods": pods, "namespaces": {"default": {"chaos-engineering": "enabled"}}, "effects": {}, "killed": []}
    (home / "memory.json").write_text(json.dumps(world))
    document = home / "many.yaml"
    document.write_text(DOCUMENT.replace("COUNT", str(count)).replace("ACTION", action))
    spent = must(run((str(program("squall")), "run", str(document)), ground, home), ground, codes=(0, 5))
    if spent.code:
        unclear.append(count)
    return spent.wall_s


def _lines(name: str, seconds: dict[int, float], note: str) -> Iterator[Line]:
    """The cost of one more target: what all targets but the first add, divided by their number."""
    one, *more = COUNTS
    each = {count: (seconds[count] - seconds[one]) / (count - one) * 1e3 for count in more}
    yield Line(what=f"{name}, whole run on 1 target", unit="ms", squall=seconds[one] * 1e3)
    for count in more:
        yield Line(what=f"{name}, whole run on {count:,} targets", unit="ms", squall=seconds[count] * 1e3)
    few, many = more
    yield Line(
        what=f"{name}, for each target of {many:,}", unit="ms", squall=each[many], other=each[few],
        peer=f"of {few:,}", goal=Goal(of="ratio", bound=2.0), note=note,
    )  # fmt: skip
