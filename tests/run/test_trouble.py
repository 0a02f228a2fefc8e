"""What drivers do wrong never keeps anybody hurt, and no error is read as "not applied"."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from squall._kit.errors import Unreachable
from squall.journal.api import Record, State
from squall.targets.api import Settings
from squall.targets.registry import Drivers
from tests.run.workbench import Bench, Idle, document

PODS = {"platform": "memory", "refs": ["memory/demo-0", "memory/demo-1"]}
LONG = {"type": "podFailure", "duration": "20s"}
SHORT = {"type": "podFailure", "duration": "300ms"}


class Wrapped(Idle):
    """The real driver but for one call."""

    def __init__(self, driver: Any, name: str, instead: Callable[..., Any]) -> None:
        super().__init__(driver)
        self._name, self._instead = name, instead

    async def restore(self, *arguments: Any) -> None:
        await self._driver.restore(*arguments)

    def __getattribute__(self, name: str) -> Any:
        get = super().__getattribute__
        if not name.startswith("_") and name == get("_name"):
            return lambda *arguments: get("_instead")(get("_driver"), *arguments)
        return get(name)


def with_(home: Path, name: str, instead: Callable[..., Any]) -> Mapping[str, Any]:
    """Only the driver of `podFailure`, with one call replaced."""
    return {"memory/break": Wrapped(Drivers(Settings(home))["memory/break"], name, instead)}


def effects(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "memory.json").read_text())["effects"]
    return found


def states(bench: Bench) -> list[State]:
    return [entry.state for entry in bench.journal.entries() if isinstance(entry, Record)]


def test_an_answer_that_is_lost_is_no_proof_of_nothing(home: Path) -> None:
    async def applied_and_lost(driver: Any, *arguments: Any) -> None:
        await driver.apply(*arguments)
        raise Unreachable("the reply was lost")

    bench = Bench(document({**PODS, "refs": ["memory/demo-0"]}, SHORT), drivers=with_(home, "apply", applied_and_lost))
    result = bench.run()
    assert effects(home) == {}
    assert states(bench) == [State.INTENDED, State.RESTORED]
    assert result.outcome == "INCONCLUSIVE"
    assert "the reply was lost" in result.reason


def test_a_bug_in_one_step_ends_the_others_at_once(home: Path) -> None:
    async def broken(driver: Any, ref: str, *arguments: Any) -> None:
        await driver.apply(ref, *arguments)
        if ref == "memory/demo-1":
            raise ZeroDivisionError

    bench = Bench(document(PODS, LONG), drivers=with_(home, "apply", broken))
    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        bench.run()
    assert time.monotonic() - began < 5.0
    assert effects(home) == {}
    assert bench.journal.unsettled() == []


def test_one_undo_that_fails_never_stops_the_others_and_is_tried_again(home: Path) -> None:
    failures = iter(range(3))

    async def flaky(driver: Any, ref: str, *arguments: Any) -> None:
        if ref == "memory/demo-1" and next(failures, None) is not None:
            raise OSError(5, "Input/output error")
        await driver.restore(ref, *arguments)

    bench = Bench(document(PODS, SHORT), drivers=with_(home, "restore", flaky))
    result = bench.run()
    assert effects(home) == {}
    assert bench.journal.unsettled() == []
    assert result.receipt is not None
    assert result.receipt.clean


def test_an_undo_that_always_fails_is_named_and_keeps_the_journal_open(home: Path) -> None:
    async def never(driver: Any, *_: Any) -> None:
        raise OSError(5, "Input/output error")

    drivers = with_(home, "restore", never)
    bench = Bench(document(PODS, SHORT), drivers=drivers, restore_within_s=0.2, ready_within_s=0.1)
    result = bench.run()
    assert result.exit_code == 6
    assert "Input/output error" in result.reason
    assert [record.state for record in bench.journal.unsettled()] == [State.STUCK, State.STUCK]


def test_a_look_that_cannot_see_never_counts_as_clean(home: Path) -> None:
    async def blind(driver: Any, *_: Any) -> None:
        raise Unreachable("nobody answers")

    bench = Bench(document(PODS, SHORT), drivers=with_(home, "look", blind), restore_within_s=0.2, ready_within_s=0.1)
    assert bench.run().exit_code == 6
    assert len(bench.journal.unsettled()) == 2


def test_harm_that_ends_before_its_time_is_a_finding_and_is_not_applied_again(home: Path) -> None:
    applied: list[str] = []

    async def counted(driver: Any, ref: str, *arguments: Any) -> None:
        applied.append(ref)
        await driver.apply(ref, *arguments)
        await driver.restore(ref, arguments[1], arguments[2])  # somebody takes it away

    text = document({**PODS, "refs": ["memory/demo-0"]}, LONG, safety={"lease": "1s"})
    result = Bench(text, drivers=with_(home, "apply", counted)).run()
    assert applied == ["memory/demo-0"]
    assert result.outcome == "INCONCLUSIVE"
    assert "its entry is gone" in result.reason
