"""Killing one run at each of its points, and what came of it."""

from __future__ import annotations

import itertools
import os
import queue
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, TypeVar

from tests.crash import oracle
from tests.crash.arenas import Arena, Case, Lab, arena
from tests.crash.child import Job
from tests.crash.forge import Death, Forge

T = TypeVar("T")
WORKERS = 4
FULL = os.environ.get("SQUALL_CRASH") == "full"
SEED = int(os.environ.get("SQUALL_CRASH_SEED") or random.SystemRandom().randrange(2**31))
PAIRS = 6
"""Pairs for each case where not all are asked for."""
RECOVERY_POINTS = tuple(
    f"{call}.{when}#1"
    for call in ("restore", "look", "RESTORED", "Closed") for when in ("before", "after")
)  # fmt: skip
REPEATS_MAX = 2
"""A call that is repeated (renewals, looks) is a point twice; later repetitions find the same state."""
HARM_S_MAX = 2.0


class Life(NamedTuple):
    """One kill, and what was left. `reached`: the run came to the point; `harmed_s`: until nothing was hurt."""

    case: Case
    point: str
    reached: bool
    left: tuple[str, ...]
    harmed_s: float = 0.0
    second: str = ""


class Row(NamedTuple):
    """One line of the matrix."""

    kind: str
    case: Case
    lives: Sequence[Life]


class Matrix:
    """Owns the forges, the arenas' folder and the results."""

    def __init__(self, folder: Path, lab: Callable[[], Lab]) -> None:
        self.rows: list[Row] = []
        self._folder = folder
        self._lab = lab
        self._number = itertools.count()
        self._forges: queue.Queue[Forge] = queue.Queue()
        self._lock = threading.Lock()
        self._traced: dict[Case, tuple[str, ...]] = {}
        for _ in range(WORKERS):
            self._forges.put(Forge())

    def close(self) -> None:
        for _ in range(WORKERS):
            self._forges.get().close()
        assert oracle.processes_naming(str(self._folder)) == []

    # ------------------------------------------------------------ points

    def points(self, case: Case) -> tuple[str, ...]:
        """The points of a clean run, traced once."""
        if case not in self._traced:
            self._traced[case] = self._trace(case)
        return self._traced[case]

    def _trace(self, case: Case) -> tuple[str, ...]:
        with self._arena(case) as place:
            trace = place.home / "trace"
            death = self._do(Job(do="run", home=str(place.home), document=str(place.document), trace=str(trace)))
            assert death.code in (0, 5), (place.home / "child.log").read_text()
            assert place.remains() == []
            names = trace.read_text().split()
        return tuple(name for name in names if int(name.rpartition("#")[2]) <= REPEATS_MAX)

    # ------------------------------------------------------------ the three questions

    def healed_by_recover(self, case: Case, points: Iterable[str], *, apply_first: bool = False) -> list[Life]:
        """Nobody watches; `squall recover` comes later."""
        kind = "apply first" if apply_first else "recover"
        return self._all(kind, case, lambda point: self._recovered(case, point, apply_first), points)

    def healed_by_watchdog(self, case: Case, points: Iterable[str]) -> list[Life]:
        """Nobody helps; the run's own watchdog is there."""
        return self._all("watchdog", case, lambda point: self._watched(case, point), points)

    def healed_in_the_end(self, case: Case, pairs: Iterable[tuple[str, str]]) -> list[Life]:
        """Recovery is killed too, and comes a second time."""
        return self._all("pairs", case, lambda pair: self._twice(case, *pair), pairs)

    def pairs(self, case: Case) -> list[tuple[str, str]]:
        """All pairs of a point of the run and one of recovery, or a sample of them by the seed."""
        every = list(itertools.product(self.points(case), RECOVERY_POINTS))
        return every if FULL else random.Random(f"{SEED}/{case}").sample(every, PAIRS)

    def _recovered(self, case: Case, point: str, apply_first: bool) -> Life:
        with self._arena(case) as place:
            run = self._kill(place, point, apply_first=apply_first)
            return Life(case, point, run, self._recover(place))

    def _twice(self, case: Case, point: str, second: str) -> Life:
        with self._arena(case) as place:
            self._kill(place, point)
            death = self._do(Job(do="recover", home=str(place.home), die_at=second))
            assert death.killed or death.code == 0, (place.home / "child.log").read_text()
            return Life(case, point, death.killed, self._recover(place), second=second)

    def _watched(self, case: Case, point: str) -> Life:
        with self._arena(case) as place:
            document = str(place.document)
            death = self._do(
                Job(do="run", home=str(place.home), document=document, die_at=point, guarded=True)
            )  # fmt: skip
            while (harm := place.harm()) and _since(death.at) < HARM_S_MAX:
                time.sleep(0.01)
            harmed_s = _since(death.at)
            _await_end_of(str(place.home))
            left = (*(f"still hurt after {HARM_S_MAX:g} s: {what}" for what in harm), *place.remains())
            return Life(case, point, death.killed, (*left, *self._recover(place)), harmed_s)

    # ------------------------------------------------------------ parts

    def _kill(self, place: Arena, point: str, *, apply_first: bool = False) -> bool:
        death = self._do(
            Job(do="run", home=str(place.home), document=str(place.document), die_at=point, apply_first=apply_first)
        )
        assert death.killed or death.code in (0, 5), (place.home / "child.log").read_text()
        return death.killed

    def _recover(self, place: Arena) -> tuple[str, ...]:
        """Heal; what is left all the same."""
        death = self._do(Job(do="recover", home=str(place.home)))
        failed = [] if death.code == 0 else [f"recovery ends with {death.code}"]
        return (*failed, *place.remains(), *oracle.open_journals(place.home))

    def _do(self, job: Job) -> Death:
        forge = self._forges.get()
        try:
            return forge(job)
        finally:
            self._forges.put(forge)

    def _arena(self, case: Case) -> AbstractContextManager[Arena]:
        lab = self._lab() if case.platform == "lab" else None
        return arena(case, self._folder / f"{next(self._number)}", lab)

    def _all(self, kind: str, case: Case, one: Callable[[T], Life], points: Iterable[T]) -> list[Life]:
        with ThreadPoolExecutor(WORKERS) as pool:
            lives = list(pool.map(one, points))
        with self._lock:
            self.rows.append(Row(kind, case, lives))
        return lives


def _since(at: float) -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) - at


def _await_end_of(home: str) -> None:
    """The watchdog ends after its engine; its folder is in its command line."""
    deadline = time.monotonic() + 40
    while oracle.processes_naming(home + "/runs"):
        assert time.monotonic() < deadline, f"a process of {home} is still there"
        time.sleep(0.02)
