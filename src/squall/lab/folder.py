"""The state folder: what lies where, whether its supervisor lives, and how it is emptied."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

from squall.lab import postgres, processes

SOCKET, LOCK, PID = "lab.sock", "lock", "supervisor.pid"
LOGS = "logs"
END_S_MAX = 5.0  # a killed process is gone within milliseconds


def furnish(state: Path) -> None:
    """Make the subfolders and the pid file; the caller holds the lock."""
    for name in (LOGS, "data", "conf"):
        (state / name).mkdir(exist_ok=True)
    (state / PID).write_text(str(os.getpid()))


def live(state: Path) -> bool:
    """Whether a supervisor holds the folder's lock."""
    try:
        with (state / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def clean(state: Path) -> None:
    """End what a dead supervisor may have left and remove everything but the lock and the supervisor's own log."""
    deadline = time.monotonic() + END_S_MAX
    while (pids := processes.left_over(state)) and time.monotonic() < deadline:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    for pid_file in state.glob("data/*/postmaster.pid"):
        postgres.sweep(pid_file.parent)
    for path in state.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in {LOCK, "supervisor.log"}:
            path.unlink(missing_ok=True)
