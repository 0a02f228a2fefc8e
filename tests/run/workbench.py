"""A whole run by the real engine in this process, with the parts of its gear that a test wants to replace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from squall._kit.clock import SystemClock
from squall.app import run as app_run
from squall.app.load import registry
from squall.app.plan import Choice
from squall.run.engine import Engine, Gear
from squall.run.events import Silent
from squall.run.result import RunResult
from squall.run.stop import StopSwitch
from squall.spec.parse import parse


def document(target: Mapping[str, Any], *actions: Mapping[str, Any], **spec: Any) -> str:
    """An experiment as text; a lease of 20 s and no pre-flight unless `safety` says otherwise."""
    safety = {"preflight": [], "lease": "20s", **spec.pop("safety", {})}
    faults = {"action": actions[0]} if len(actions) == 1 else {"faults": list(actions)}
    whole = {
        "apiVersion": "chaos.example.com/v1", "kind": "ChaosExperiment", "metadata": {"name": "workbench"},
        "spec": {"target": {"mode": "all", **target}, **faults, "safety": safety, **spec},
    }  # fmt: skip
    return json.dumps(whole)


class Bench:
    """One prepared run in the SQUALL_HOME of the environment; `gear` may be changed before `run`."""

    def __init__(self, text: str, **gear: Any) -> None:
        self.prepared = app_run.prepare(parse(text, registry(), file="workbench"), Choice(), guarded=False)
        self.journal = self.prepared.journal
        self.plan = self.prepared.planned.plan
        self.stop = StopSwitch()
        self.gear = Gear(
            **{
                "run": self.prepared.run, "plan": self.plan, "journal": self.journal,
                "drivers": self.prepared.drivers, "inspector": self.prepared.planned.platform.inspector(),
                "surroundings": app_run.surroundings(self.prepared.planned), "clock": SystemClock(),
                "listener": Silent(), "stop": self.stop, "guarded": _nobody, **gear,
            }
        )  # fmt: skip

    def run(self) -> RunResult:
        """To its end; the journal is closed whatever happens."""
        try:
            return asyncio.run(Engine(self.gear).run())
        finally:
            self.journal.close()

    def with_plan(self, **fields: Any) -> Bench:
        """The plan changed, past the checks."""
        self.gear = msgspec.structs.replace(self.gear, plan=msgspec.structs.replace(self.plan, **fields))
        return self


async def _nobody() -> None:
    return


class Idle:
    """A driver whose restore does nothing and says so to nobody."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    async def restore(self, *_: object) -> None:
        return
