"""The watchdog: a process in a session of its own that waits for the engine's end and heals what it left.

It waits on a pidfd of the engine, which no other process can be mistaken for, and on the engine's promise to live
(`Beat`). An engine that is gone leaves a free lock; one that hangs past its promise is ended by SIGKILL first. Then the
journal is adopted and healed. Whether the engine ends well or badly, the watchdog ends after it.

Source: pidfd_open(2), pidfd_send_signal(2), poll(2).
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from squall._kit.clock import boottime
from squall._kit.errors import Unsupported
from squall.run.leases import Beat

WAKE_S = 1.0
READY_S = 20.0


class Watchdog:
    """The engine's side: starts the process and waits until it stands."""

    def __init__(self, module: str, journal: Path, beat: Path) -> None:
        import subprocess

        self._ready, theirs = os.pipe()
        engine = os.pidfd_open(os.getpid())
        try:
            with (journal.parent / "watchdog.log").open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", module, str(journal), str(beat), str(engine), str(theirs)],
                    start_new_session=True, pass_fds=(engine, theirs), cwd="/",
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip
        except OSError as error:
            os.close(self._ready)
            raise Unsupported(
                f"the watchdog cannot be started: {error}; nothing was touched", hint="free memory, processes or disk"
            ) from error
        finally:
            os.close(engine)
            os.close(theirs)

    async def stands(self) -> None:
        """Return once it waits. Raises Unsupported where it does not come up."""
        import asyncio

        loop, told = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._ready, told.set)
        try:
            await asyncio.wait_for(told.wait(), READY_S)
            up = os.read(self._ready, 1) == b"1"
        except TimeoutError:
            up = False
        finally:
            loop.remove_reader(self._ready)
        if not up:
            raise Unsupported("the watchdog does not come up; nothing was touched", hint="see watchdog.log of the run")

    async def ended(self) -> None:
        """Return when it is gone: from then on nothing ends what needs a watchdog to end."""
        import asyncio

        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        fd = os.pidfd_open(self._process.pid)
        loop.add_reader(fd, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(fd)
            os.close(fd)

    def forget(self) -> None:
        """Let go of it; it ends by itself after this process."""
        os.close(self._ready)
        self._process.returncode = 0  # not waited for: it outlives us by design


def keep_watch(arguments: Sequence[str]) -> Path:
    """The watchdog's side: wait for the engine's end, ending it where it hangs; the journal to heal."""
    journal, beat_path, engine, ready = Path(arguments[0]), Path(arguments[1]), int(arguments[2]), int(arguments[3])
    beat = Beat(beat_path)
    os.write(ready, b"1")
    os.close(ready)
    poll = select.poll()
    poll.register(engine, select.POLLIN)
    while True:
        left_s = beat.until() - boottime()
        if left_s <= 0:
            signal.pidfd_send_signal(engine, signal.SIGKILL)
        if poll.poll(min(max(left_s, 0.001), WAKE_S) * 1000):
            return journal
