"""The matrix of the session, and its lines in the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests.crash.arenas import Lab
from tests.crash.matrix import FULL, SEED, Life, Matrix

_FINISHED: list[Matrix] = []


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """Forges for all tests; the lab only once a case needs it."""
    labs: list[Lab] = []

    @cache
    def lab() -> Lab:
        labs.append(Lab(tmp_path_factory.mktemp("lab")))
        return labs[0]

    made = Matrix(tmp_path_factory.mktemp("crash"), lab)
    _FINISHED.append(made)
    yield made
    made.close()
    for each in labs:
        each.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Points by faults, and what leaked."""
    write: Callable[[str], None] = terminalreporter.write_line
    for done in _FINISHED:
        terminalreporter.section("crash matrix: a real SIGKILL at every point")
        write(
            f"{'platform':<9}{'fault':<19}{'points':>7}{'recover':>9}{'watchdog':>10}{'worst':>8}{'pairs':>7}{'leaks':>7}"
        )
        for line in _lines(done):
            write(line)
        write(_total(done))


def _lines(done: Matrix) -> Iterator[str]:
    for case in dict.fromkeys(row.case for row in done.rows if row.kind in ("recover", "watchdog", "pairs")):
        lives: dict[str, list[Life]] = {}
        for row in (row for row in done.rows if row.case == case):
            lives.setdefault(row.kind, []).extend(row.lives)
        counts = [len(lives.get(kind, ())) for kind in ("recover", "watchdog", "pairs")]
        worst = max((life.harmed_s for life in lives.get("watchdog", ())), default=0.0)
        leaks = sum(bool(life.left) for kind in ("recover", "watchdog", "pairs") for life in lives.get(kind, ()))
        yield (
            f"{case.platform:<9}{case.fault:<19}{len(done.points(case)):>7}{counts[0]:>9}{counts[1]:>10}"
            f"{worst:>6.2f} s{counts[2]:>7}{leaks:>7}"
        )


def _total(done: Matrix) -> str:
    lives = [life for row in done.rows if row.kind in ("recover", "watchdog", "pairs") for life in row.lives]
    broken = [life for row in done.rows if row.kind == "apply first" for life in row.lives]
    leaks = sum(bool(life.left) for life in lives)
    return (
        f"{len(lives)} deaths, {leaks} leaks; with the undo written after the harm, on purpose: "
        f"{sum(bool(life.left) for life in broken)} leaks in {len(broken)} deaths. "
        f"seed {SEED}{'' if FULL else '; all pairs: make crash'}"
    )
