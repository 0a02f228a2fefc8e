"""Processes of the lab: start one that dies with its parent, look at it, signal it with all its descendants.

Source: prctl(2) PR_SET_PDEATHSIG; proc(5) stat and environ.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

MARKER = "SQUALL_LAB_STATE"  # in the environment of every process of a lab, with the state folder as value
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


async def spawn(
    argv: Sequence[str], state: Path, log: Path, descriptors: Sequence[int] = ()
) -> asyncio.subprocess.Process:
    """Start a process in a session of its own that gets SIGKILL when this process dies."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=state,
            env=environment(state),
            start_new_session=True,
            pass_fds=descriptors,
            preexec_fn=_die_with_parent,
        )


def environment(state: Path) -> Mapping[str, str]:
    """Our environment plus the marker by which `down` finds what is left."""
    return {**os.environ, MARKER: str(state), "LC_ALL": "C.UTF-8"}


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None where it is gone or only a zombie."""
    fields = _stat(pid)
    return None if fields is None or fields[0] == "Z" else int(fields[19])


def tree(pid: int) -> list[int]:
    """The process and all its descendants, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def signal_tree(pid: int, number: signal.Signals) -> None:
    """Signal a process and its descendants, parents first, so that a stopped parent starts no more."""
    for one in tree(pid):
        with suppress(ProcessLookupError):
            os.kill(one, number)


def left_over(state: Path) -> list[int]:
    """Live processes of the lab in this folder, found by the marker in their environment."""
    marker = f"{MARKER}={state}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            if marker in (entry / "environ").read_bytes().split(b"\0") and start_ticks(int(entry.name)) is not None:
                found.append(int(entry.name))
    return found


class Port:
    """A loopback port that nobody else is given while it is held: bound, never listening.

    With SO_REUSEADDR on both sides the program it is meant for can still listen on it, time after time.
    """

    def __init__(self) -> None:
        self._holder = socket.socket()
        self._holder.bind(("127.0.0.1", 0))
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.number: int = self._holder.getsockname()[1]

    @property
    def address(self) -> str:
        """As `127.0.0.1:port`."""
        return f"127.0.0.1:{self.number}"


def listen() -> socket.socket:
    """A listening socket on a free loopback port, to be inherited."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    return listener


def _die_with_parent() -> None:
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat behind the command's name: state, ppid, ..., start time."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
