"""Which live view fits: rich on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
from typing import Protocol

from squall.cli.output import tell
from squall.report.live import PlainLive
from squall.run.events import Listener


class Closing(Listener, Protocol):
    """A live view that can be put away."""

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class _Plain(PlainLive):
    def close(self) -> None:
        """Nothing to put away."""


def open_live(title: str) -> Closing:
    """The view for this process's stderr."""
    if sys.stderr.isatty():
        from squall.report.live import RichLive

        return RichLive(title)
    return _Plain(lambda text: tell(text.rstrip("\n")))
