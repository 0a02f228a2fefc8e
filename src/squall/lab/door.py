"""Starting, ending and looking at a lab from outside: what the command line calls."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from squall._kit.errors import InvalidCall, Unreachable
from squall.lab import folder, processes, rpc

POLL_S = 0.1
STOP_S_MAX = 15.0
LOG_BYTES_MAX = 1 << 20


class InstanceInfo(msgspec.Struct, frozen=True):
    """One process of the lab."""

    name: str
    namespace: str
    service: str
    protocol: str
    address: str
    state: str
    ready: bool
    restarts: int
    pid: int | None


class LabInfo(msgspec.Struct, frozen=True):
    """A lab that is up. `services` says how a user reaches each one; `patterns` which resilience patterns are on."""

    id: str
    pid: int
    up_since: float
    ready: bool
    patterns: dict[str, bool]
    load_rps: float
    services: dict[str, tuple[str, ...]]
    instances: tuple[InstanceInfo, ...]
    failure: str | None = None


def up(
    state: Path,
    *,
    topology: Path | None = None,
    without: Sequence[str] = (),
    fragile: bool = False,
    load_rps: float = 20,
    timeout_s: float = 60,
    on_progress: Callable[[str], None] | None = None,
) -> LabInfo:
    """Start a lab in this folder and wait until all of it is ready; a lab that is up is left as it is.

    `without` switches resilience patterns off, `fragile` all of them; `load_rps=0` means no user.
    Raises InvalidDocument, InvalidCall, MissingExtra, or Unreachable where it does not become ready in time.
    """
    state = state.absolute()
    settings = _settings(topology, without, fragile, load_rps)
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    deadline = time.monotonic() + timeout_s
    if not folder.live(state):
        _launch(state, settings)
    try:
        return _ready(state, deadline, on_progress or (lambda _: None))
    except Unreachable as error:
        error.hint = f"see {state / folder.LOGS}; `squall lab down` removes it"
        raise


def down(state: Path) -> bool:
    """End the lab and remove its folder. False: there was nothing."""
    state = state.absolute()
    if not state.is_dir():
        return False
    if folder.live(state):
        with suppress(Unreachable):
            rpc.call(state, folder.SOCKET, {"op": "stop"})
        _wait(lambda: not folder.live(state), STOP_S_MAX)
    if folder.live(state):
        with suppress(OSError, ValueError):
            os.kill(int((state / folder.PID).read_text()), signal.SIGKILL)
        _wait(lambda: not folder.live(state), STOP_S_MAX)
    folder.clean(state)
    shutil.rmtree(state)
    return True


def status(state: Path) -> LabInfo | None:
    """The lab in this folder, None where none is up."""
    state = state.absolute()
    if not folder.live(state):
        return None
    try:
        return msgspec.convert(rpc.call(state, folder.SOCKET, {"op": "status"}), LabInfo)
    except Unreachable:
        return None


def logs(state: Path, name: str | None = None) -> Iterator[tuple[str, str]]:
    """The last MiB of each process's log, as (name, text); of one process with `name`."""
    paths = sorted([*state.glob("supervisor.log"), *(state / folder.LOGS).glob("*.log")])
    if name is not None and name not in {path.stem for path in paths}:
        known = ", ".join(path.stem for path in paths) or "none: no lab is up"
        raise InvalidCall(f"no log of {name!r}", hint=f"logs: {known}")
    for path in paths:
        if name in {None, path.stem}:
            with path.open("rb") as lines:
                lines.seek(max(0, path.stat().st_size - LOG_BYTES_MAX))
                yield path.stem, lines.read().decode(errors="replace")


def _settings(topology: Path | None, without: Sequence[str], fragile: bool, load_rps: float) -> bytes:
    from squall.lab.plant import Settings, read_topology
    from squall.lab.services.config import PATTERNS

    unknown = [pattern for pattern in without if pattern not in PATTERNS]
    if unknown:
        raise InvalidCall(f"unknown pattern {unknown[0]!r}", hint=f"patterns: {', '.join(PATTERNS)}")
    if not 0 <= load_rps <= 1000:
        raise InvalidCall(f"load of {load_rps} requests per second is not within 0 and 1000")
    off = PATTERNS if fragile else tuple(without)
    return msgspec.json.encode(Settings(read_topology(topology), off, load_rps))


def _launch(state: Path, settings: bytes) -> None:
    argv = (sys.executable, "-P", "-m", "squall.lab.supervisor", str(state))
    with (state / "supervisor.log").open("wb") as log:
        # The supervisor forks at once and its parent ends: no child of ours is left to wait for.
        environment = processes.environment(state)
        subprocess.run(argv, input=settings, stdout=log, stderr=log, env=environment, cwd="/", check=False, timeout=30)


def _ready(state: Path, deadline: float, on_progress: Callable[[str], None]) -> LabInfo:
    seen: set[str] = set()
    while time.monotonic() < deadline:
        info = status(state)
        if info:
            if info.failure:
                raise Unreachable(f"the lab in {state} did not start: {info.failure}")
            for instance in info.instances:
                if instance.ready and instance.name not in seen:
                    seen.add(instance.name)
                    on_progress(f"{instance.name} is ready ({len(seen)} of {len(info.instances)})")
            if info.ready:
                return info
        elif not folder.live(state):
            time.sleep(POLL_S)
            if not folder.live(state) and _tail(state):
                raise Unreachable(f"the lab's supervisor ended: {_tail(state)}")
        time.sleep(POLL_S)
    info = status(state)
    late = [f"{one.name} ({one.state})" for one in info.instances if not one.ready] if info else ["the supervisor"]
    raise Unreachable(f"the lab in {state} is not ready in time: {', '.join(late)}")


def _tail(state: Path) -> str:
    try:
        return (state / "supervisor.log").read_text(errors="replace").strip()[-500:]
    except OSError:
        return ""


def _wait(until: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not until() and time.monotonic() < deadline:
        time.sleep(0.02)
