"""A process that has imported Squall once and forks a child for each job, so that a real SIGKILL costs milliseconds.

Run as `python -m tests.crash.forge`: a job as a line of JSON in, how the child ended as a line of JSON out.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from tests.crash.child import Job, live

CHILD_S_MAX = 60
ROOT = Path(__file__).resolve().parents[2]


class Death(msgspec.Struct):
    """How a child ended: its wait status, and when (CLOCK_BOOTTIME)."""

    status: int
    at: float

    @property
    def killed(self) -> bool:
        return os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL

    @property
    def code(self) -> int:
        """Its exit code, or minus its signal."""
        return os.waitstatus_to_exitcode(self.status)


class Forge:
    """One such process, used by one thread at a time."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forge"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment, cwd=ROOT,
        )  # fmt: skip

    def __call__(self, job: Job) -> Death:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(msgspec.json.encode(job) + b"\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=Death)

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=CHILD_S_MAX)
        self._process.stdout.close()


def main() -> None:
    """Serve until standard input ends."""
    import squall.report.build
    import squall.report.html
    import squall.targets.host.freeze
    import squall.targets.lab.shape  # noqa: F401 - imported once, here

    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        pid = os.fork()
        if pid == 0:
            _child(job)
        _, status = os.waitpid(pid, 0)
        death = Death(status, time.clock_gettime(time.CLOCK_BOOTTIME))
        sys.stdout.buffer.write(msgspec.json.encode(death) + b"\n")
        sys.stdout.buffer.flush()


def _child(job: Job) -> None:
    code = 70
    try:
        log = os.open(f"{job.home}/child.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number, fd in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
            os.dup2(fd, number)
        signal.alarm(CHILD_S_MAX)
        code = live(job)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
