"""The run as it happens: a display on a terminal (`RichLive`), plain lines elsewhere (`PlainLive`).

Neither may slow the run: a reading costs an append under a lock, and drawing happens at most `REFRESH_HZ` times
a second on a thread of its own. rich is imported only when `RichLive` is made.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from squall.observe.api import Reading
from squall.report import course
from squall.report.build import build
from squall.report.text import one_line
from squall.report.words import at, finite, printable, seconds, share
from squall.run.result import Event, RunResult

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.progress import Progress
    from rich.table import Table
    from rich.text import Text

REFRESH_HZ = 4
BEGINS, ENDS = "applied", "restored"
"""Kinds of events (`squall.run.schedule`) between which a step counts as active."""
STOP = "stop"
"""Events whose kind begins so tell the state of a stop condition."""

_BARS = "▁▂▃▄▅▆▇█"
_COLUMNS = 32
_MEMORY = 4000
_SPARK_S = 60.0


class Live(Protocol):
    """What a run tells while it lasts."""

    def phase(self, name: str, seconds: float) -> None:
        """A phase begins that will last `seconds`."""
        ...

    def event(self, event: Event) -> None:
        """Something happened."""
        ...

    def reading(self, series_name: str, reading: Reading) -> None:
        """A probe read."""
        ...

    def finish(self, result: RunResult) -> None:
        """The run is over; the display is put away."""
        ...

    def close(self) -> None:
        """Put the display away where there is no result. Harmless twice."""
        ...


class PlainLive:
    """One line for each phase and event, moments relative to the first call; readings are not shown."""

    def __init__(self, write: Callable[[str], None], now: Callable[[], float] = time.monotonic) -> None:
        self._write, self._now = write, now
        self._began = now()
        self._phase = "-"

    def phase(self, name: str, seconds: float) -> None:
        """Say that a phase begins."""
        self._phase = name
        self._line(self._now() - self._began, f"{printable(name)} phase, {_length(seconds)}")

    def event(self, event: Event) -> None:
        """Say what happened."""
        if event.kind == "phase" and event.text.startswith(self._phase):
            return  # said already
        level = "" if event.level == "info" else f"{event.level.upper()}: "
        self._line(event.t, level + printable(event.text))

    def reading(self, series_name: str, reading: Reading) -> None:
        """Nothing: a line for each reading would bury the events."""

    def finish(self, result: RunResult) -> None:
        """Say how it ended."""
        self._line(result.duration_s, one_line(build(result)))

    def close(self) -> None:
        """Nothing to put away."""

    def _line(self, t: float, text: str) -> None:
        self._write(f"{at(t):>9}  {text}\n")


class _Track(msgspec.Struct):
    """The last readings of one series."""

    readings: deque[Reading]
    n: int = 0
    failed: int = 0


class _State(msgspec.Struct):
    """A copy of what is shown, taken under the lock."""

    phase: str
    elapsed: float
    length: float
    active: list[str]
    stop: str
    events: list[Event]
    tracks: list[tuple[str, int, int, list[Reading]]]


class RichLive:
    """The display on a terminal. `steps` maps step ids to `fault on target` (see `report.appendix.steps`)."""

    def __init__(
        self, title: str, steps: Mapping[str, str] | None = None, console: Console | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        from rich.console import Console
        from rich.live import Live as Screen

        self._title, self._steps, self._now = printable(title), dict(steps or {}), now
        self._lock = threading.Lock()
        self._phase, self._since, self._length = "starting", now(), 0.0
        self._active: dict[str, str] = {}
        self._stop = "no stop condition is near"
        self._events: deque[Event] = deque(maxlen=6)
        self._tracks: dict[str, _Track] = {}
        self._console = console or Console(stderr=True)
        self._screen = Screen(
            get_renderable=self._draw, console=self._console, refresh_per_second=REFRESH_HZ, transient=True
        )
        self._screen.start()

    def phase(self, name: str, seconds: float) -> None:
        """Restart the bar."""
        with self._lock:
            self._phase, self._since, self._length = printable(name), self._now(), finite(seconds) or 0.0

    def event(self, event: Event) -> None:
        """Note what became of a step or a stop condition."""
        with self._lock:
            self._events.append(event)
            if event.kind == BEGINS and event.step:
                self._active[event.step] = self._steps.get(event.step, printable(event.text))
            elif event.kind == ENDS:
                self._active.pop(event.step, None)
            elif event.kind.startswith(STOP):
                self._stop = printable(event.text)

    def reading(self, series_name: str, reading: Reading) -> None:
        """Remember it; nothing is computed here."""
        with self._lock:
            track = self._tracks.get(series_name)
            if track is None:
                track = self._tracks[series_name] = _Track(readings=deque(maxlen=_MEMORY))
            track.readings.append(reading)
            track.n += 1
            track.failed += not reading.ok

    def finish(self, result: RunResult) -> None:
        """Take the display down and leave one line."""
        self._screen.stop()
        self._console.print(one_line(build(result)), markup=False, highlight=False)

    def close(self) -> None:
        """Take the display down without a word, when there is no result. Harmless twice."""
        self._screen.stop()

    # ------------------------------------------------------------ drawing, on rich's thread

    def _copy(self) -> _State:
        with self._lock:
            return _State(
                phase=self._phase,
                elapsed=self._now() - self._since,
                length=self._length,
                active=list(self._active.values()),
                stop=self._stop,
                events=list(self._events),
                tracks=[(name, t.n, t.failed, list(t.readings)) for name, t in self._tracks.items()],
            )

    def _draw(self) -> Group:
        from rich.console import Group
        from rich.rule import Rule
        from rich.text import Text

        state = self._copy()
        hurt = "; ".join(state.active[:3]) + (f" and {len(state.active) - 3} more" if len(state.active) > 3 else "")
        return Group(
            Rule(Text(self._title), align="left"),
            _bar(state),
            Text(f"active  {hurt or 'nothing is being hurt'}", style="yellow" if hurt else "dim"),
            Text(f"stop    {state.stop}", style="dim"),
            _sparks(state),
            *(_event_line(event) for event in state.events),
        )


def _bar(state: _State) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn

    left = max(0.0, state.length - state.elapsed)
    progress = Progress(TextColumn("{task.description}"), BarColumn(bar_width=40), TextColumn("{task.fields[left]}"))
    said = f"{_length(left)} left" if left > 0 else "finishing"
    done = round(1000 * min(1.0, state.elapsed / state.length)) if state.length > 0 else 0
    progress.add_task(f"{state.phase:<9}", total=1000 if state.length > 0 else None, completed=done, left=said)
    return progress


def _sparks(state: _State) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=bool(state.tracks))
    for head in ("probe", "success", "", "p95", ""):
        table.add_column(head, no_wrap=True)
    for name, n, failed, readings in state.tracks:
        ok, slow, p95 = trends(readings)
        table.add_row(
            printable(name), spark(ok, 1.0), share(1 - failed / n), spark(slow), "-" if p95 is None else seconds(p95)
        )
    return table


def _event_line(event: Event) -> Text:
    from rich.text import Text

    style = {"warning": "yellow", "error": "bold red"}.get(event.level, "dim")
    level = "" if event.level == "info" else f"{event.level}: "
    return Text(f"{at(event.t):>9}  {level}{printable(event.text)}", style=style, overflow="ellipsis", no_wrap=True)


def trends(readings: Sequence[Reading]) -> tuple[list[float | None], list[float | None], float | None]:
    """Success share and p95 over the last minute in `_COLUMNS` spans, and the p95 of the last span that has one."""
    if not readings:
        return [], [], None
    last = readings[-1].at
    width = _SPARK_S / _COLUMNS
    groups: list[list[Reading]] = [[] for _ in range(_COLUMNS)]
    for one in readings:
        place = _COLUMNS - 1 - int((last - one.at) / width)
        if 0 <= place < _COLUMNS:
            groups[place].append(one)
    ok = [sum(r.ok for r in group) / len(group) if group else None for group in groups]
    slow = [
        course.quantile(sorted(x for r in group if (x := finite(r.latency_s)) is not None), 0.95) for group in groups
    ]
    return ok, slow, next((x for x in reversed(slow) if x is not None), None)


def spark(values: Sequence[float | None], top: float | None = None) -> str:
    """Eight heights from 0 to `top` (or the largest value); what was not read is a blank."""
    known = [v for v in values if v is not None]
    high = top if top is not None else max(known, default=0.0)
    if high <= 0:
        return "".join(" " if v is None else _BARS[0] for v in values)
    return "".join(" " if v is None else _BARS[min(7, max(0, round(v / high * 7)))] for v in values)


def _length(s: float) -> str:
    return seconds(round(s, 1 if s < 60 else 0))
