"""Which live view fits: rich on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys

from squall.cli.output import tell
from squall.report.live import Live, PlainLive, RichLive


def open_live(title: str) -> Live:
    """The view for this process's stderr."""
    if sys.stderr.isatty():
        return RichLive(title)
    return PlainLive(lambda text: tell(text.rstrip("\n")))
