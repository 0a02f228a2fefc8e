"""The suite's own proof: a driver that does not restore is found out by a real run."""

from __future__ import annotations

import asyncio

import pytest

from squall.run.restore import undo_of
from squall.targets.api import Mark
from tests.contract.rigs import Rig
from tests.run.workbench import Bench, Idle, document

pytestmark = pytest.mark.lab


@pytest.fixture(autouse=True)
def _home(holding: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_HOME", str(holding.home))


def text(rig: Rig) -> str:
    return document({"platform": rig.name.split("/")[0], "refs": [rig.ref]}, rig.action)


def test_a_run_whose_driver_does_not_restore_ends_in_exit_6_and_names_what_is_left(holding: Rig) -> None:
    idle = {holding.name: Idle(holding.driver)}
    bench = Bench(text(holding), drivers=idle, restore_within_s=0.2, ready_within_s=0.1)
    result = bench.run()
    (left,) = bench.journal.unsettled()
    asyncio.run(holding.driver.restore(left.ref, undo_of(holding.driver, left), Mark(left.run, left.step, left.n)))
    assert (result.outcome, result.exit_code, left.state) == ("NOT_RESTORED", 6, "STUCK")
    assert result.receipt is not None
    ours = {line.slot for line in result.receipt.lines if line.kind == "ours"}
    assert ours == {str(slot) for slot in bench.plan.claims}
    assert any(slot in result.reason for slot in ours)


def test_the_same_run_with_the_real_driver_is_restored(holding: Rig) -> None:
    bench = Bench(text(holding))
    result = bench.run()
    assert bench.journal.unsettled() == []
    assert result.receipt is not None
    assert result.receipt.clean
    assert result.outcome == "INCONCLUSIVE"  # nothing was watched
