"""Stop conditions: broken for as long as the document says, or mute, ends the run. On a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from squall._kit.virtual import VirtualClock
from squall.observe.api import ProbeKind, Reading, Surroundings
from squall.run.conditions import Conditions
from squall.run.events import Chronicle, Silent
from squall.run.stop import StopSwitch
from squall.spec.model import Expect, StopCondition
from squall.spec.scalars import Bound
from tests.calling import Cli
from tests.run.workbench import Bench, document

MUTE = None
BELOW_25 = Expect({"value": Bound("<", 25.0)})


class Scripted(ProbeKind, frozen=True, kw_only=True, tag="scripted"):
    """Reads what the test wrote: a number, or None where nothing answers; the last one goes on for ever."""

    values: tuple[float | None, ...]

    def open(self, surroundings: Surroundings) -> Script:
        return Script(self.values)


class Script:
    def __init__(self, values: Sequence[float | None]) -> None:
        self._values = list(values)

    async def read(self, at: float) -> Reading:
        value = self._values.pop(0) if len(self._values) > 1 else self._values[0]
        return Reading(at, ok=value is not None, value=value, error=None if value is not None else "nobody answers")

    async def close(self) -> None:
        return


async def watch(values: Sequence[float | None], hold_s: float, seconds: float) -> tuple[float | None, str]:
    """When and why the run was stopped, reading once a second."""
    clock, stop = VirtualClock(), StopSwitch()
    condition = StopCondition(
        name="errors", probe=Scripted(values=tuple(values)), expect=BELOW_25, hold=hold_s, every=1.0
    )
    conditions = Conditions([condition], Surroundings(lambda _: ()), stop, Chronicle(clock, Silent()))
    began = clock.now()
    conditions.start()
    while not stop.thrown and clock.now() - began < seconds:
        await clock.advance(0.5)
    await conditions.end()
    return (clock.now() - began if stop.thrown else None, stop.reason)


@pytest.mark.parametrize(
    ("values", "hold_s", "stopped_at"),
    [
        ([10.0], 3.0, None),
        ([99.0], 3.0, 3.5),
        ([10.0, 10.0, 99.0], 3.0, 5.5),
        ([99.0, 99.0, 10.0, 99.0, 99.0, 10.0], 3.0, None),
        ([10.0, MUTE], 3.0, 2.5),
        ([MUTE, 10.0], 30.0, None),
        ([MUTE, MUTE], 30.0, 1.5),
        ([float("nan")], 3.0, 3.5),
    ],
    ids=["good", "broken", "broken later", "never for long enough", "goes mute", "mute once", "mute twice", "nan"],
)
def test_a_condition_stops_the_run_when_broken_for_long_enough_or_mute_twice(
    values: list[float | None], hold_s: float, stopped_at: float | None
) -> None:
    at, reason = asyncio.run(watch(values, hold_s, 20.0))
    assert (at is None) == (stopped_at is None), reason
    assert at is None or stopped_at is None or abs(at - stopped_at) <= 0.5
    assert at is None or "stop condition 'errors'" in reason


def test_a_run_whose_condition_gives_no_data_is_stopped_and_restored(squall: Cli) -> None:
    mute = {"name": "gone", "probe": {"command": {"argv": ["/nonexistent"]}}, "expect": {"exitCode": "== 0"},
            "for": "1m", "every": "200ms"}  # fmt: skip
    text = document(
        {"platform": "memory", "refs": ["memory/demo-0"]}, {"type": "podFailure", "duration": "30s"},
        safety={"stopWhen": [mute]},
    )  # fmt: skip
    said = squall("run", squall.write(text))
    assert said.code == 4, said.err
    assert "stop condition 'gone' gives no data" in said.err
    assert '"effects":{}' in (squall.home / "memory.json").read_text()


def test_a_run_does_not_outlast_its_max_duration(home: object) -> None:
    text = document({"platform": "memory", "refs": ["memory/demo-0"]}, {"type": "podFailure", "duration": "30s"})
    result = Bench(text).with_plan(max_duration_s=0.5).run()
    assert result.outcome == "ABORTED"
    assert "safety.maxDuration is over" in result.reason
    assert result.duration_s < 3.0
    assert result.receipt is not None
    assert result.receipt.clean
