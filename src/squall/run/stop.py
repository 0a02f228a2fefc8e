"""Ending a run early: one switch, thrown by a signal, a stop condition, the deadline or the engine itself.

Throwing it never cancels anything: whoever waits sees it and goes on to restore. Signals that come while restoring are
noted and change nothing. Source: signal(7).
"""

from __future__ import annotations

import asyncio
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class StopSwitch:
    """Thrown once; the first reason stays."""

    def __init__(self) -> None:
        self._thrown = asyncio.Event()
        self.reason = ""

    @property
    def thrown(self) -> bool:
        """Whether the run is to end now."""
        return self._thrown.is_set()

    def throw(self, reason: str) -> None:
        """End the run."""
        if not self.thrown:
            self.reason = reason
            self._thrown.set()

    async def wait(self, seconds: float | None) -> bool:
        """Wait so long, or until thrown; True when thrown."""
        try:
            await asyncio.wait_for(self._thrown.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def on_signals(self) -> None:
        """INT, TERM, HUP and QUIT throw the switch, now and while restoring. PIPE is Python's own error already.

        The handlers outlive the loop: what comes while the result is kept and reported changes nothing either.
        """
        loop = asyncio.get_running_loop()

        def on_signal(number: int, _: object) -> None:
            if loop.is_closed():
                signal.signal(number, signal.SIG_IGN)  # the interpreter's own end resets any other handler
            else:
                loop.call_soon_threadsafe(self.throw, f"signal {signal.Signals(number).name}")

        for number in SIGNALS:
            signal.signal(number, on_signal)
