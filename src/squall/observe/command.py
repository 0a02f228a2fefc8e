"""The `command` probe: an argument list, run without a shell; the value is the last line of its output."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from squall._kit.clock import boottime
from squall.observe.api import Probe, ProbeKind, Reading, Surroundings
from squall.observe.values import number_or_text
from squall.spec.scalars import PositiveDuration

if TYPE_CHECKING:
    from asyncio.subprocess import Process

OUTPUT_KEPT = 64 * 1024


class Command(ProbeKind, frozen=True, kw_only=True, tag="command"):
    """Settings. `argv` is the program and its arguments, one item each; success is exit 0 within `timeout`."""

    argv: tuple[str, ...]
    timeout: PositiveDuration = 5.0

    def __post_init__(self) -> None:
        if isinstance(self.argv, str) or not self.argv or not self.argv[0]:
            raise ValueError('argv must be a list like ["pg_isready", "-h", "db"]: no shell reads it')

    def open(self, surroundings: Surroundings) -> Probe:
        """A probe ready to read."""
        return CommandProbe(self)


class CommandProbe:
    """Runs one command for each reading, in a process group of its own."""

    def __init__(self, settings: Command) -> None:
        self._settings = settings

    async def read(self, at: float) -> Reading:
        """One run; latency runs from `at` to the exit. `code` is the exit code, negative for a signal."""
        import asyncio
        from asyncio.subprocess import DEVNULL, PIPE

        try:
            process = await asyncio.create_subprocess_exec(
                *self._settings.argv, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, start_new_session=True
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            return Reading(at, False, boottime() - at, None, f"cannot run {self._settings.argv[0]}: {why}")
        ended = False
        try:
            async with asyncio.timeout(self._settings.timeout):
                output = await _tail(process)
                code = await process.wait()
            ended = True
        except TimeoutError:
            why = f"no end within {self._settings.timeout:g}s, killed"
            return Reading(at, False, boottime() - at, None, why)
        finally:
            if not ended:
                await _end(process)
        return _reading(at, boottime() - at, output, code)

    async def close(self) -> None:
        """Nothing is kept: a reading that is cancelled ends its process itself."""


def _reading(at: float, latency_s: float, output: bytes, code: int) -> Reading:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    value = number_or_text(lines[-1]) if lines else None
    error = None if code == 0 else f"killed by signal {-code}" if code < 0 else f"exit {code}"
    return Reading(at, code == 0, latency_s, value, error, code)


async def _tail(process: Process) -> bytes:
    kept = b""
    while process.stdout is not None and (piece := await process.stdout.read(OUTPUT_KEPT)):
        kept = (kept + piece)[-OUTPUT_KEPT:]
    return kept


async def _end(process: Process) -> None:
    """SIGKILL the whole group and reap its leader. ESRCH: all of it is gone already."""
    import contextlib

    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await _tail(process)
    await process.wait()
