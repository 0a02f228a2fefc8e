"""Who listens to a run, and what is told: phases, events, readings."""

from __future__ import annotations

from typing import Protocol

from squall._kit.clock import Clock
from squall.observe.api import Reading
from squall.run.result import Event


class Listener(Protocol):
    """Told as it happens; must return at once."""

    def phase(self, name: str, seconds: float) -> None:
        """A phase begins that will take about so long."""
        ...

    def event(self, event: Event) -> None:
        """Something happened."""
        ...

    def reading(self, series_name: str, reading: Reading) -> None:
        """A probe read; `at` is on CLOCK_BOOTTIME."""
        ...


class Silent:
    """Listens to nothing."""

    def phase(self, name: str, seconds: float) -> None:
        """Nothing."""

    def event(self, event: Event) -> None:
        """Nothing."""

    def reading(self, series_name: str, reading: Reading) -> None:
        """Nothing."""


class Chronicle:
    """Keeps a run's events, timed from its beginning, and passes them on."""

    def __init__(self, clock: Clock, listener: Listener) -> None:
        self.clock = clock
        self.began = clock.now()
        self.listener = listener
        self.events: list[Event] = []

    def tell(self, kind: str, text: str, *, step: str = "", level: str = "info") -> None:
        """Add one event."""
        event = Event(t=round(self.t(), 4), kind=kind, text=text, step=step, level=level)
        self.events.append(event)
        self.listener.event(event)

    def t(self, at: float | None = None) -> float:
        """Seconds since the run began."""
        return (self.clock.now() if at is None else at) - self.began
