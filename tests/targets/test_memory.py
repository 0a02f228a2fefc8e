"""The world in a file: it outlives any process, and counts leases by itself."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from pathlib import Path

import pytest

from squall._kit.clock import boottime
from squall._kit.errors import TargetNotFound
from squall.targets.api import Break, Clean, Kill, Lease, Mark, Present, Settings, Slot, Unknown, Unreadable
from squall.targets.memory import state
from squall.targets.memory.drivers import MemoryBreak, MemoryKill
from squall.targets.memory.inspect import MemoryInspector
from squall.targets.memory.inventory import MemoryPlatform

MARK = Mark("run", "step", 0)


@pytest.fixture(autouse=True)
def _world(place: Settings) -> None:
    asyncio.run(MemoryPlatform(place).snapshot([]))


def lease(seconds: float) -> Lease:
    return Lease(seconds, boottime() + seconds)


def test_an_effect_whose_deadline_has_passed_does_not_exist_for_anybody(place: Settings) -> None:
    driver = MemoryBreak(place)
    undo = asyncio.run(driver.capture("memory/demo-0", Break()))
    asyncio.run(driver.apply("memory/demo-0", Break(), undo, MARK, lease(-0.001)))
    assert asyncio.run(driver.look("memory/demo-0", undo, MARK)) == Clean()
    assert asyncio.run(MemoryInspector(place.home / "memory.json").owned()) == ()
    assert asyncio.run(MemoryPlatform(place).snapshot([])).holdings == ()


def test_a_broken_pod_is_unhealthy_and_held_in_the_snapshot(place: Settings) -> None:
    driver = MemoryBreak(place)
    undo = asyncio.run(driver.capture("memory/demo-0", Break()))
    asyncio.run(driver.apply("memory/demo-0", Break(), undo, MARK, lease(60)))
    world = asyncio.run(MemoryPlatform(place).snapshot([]))
    assert [target.name for target in world.targets if not target.healthy] == ["demo-0"]
    assert [(holding.slot, holding.owner) for holding in world.holdings] == [("memory/pod/demo-0", str(MARK))]


def test_a_world_that_is_gone_is_unknown_and_unreadable_never_clean(place: Settings) -> None:
    driver = MemoryBreak(place)
    undo = asyncio.run(driver.capture("memory/demo-0", Break()))
    (place.home / "memory.json").unlink()
    assert isinstance(asyncio.run(driver.look("memory/demo-0", undo, MARK)), Unknown)
    slot = Slot("memory/pod/demo-0")
    assert isinstance(asyncio.run(MemoryInspector(place.home / "memory.json").read([slot]))[slot], Unreadable)


def test_a_pod_that_is_not_there_is_not_found(place: Settings) -> None:
    with pytest.raises(TargetNotFound, match="there is no pod demo-9"):
        asyncio.run(MemoryBreak(place).capture("memory/demo-9", Break()))


def test_a_killed_pod_that_nobody_restarts_is_never_replaced(place: Settings) -> None:
    with state.changing(place.home / "memory.json") as world:
        world.pods["demo-0"].restarts = False
    driver = MemoryKill(place)
    undo = asyncio.run(driver.capture("memory/demo-0", Kill()))
    asyncio.run(driver.apply("memory/demo-0", Kill(), undo, MARK, lease(1)))
    assert isinstance(asyncio.run(driver.look("memory/demo-0", undo, MARK)), Present)


def _add(path: str, name: str) -> None:
    for n in range(20):
        with state.changing(Path(path)) as world:
            world.pods[f"{name}-{n}"] = state.Pod()


def test_writers_in_several_processes_lose_nothing(place: Settings) -> None:
    path = place.home / "memory.json"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add, args=(str(path), name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(json.loads(path.read_text())["pods"]) == 3 + 60
