"""One supervised process: kept running with back-off, and killed, frozen or held down on request.

States: starting -> running -> (dies) backoff -> starting. Frozen and held last as long as a lease; stopped is final.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from squall._kit.clock import boottime
from squall.lab import processes, readiness
from squall.lab.leases import Lease
from squall.lab.rpc import Rejected, Reply
from squall.lab.topology import Instance

BACKOFF_S_MIN, BACKOFF_S_MAX, HEALTHY_S = 0.5, 10.0, 10.0
POLL_S = 0.25
MARKS_MAX = 1000

Hold = Literal["freeze", "hold"]


class Supervised:
    """The life of one instance. `argv` is asked again at each start, so that it may sweep first."""

    def __init__(self, instance: Instance, state: Path, argv: Callable[[], Sequence[str]], port: int = 0) -> None:
        self.instance = instance
        self.ready = False
        self.restarts = 0
        self.descriptors: Sequence[int] = ()
        self._port = port
        self._state_dir = state
        self._argv = argv
        self._process: asyncio.subprocess.Process | None = None
        self._start_ticks = 0
        self._started_at = 0.0
        self._was_ready = False
        self._lease: Lease | None = None
        self._lease_kind: Hold = "hold"
        self._kill_marks: dict[str, None] = {}
        self._stopping = False
        self._free = asyncio.Event()
        self._free.set()

    @property
    def pid(self) -> int | None:
        """Of the live process."""
        return self._process.pid if self._process else None

    @property
    def uid(self) -> str:
        """Changes with each start; empty while no process lives."""
        return f"{self.instance.name}-{self.pid}-{self._start_ticks}" if self._process else ""

    @property
    def state(self) -> str:
        """One word for what it is doing."""
        if self._stopping:
            return "stopped"
        if self._lease and (self._process or self._lease_kind == "hold"):
            return "frozen" if self._lease_kind == "freeze" else "held"
        if self._process is None:
            return "backoff"
        return "running" if self._was_ready else "starting"

    def describe(self) -> Reply:
        """As the world shows it."""
        owner = {"mark": self._lease.mark, "expires_in_s": round(self._lease.expires_in_s, 3)} if self._lease else None
        return {
            **{
                field: getattr(self.instance, field) for field in ("name", "namespace", "service", "labels", "protocol")
            },
            "uid": self.uid,
            "pid": self.pid,
            "start_ticks": self._start_ticks if self._process else None,
            "state": self.state,
            "ready": self.ready,
            "restarts": self.restarts,
            "owner": owner,
            "address": f"127.0.0.1:{self._port}",
        }

    async def keep_running(self) -> None:
        """Start it, wait for its end, start it again; until stopped."""
        backoff_s = BACKOFF_S_MIN
        while not self._stopping:
            await self._free.wait()
            await self._start()
            await self._ended()
            if self._stopping or not self._free.is_set():
                backoff_s = BACKOFF_S_MIN
                continue
            self.restarts += 1
            if boottime() - self._started_at > HEALTHY_S:
                backoff_s = BACKOFF_S_MIN
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, BACKOFF_S_MAX)

    async def keep_polling(self) -> None:
        """Ask for readiness four times a second."""
        while not self._stopping:
            process = self._process
            answer = process is not None and await readiness.ready(self.instance.protocol, self._port)
            self.ready = answer and process is self._process
            self._was_ready |= self.ready
            await asyncio.sleep(POLL_S)

    async def stop(self, number: signal.Signals, grace_s: float) -> None:
        """End it for good: this signal first, SIGKILL for the whole tree after the grace."""
        self._stopping = True
        self._thaw()
        if self._process:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)
            await self._ended(grace_s)
            self._kill()

    async def kill(self, uid: str, mark: str, grace_s: float) -> None:
        """Kill the process of this uid once; it is started again. The same mark never kills twice."""
        if mark in self._kill_marks:
            return
        process = self._matching(uid, mark)
        self._kill_marks[mark] = None
        if len(self._kill_marks) > MARKS_MAX:
            del self._kill_marks[next(iter(self._kill_marks))]
        if grace_s > 0:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            await self._ended(grace_s)
        if self._process is process:
            self._kill()

    def claim(self, kind: Hold, uid: str, mark: str, ttl_s: float) -> None:
        """Freeze or hold down the process of this uid under a lease; the same mark again only renews."""
        if self._lease and self._lease.mark == mark:
            self._lease.renew(ttl_s)
            return
        process = self._matching(uid, mark)
        self._lease = Lease(mark, ttl_s, self._release)
        self._lease_kind = kind
        if kind == "freeze":
            processes.signal_tree(process.pid, signal.SIGSTOP)
        else:
            self._free.clear()
            self._kill()

    def renew(self, mark: str, ttl_s: float) -> bool:
        """Move the deadline. False: the mark holds nothing here (any more)."""
        if self._lease is None or self._lease.mark != mark:
            return False
        self._lease.renew(ttl_s)
        return True

    def release(self, mark: str) -> bool:
        """End the lease of this mark. False: there was none."""
        if self._lease is None or self._lease.mark != mark:
            return False
        self._release()
        return True

    def _matching(self, uid: str, mark: str) -> asyncio.subprocess.Process:
        if self._lease and self._lease.mark != mark:
            raise Rejected("claimed", f"{self.instance.name} is held by {self._lease.mark}")
        if self._process is None or uid != self.uid:
            raise Rejected("stale", f"{self.instance.name} is {self.uid or 'not running'}, not {uid}")
        return self._process

    def _release(self) -> None:
        self._thaw()
        self._free.set()

    def _thaw(self) -> None:
        lease, self._lease = self._lease, None
        if lease:
            lease.cancel()
            if self._lease_kind == "freeze" and self._process:
                processes.signal_tree(self._process.pid, signal.SIGCONT)

    def _kill(self) -> None:
        if self._process:
            processes.signal_tree(self._process.pid, signal.SIGKILL)

    async def _start(self) -> None:
        log = self._state_dir / "logs" / f"{self.instance.name}.log"
        self._was_ready = False
        argv = await asyncio.to_thread(self._argv)
        self._process = await processes.spawn(argv, self._state_dir, log, self.descriptors)
        self._start_ticks = processes.start_ticks(self._process.pid) or 0
        self._started_at = boottime()

    async def _ended(self, timeout_s: float | None = None) -> None:
        process = self._process
        if process is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await process.wait()
            if self._process is process:
                self._process = None
                self.ready = False
            if self._lease and self._lease_kind == "freeze":
                self._thaw()
