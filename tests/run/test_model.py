"""A model of runs and leases: whatever starts, renews, lapses, crashes or is healed, in any order, live effects are a
subset of unexpired leases, and after recovery nothing of dead runs is left.

The hand, the journals, the memory platform and recovery are the real ones; only time is virtual.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from squall._kit.virtual import VirtualClock
from squall.journal.api import Header, Journal
from squall.journal.file import FileJournal
from squall.plan.model import PlannedEffect, Step
from squall.run.hand import LocalHand, StepEnd
from squall.run.recover import heal
from squall.targets.api import Break, Lease, Mark, Settings, Slot
from squall.targets.memory import inspect as memory_inspect
from squall.targets.memory import state
from squall.targets.memory.inspect import MemoryInspector
from squall.targets.registry import Drivers, open_platform

PODS = ("demo-0", "demo-1", "demo-2")
TTL_S = 10.0


class Killed(BaseException):
    """The engine is dead: no call of its own comes through any more, not even to put back."""


class Mortal:
    """A journal or a driver in the hands of an engine that may die at any call."""

    def __init__(self, inner: Any, engine: Engine) -> None:
        self._inner, self._engine = inner, engine

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name == "close":
            return found

        def alive(*arguments: Any) -> Any:
            if self._engine.dead:
                raise Killed
            return found(*arguments)

        return alive


class Engine:
    """One run with one step on one pod, which is given its leases by hand."""

    def __init__(self, name: str, pod: str, home: Path, clock: VirtualClock) -> None:
        self.name, self.pod, self.dead = name, pod, False
        self.path = home / "runs" / name / "journal"
        self.clock = clock
        self.leases: asyncio.Queue[Lease | None] = asyncio.Queue()
        self.granted = 0.0
        self.real = FileJournal.create(self.path)
        self.real.append(_header(name))
        journal: Journal = Mortal(self.real, self)  # type: ignore[assignment]
        drivers = {"memory/break": Mortal(Drivers(Settings(home))["memory/break"], self)}
        self.hand = LocalHand(name, journal, drivers, clock, 5.0, restore_within_s=5.0)  # type: ignore[arg-type]
        self.task: asyncio.Task[StepEnd] | None = None

    def grant(self) -> None:
        self.granted = self.clock.now() + TTL_S
        self.leases.put_nowait(Lease(TTL_S, self.granted))

    def start(self) -> None:
        self.grant()
        self.task = asyncio.get_running_loop().create_task(self.hand.hold(_step(self.pod), self._all(), lambda _: None))

    async def _all(self) -> AsyncIterator[Lease]:
        while (lease := await self.leases.get()) is not None:
            yield lease

    @property
    def mark(self) -> str:
        return str(Mark(self.name, f"fault.{self.pod}", 0))


def _header(run: str) -> Header:
    return Header(
        run=run, name="model", platform="memory", digest="", seed=0, scale=1.0, lease_s=TTL_S, pid=1, pid_ticks=1,
        boot_id="", at_boot=0.0, at_wall=0.0,
    )  # fmt: skip


def _step(pod: str) -> Step:
    target = next(target for target in _TARGETS if target.name == pod)
    effect = PlannedEffect(
        n=0, driver="memory/break", effect=Break(), claims=(Slot(f"memory/pod/{pod}"),), ends_by="runtime",  # type: ignore[arg-type]
        restores=True, undo="",
    )  # fmt: skip
    return Step(id=f"fault.{pod}", fault="fault", type="podFailure", target=target, effects=(effect,), duration_s=1.0)


_TARGETS: tuple[Any, ...] = ()


class Model(RuleBasedStateMachine):
    """Engines live and die; `leases` is what the model believes, the world's file is what is."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.home = Path(tempfile.mkdtemp(prefix="squall-model-"))
        self.clock = VirtualClock()
        self.engines: list[Engine] = []
        self.dead: list[Engine] = []
        self.foreign: dict[str, float] = {}
        self.patch = pytest.MonkeyPatch()
        for module in (state, memory_inspect):
            self.patch.setattr(module, "boottime", self.clock.now)  # the file's lapse is on the same virtual time

    @initialize()
    def world(self) -> None:
        global _TARGETS
        snapshot = self.loop.run_until_complete(open_platform("memory", Settings(self.home)).snapshot([]))
        _TARGETS = snapshot.targets

    def turn(self, seconds: float = 0.0) -> None:
        self.loop.run_until_complete(self.clock.advance(seconds, turns=60))

    @rule(pod=st.sampled_from(PODS))
    def start(self, pod: str) -> None:
        engine = Engine(f"r{len(self.engines)}", pod, self.home, self.clock)
        self.engines.append(engine)
        self.loop.call_soon(engine.start)
        self.turn()

    @property
    def holding(self) -> list[Engine]:
        return [engine for engine in self.engines if not engine.dead and engine.task and not engine.task.done()]

    @precondition(lambda self: self.holding)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.holding)).grant()
        self.turn()

    @precondition(lambda self: self.holding)
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        engine = data.draw(st.sampled_from(self.holding))
        engine.leases.put_nowait(None)
        self.turn()
        assert engine.task is not None
        assert engine.task.done()
        assert all(end.clean for end in engine.task.result().ends)
        assert engine.mark not in state.read(self.home / "memory.json").effects
        engine.real.close()

    @rule(seconds=st.sampled_from([1.0, TTL_S / 3, TTL_S + 0.1]))
    def time_passes(self, seconds: float) -> None:
        self.turn(seconds)

    @precondition(lambda self: self.holding)
    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        engine = data.draw(st.sampled_from(self.holding))
        engine.dead = True
        engine.leases.put_nowait(None)  # whatever it would do now raises Killed
        self.turn()
        assert engine.task is not None
        with suppress(Killed):
            engine.task.result()
        engine.real.close()
        self.dead.append(engine)

    @rule(pod=st.sampled_from(PODS))
    def foreign_claim(self, pod: str) -> None:
        with state.changing(self.home / "memory.json") as world:
            if all(live.pod != pod for live in world.effects.values()):
                self.foreign[pod] = self.clock.now() + TTL_S
                world.effects[f"stranger/{pod}/0"] = state.Live(pod, "freeze", self.foreign[pod])

    @rule()
    def recover(self) -> None:
        for engine in self.dead:
            journal = FileJournal.adopt(engine.path)
            inspector = MemoryInspector(self.home / "memory.json")
            drivers = Drivers(Settings(self.home))
            task = self.loop.create_task(heal(journal, drivers, inspector, self.clock))
            while not task.done():
                self.turn(0.0 if self.clock.next_deadline is None else 0.5)
            healed = task.result()
            assert journal.unsettled() == []
            assert healed.stuck == ()
            journal.close()
        marks = {engine.mark for engine in self.dead}
        assert marks.isdisjoint(state.read(self.home / "memory.json").effects)
        self.dead.clear()

    @invariant()
    def live_effects_are_a_subset_of_unexpired_leases(self) -> None:
        path = self.home / "memory.json"
        if not path.exists():
            return
        world = state.read(path)
        now = self.clock.now()
        granted = {engine.mark: engine.granted for engine in self.engines}
        for mark, live in world.effects.items():
            until = self.foreign[live.pod] if mark.startswith("stranger") else granted[mark]
            assert now < live.until <= until
        assert len({live.pod for live in world.effects.values()}) == len(world.effects)

    @invariant()
    def no_effect_is_without_a_durable_intent(self) -> None:
        path = self.home / "memory.json"
        effects = state.read(path).effects if path.exists() else {}
        for engine in self.engines:
            if engine.mark in effects:
                assert '"INTENDED"' in engine.path.read_text()

    @invariant()
    def strangers_keep_what_is_theirs(self) -> None:
        path = self.home / "memory.json"
        world = state.read(path) if path.exists() else state.Contents()
        for pod, until in self.foreign.items():
            assert until <= self.clock.now() or world.effects[f"stranger/{pod}/0"].until == until

    def teardown(self) -> None:
        for engine in self.holding:
            engine.leases.put_nowait(None)
        self.turn()
        for engine in self.engines:
            engine.real.close()
        self.recover()
        assert msgspec.json.decode((self.home / "memory.json").read_bytes())["effects"].keys() <= {
            f"stranger/{pod}/0" for pod in self.foreign
        }
        self.loop.close()
        self.patch.undo()
        shutil.rmtree(self.home)


Model.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRunsAndLeases = Model.TestCase
