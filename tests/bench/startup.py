"""Start-up: a fresh process each time, against Chaos Toolkit doing the same work."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.bench.ground import Ground, Spent, interleaved, median, must, program, run
from tests.bench.table import Goal, Line

TRIVIAL = """\
apiVersion: chaos.example.com/v1
kind: ChaosExperiment
metadata: {name: trivial}
spec:
  target: {platform: memory, selector: {app: demo}, mode: one}
  steadyState:
    - name: works
      probe: {command: {argv: ["true"]}}
      expect: {exitCode: "== 0"}
  action: {type: noop}
"""
_TRUE = {"type": "process", "path": "true"}
PEERS = {
    "version": "1.0.0", "title": "trivial", "description": "the same work", "tags": [], "rollbacks": [],
    "steady-state-hypothesis": {
        "title": "works", "probes": [{"type": "probe", "name": "works", "tolerance": 0, "provider": _TRUE}],
    },
    "method": [{"type": "action", "name": "act", "provider": _TRUE}],
}  # fmt: skip
PEER = "Chaos Toolkit"


def measure(ground: Ground) -> Iterator[Line]:
    """Help, then a trivial run."""
    (ground.folder / "trivial.yaml").write_text(TRIVIAL)
    (ground.folder / "trivial.json").write_text(json.dumps(PEERS))
    squall, chaos = str(program("squall")), str(program("chaos"))
    if not program("chaos").exists():
        yield Line(what="start-up", unit="ms", squall=None, note="no `chaos` here: pip install 'squall[bench]'")
        return
    quiet = ("--no-version-check", "--settings", str(ground.folder / "no-settings.yaml"))
    yield from _pair(ground, "help", (squall, "--help"), (chaos, *quiet, "--help"), 0.5)
    run_argv = (chaos, *quiet, "run", "trivial.json")
    yield from _pair(ground, "trivial run", (squall, "run", "trivial.yaml"), run_argv, 1.0)


def _pair(ground: Ground, what: str, ours: tuple[str, ...], theirs: tuple[str, ...], bound: float) -> Iterator[Line]:
    spent: dict[str, list[Spent]] = {"squall": [], "other": []}

    def once(side: str, argv: tuple[str, ...]) -> float:
        spent[side].append(must(run(argv, ground), ground))
        return spent[side][-1].wall_s

    once("squall", ours), once("other", theirs)  # byte code and page cache are warm from here on
    spent = {"squall": [], "other": []}
    interleaved(2 * ground.rounds, {"squall": lambda: once("squall", ours), "other": lambda: once("other", theirs)})
    wall = {side: median([each.wall_s for each in found]) * 1e3 for side, found in spent.items()}
    cpu = {side: median([each.cpu_s for each in found]) * 1e3 for side, found in spent.items()}
    goal = Goal(of="ratio", bound=bound)
    yield Line(
        what=f"{what}, whole process", unit="ms", squall=wall["squall"], other=wall["other"], peer=PEER, goal=goal
    )
    yield Line(what=f"{what}, processor time", unit="ms", squall=cpu["squall"], other=cpu["other"], peer=PEER)
