"""The wall clock is for people: it may jump by years in mid-fault, and every deadline stays where it was."""

from __future__ import annotations

import asyncio
import json
import random
import time
from pathlib import Path

import pytest

from squall._kit.clock import SystemClock
from squall._kit.virtual import VirtualClock
from tests.run.workbench import Bench, document

YEARS_S = 10 * 365 * 86_400.0


class JumpingClock(SystemClock):
    """Every look at the wall is ten years off, now back, now forth."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self.looks = 0

    def wall(self) -> float:
        self.looks += 1
        return super().wall() + self._dice.choice((-YEARS_S, YEARS_S))


@pytest.mark.parametrize("seed", range(3))
def test_a_wall_clock_that_jumps_by_ten_years_moves_no_deadline(home: Path, seed: int) -> None:
    clock = JumpingClock(seed)
    text = document({"platform": "memory", "refs": ["memory/demo-0"]}, {"type": "podFailure", "duration": "700ms"})
    began = time.monotonic()
    result = Bench(text, clock=clock).run()
    assert clock.looks >= 5
    assert time.monotonic() - began < 6.0
    fault = next(window for window in result.windows if window.name == "fault")
    assert 0.6 <= fault.end - fault.start <= 2.0
    assert result.receipt is not None
    assert result.receipt.clean
    assert json.loads((home / "memory.json").read_text())["effects"] == {}


def test_the_virtual_clock_wakes_sleepers_in_the_order_of_their_deadlines() -> None:
    async def story() -> list[tuple[str, float]]:
        clock, woken = VirtualClock(now=0.0), list[tuple[str, float]]()

        async def sleeper(name: str, seconds: float) -> None:
            await clock.sleep(seconds)
            woken.append((name, clock.now()))

        async with asyncio.TaskGroup() as group:
            for name, seconds in (("late", 5.0), ("early", 1.0), ("at once", 0.0), ("later", 5.0)):
                group.create_task(sleeper(name, seconds))
            await clock.advance(0.5)
            clock.jump_wall(-YEARS_S)
            await clock.advance(10.0)
        return woken

    assert asyncio.run(story()) == [("at once", 0.0), ("early", 1.0), ("late", 5.0), ("later", 5.0)]
