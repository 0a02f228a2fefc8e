"""The link proxy: bulk throughput and added latency against a direct connection, HAProxy and Envoy; a latency toxic."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

from squall.lab import rpc
from tests.bench import proxies
from tests.bench.ground import Ground, interleaved, median
from tests.bench.proxies import Ways
from tests.bench.table import Goal, Line

ECHOES = 3000
SLOW_ECHOES = 15
TOXIC_S = 0.1
NEAR = Path(__file__).with_name("near.py")


def near(what: str, port: int, amount: float) -> object:
    """Ask the near end for one measurement."""
    argv = (sys.executable, "-I", str(NEAR), what, str(port), str(amount))
    done = subprocess.run(argv, capture_output=True, check=True, timeout=170)
    return json.loads(done.stdout)


def measure(ground: Ground) -> Iterator[Line]:
    """All of it, every path in every round."""
    with ExitStack() as open_:
        far = open_.enter_context(proxies.far_end(ground))
        paths, absent = {"direct": far}, []
        for name, start in (("squall", proxies.squall), ("HAProxy", proxies.haproxy), ("Envoy", proxies.envoy)):
            try:
                paths[name] = open_.enter_context(_started(start, ground, far))
            except (OSError, TimeoutError) as error:
                absent.append(Line(what=f"links against {name}", unit="-", squall=None, note=str(error)))
        yield from absent
        yield from _bulk(ground, paths)
        yield from _echo(ground, paths)
        yield from _toxic(ground, paths["squall"])


def _started(start: object, ground: Ground, far: Ways) -> AbstractContextManager[Ways]:
    made: AbstractContextManager[Ways] = start(ground, far)  # type: ignore[operator]
    return made


def _bulk(ground: Ground, paths: dict[str, Ways]) -> Iterator[Line]:
    ground.say(f"bulk, {ground.bulk_bytes >> 20} MiB over one connection, {ground.rounds} rounds")

    def once(port: int) -> float:
        took = near("bulk", port, ground.bulk_bytes)
        assert isinstance(took, float)
        return ground.bulk_bytes / took / 1e6

    figures = interleaved(ground.rounds, {name: partial(once, ways.sink) for name, ways in paths.items()})
    for name in paths:
        if name != "squall":
            goal = Goal(of="ratio", bound=1.0, at_least=True) if name == "HAProxy" else None
            ours, theirs = median(figures["squall"]), median(figures[name])
            yield Line(what="link, bulk", unit="MB/s", squall=ours, other=theirs, peer=name, goal=goal)


def _echo(ground: Ground, paths: dict[str, Ways]) -> Iterator[Line]:
    ground.say(f"echo of 1 KiB, {ECHOES} round trips on one connection, {ground.rounds} rounds")
    slow: dict[str, list[float]] = {name: [] for name in paths}

    def once(name: str) -> float:
        both = near("echo", paths[name].echo, ECHOES)
        assert isinstance(both, list)
        slow[name].append(both[1] * 1e3)
        return float(both[0] * 1e3)

    middle = interleaved(ground.rounds, {name: partial(once, name) for name in paths})
    for name in paths:
        if name != "squall":
            goal = Goal(of="difference", bound=0.1) if name == "direct" else None
            ours, theirs = median(middle["squall"]), median(middle[name])
            yield Line(what="link, echo p50", unit="ms", squall=ours, other=theirs, peer=name, goal=goal)
            ours, theirs = median(slow["squall"]), median(slow[name])
            yield Line(what="link, echo p99", unit="ms", squall=ours, other=theirs, peer=name)


def _toxic(ground: Ground, ways: Ways) -> Iterator[Line]:
    """What a delay of 100 ms one way adds to a round trip, less the 100 ms."""
    ground.say(f"latency toxic of {TOXIC_S * 1e3:g} ms, {SLOW_ECHOES} round trips, {ground.rounds} rounds")
    state = ground.folder / "links"

    def plain() -> float:
        return _p50(near("echo", ways.echo, SLOW_ECHOES * 4))

    def delayed() -> float:
        mark = f"bench/{time.monotonic_ns()}"
        toxics = [{"type": "latency", "latency_s": TOXIC_S}]
        held = {"op": "toxics.set", "link": "echo", "mark": mark, "ttl_s": 60, "direction": "to", "toxics": toxics}
        assert rpc.call(state, "links.sock", held)["ok"]
        try:
            return _p50(near("echo", ways.echo, SLOW_ECHOES))
        finally:
            rpc.call(state, "links.sock", {"op": "toxics.clear", "link": "echo", "mark": mark})

    figures = interleaved(ground.rounds, {"plain": plain, "delayed": delayed})
    error_ms = (median(figures["delayed"]) - median(figures["plain"]) - TOXIC_S) * 1e3
    goal = Goal(of="value", bound=2.0)
    yield Line(what="latency toxic of 100 ms, error at p50", unit="ms", squall=abs(error_ms), peer="asked", goal=goal)


def _p50(both: object) -> float:
    assert isinstance(both, list)
    return float(both[0])
