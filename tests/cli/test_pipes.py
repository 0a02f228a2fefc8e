"""A reader that goes away neither ends a run nor changes its exit code."""

from __future__ import annotations

import subprocess
import sys

from tests.calling import Cli, memory


def test_a_run_whose_reader_leaves_ends_as_it_would_have(squall: Cli) -> None:
    path = squall.write(memory("{type: podFailure, duration: 300ms}"))
    run = subprocess.Popen(
        [sys.executable, "-m", "squall", "run", path], cwd=squall.cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"SQUALL_HOME": str(squall.home), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert run.stdout is not None
    run.stdout.readline()
    run.stdout.close()
    assert run.wait(60) == 0
