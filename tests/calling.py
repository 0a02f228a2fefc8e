"""The command line as a user calls it: a real process, a home of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Said:
    """What one call said."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


class Cli:
    """Calls `squall` with a home folder of its own."""

    def __init__(self, home: Path, cwd: Path) -> None:
        self.home = home
        self.cwd = cwd
        self.live: list[subprocess.Popen[str]] = []

    def __call__(self, *arguments: str, extra: dict[str, str] | None = None) -> Said:
        done = self.start(*arguments, extra=extra)
        out, err = done.communicate(timeout=200)
        return Said(done.returncode, out, err)

    def start(self, *arguments: str, extra: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """A call that goes on."""
        process = subprocess.Popen(
            [sys.executable, "-m", "squall", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.cwd,
            env={**os.environ, "SQUALL_HOME": str(self.home), **(extra or {})},
        )  # fmt: skip
        self.live.append(process)
        return process

    def write(self, text: str, name: str = "experiment.yaml") -> str:
        """A document beside the call."""
        path = self.cwd / name
        path.write_text(text)
        return str(path)

    def end(self) -> None:
        for process in self.live:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()


def memory(action: str, more: str = "", mode: str = "one") -> str:
    """A document for the `memory` platform."""
    return f"""\
apiVersion: chaos.example.com/v1
kind: ChaosExperiment
metadata: {{name: rehearsal}}
spec:
  target: {{platform: memory, selector: {{app: demo}}, mode: {mode}}}
  steadyState:
    - name: works
      probe: {{command: {{argv: ["true"]}}}}
      expect: {{exitCode: "== 0"}}
  action: {action}
{more}"""
