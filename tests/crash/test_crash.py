"""Kill any part of a run at any moment: nothing is left. The proof by killing at every point that there is."""

from __future__ import annotations

import pytest

from tests.crash.arenas import CASES, Case
from tests.crash.matrix import FULL, HARM_S_MAX, RECOVERY_POINTS, SEED, Life, Matrix

pytestmark = [pytest.mark.crash, pytest.mark.lab]

EVERY = pytest.mark.parametrize("case", CASES, ids=str)
SAME_DRIVER = {Case(platform, "networkPartition") for platform in ("memory", "lab")}
"""All network faults are one driver; where not all is asked for, the others' watchdog is tried at a few points."""
FEW = ("INTENDED.after#1", "apply.after#1", "APPLIED.after#1", "restore.before#1")


def leaks(lives: list[Life]) -> list[str]:
    return [f"killed at {life.point} {life.second}: {'; '.join(life.left)}" for life in lives if life.left]


@EVERY
def test_a_run_killed_at_any_point_is_healed_by_recover(matrix: Matrix, case: Case) -> None:
    lives = matrix.healed_by_recover(case, matrix.points(case))
    assert leaks(lives) == []
    assert sum(life.reached for life in lives) >= len(lives) - 2  # a second look need not come


@EVERY
def test_a_run_killed_at_any_point_harms_nobody_two_seconds_later_with_nobody_to_help(
    matrix: Matrix, case: Case
) -> None:
    every = FULL or not case.fault.startswith(("network", "connection")) or case in SAME_DRIVER
    lives = matrix.healed_by_watchdog(case, matrix.points(case) if every else FEW)
    assert leaks(lives) == []
    assert max(life.harmed_s for life in lives) <= HARM_S_MAX


@EVERY
def test_a_recovery_that_is_killed_too_is_finished_by_the_next(matrix: Matrix, case: Case) -> None:
    print(f"seed {SEED}: SQUALL_CRASH_SEED={SEED} repeats the sample")
    assert leaks(matrix.healed_in_the_end(case, matrix.pairs(case))) == []


def test_the_points_cover_every_append_and_every_call_of_a_driver(matrix: Matrix) -> None:
    kinds = {point.partition(".")[0] for point in matrix.points(Case("memory", "podFailure"))}
    appends = {"Header", "Before", "INTENDED", "APPLIED", "RESTORED", "Closed"}
    assert kinds == appends | {"capture", "apply", "renew", "restore", "look"}


@pytest.mark.parametrize("case", [Case("memory", "podFailure"), Case("host", "processPause")], ids=str)
def test_this_suite_finds_the_leaks_of_a_tool_that_hurts_first_and_writes_afterwards(
    matrix: Matrix, case: Case
) -> None:
    lives = matrix.healed_by_recover(case, matrix.points(case), apply_first=True)
    assert {life.point for life in lives if life.left} == {"apply.after#1", "INTENDED.before#1"}


def test_every_point_of_recovery_is_one_of_those_that_are_killed(matrix: Matrix) -> None:
    lives = matrix.healed_in_the_end(
        Case("memory", "networkPartition"), [("APPLIED.after#1", second) for second in RECOVERY_POINTS]
    )
    assert [life.reached for life in lives] == [True] * len(RECOVERY_POINTS)
    assert leaks(lives) == []
