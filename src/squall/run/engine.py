"""One run, from its durable journal to its result.

1.  `Before` is journalled: the claimed slots as the inspector reads them
2.  sampling, stop conditions and the watchdog begin; the meters' and the system's baseline is read
3.  a system that is not in its steady state is refused: nothing has been touched
4.  the stages are carried out: intent journalled, effect applied, lease renewed, restored newest first, looked at
5.  the system is watched until it holds its steady state again
6.  the receipt compares before and after; dose, judgements and receipt give one outcome
7.  `Closed` is journalled, unless something is unsettled

Architecture invariant: after step 4 every touched effect is restored or recorded as stuck, whatever went wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from squall import __version__
from squall._kit.clock import Clock
from squall._kit.errors import JournalUnwritable
from squall._kit.json import Json
from squall.journal.api import Before, Closed, Journal
from squall.observe.api import Judgement, Surroundings, Verdict
from squall.plan.model import Plan, digest
from squall.run.alerts import Alerts
from squall.run.assess import Assessment
from squall.run.conditions import Conditions
from squall.run.dosing import Doses
from squall.run.events import Chronicle, Listener
from squall.run.hand import RESTORE_WITHIN_S, LocalHand
from squall.run.leases import Beat, Leases
from squall.run.observing import Observation
from squall.run.receipt import compare, states
from squall.run.result import Receipt, RunResult, Window
from squall.run.schedule import Schedule, StageEnd
from squall.run.stop import StopSwitch
from squall.run.verdict import Decision
from squall.targets.api import AnyDriver, Inspector, Slot

READY_WITHIN_S = 20.0


async def for_ever() -> None:
    """Never returns."""
    await asyncio.Event().wait()


class Gear(msgspec.Struct, frozen=True, kw_only=True):
    """All that a run needs from outside.

    `guarded` waits until the watchdog stands and raises where it does not; `unguarded` waits until it is gone.
    `restore_within_s` is how long an undo is tried, `ready_within_s` how long the receipt waits for readiness.
    """

    run: str
    plan: Plan
    journal: Journal
    drivers: Mapping[str, AnyDriver]
    inspector: Inspector
    surroundings: Surroundings
    clock: Clock
    listener: Listener
    stop: StopSwitch
    guarded: Callable[[], Awaitable[None]]
    unguarded: Callable[[], Awaitable[None]] = for_ever
    beat: Beat | None = None
    restore_within_s: float = RESTORE_WITHIN_S
    ready_within_s: float = READY_WITHIN_S
    source: str = ""


class Engine:
    """Carries out one plan."""

    def __init__(self, gear: Gear) -> None:
        self.gear = gear
        self.plan = gear.plan
        self.chronicle = Chronicle(gear.clock, gear.listener)
        spec = gear.plan.experiment.spec
        self.observation = Observation(spec.steady_state, gear.surroundings, self.chronicle)
        self.conditions = Conditions(spec.safety.stop_when, gear.surroundings, gear.stop, self.chronicle)
        self.alerts = Alerts(spec.monitoring, gear.surroundings, self.chronicle)
        self.doses = Doses(gear.plan, gear.inspector)
        self.windows: list[Window] = []
        self.started_wall = gear.clock.wall()
        self._before: dict[str, Json] = {}

    async def run(self) -> RunResult:
        """The whole run. Raises JournalUnwritable before anything is touched; bugs after everything is restored."""
        await self._remember()
        self.observation.start()
        self.conditions.start()
        self.alerts.start()
        ends: tuple[StageEnd, ...] = ()
        try:
            refused = await self._baseline()
            if refused is None:
                await self.gear.guarded()
                ends = await self._hurt()
                await self._recover(ends)
        finally:
            await self.conditions.end()
            await self.alerts.end()
            await self.observation.stop()
        return await self._finish(ends, refused)

    async def _remember(self) -> None:
        """The slots before, durable, so that a receipt can be written even by somebody else."""
        slots = await states(self.gear.inspector, self.plan.claims)
        owned = tuple(str(residue.slot) for residue in await self.gear.inspector.owned())
        self._before = dict(slots)
        self.gear.journal.append(Before(slots=slots, owned=owned))

    async def _baseline(self) -> Decision | None:
        """Read what is normal; a decision to refuse, or None."""
        begin = self.chronicle.t()
        self.chronicle.listener.phase("baseline", self.plan.baseline_s)
        self.chronicle.tell("phase", "baseline: reading the steady state")
        await asyncio.gather(self.observation.read_singles(), self.doses.baseline(), self._wait_for_baseline())
        self._window("baseline", begin)
        if self.gear.stop.thrown:
            return Decision("ABORTED", Verdict.INCONCLUSIVE, f"stopped before any fault: {self.gear.stop.reason}")
        broken = [j for j in self._baseline_judgements() if j.verdict is not Verdict.HELD]
        if not broken:
            return None
        first = broken[0]
        why = f"not in its steady state before any fault: {first.name} {first.metric} {first.bound}: {first.why}"
        self.chronicle.tell("refused", why, level="error")
        return Decision("REFUSED", first.verdict, why)

    async def _wait_for_baseline(self) -> None:
        await self.gear.stop.wait(self.plan.baseline_s)

    def _baseline_judgements(self) -> list[Judgement]:
        return Assessment(self.plan, self.observation, self.chronicle).baseline(self.windows)

    async def _hurt(self) -> tuple[StageEnd, ...]:
        """All stages, with the promise to the watchdog kept meanwhile and the deadline running."""
        gear = self.gear
        leases = Leases(gear.clock, self.plan.lease_s, gear.beat)
        hand = LocalHand(gear.run, gear.journal, gear.drivers, gear.clock, self.plan.recovery_s, gear.restore_within_s)
        schedule = Schedule(self.plan, hand, leases, gear.stop, self.chronicle, self.doses)
        pulse = asyncio.create_task(leases.pulse())
        deadline = asyncio.create_task(self._deadline())
        guard = asyncio.create_task(self._guard())
        try:
            ends = await schedule.carry_out()
        finally:
            for task in (pulse, deadline, guard):
                task.cancel()
            await asyncio.gather(pulse, deadline, guard, return_exceptions=True)
        spans = {end.fault: end.span for end in ends if end.span is not None}
        if spans:
            whole = (min(begin for begin, _ in spans.values()), max(over for _, over in spans.values()))
            for name, (begin, over) in {"fault": whole, **spans}.items():
                self._window(name, self.chronicle.t(begin), over)
        return ends

    async def _guard(self) -> None:
        """Ends the run when its watchdog is gone: harm must never depend on this process alone."""
        await self.gear.unguarded()
        self.gear.stop.throw("the watchdog is gone")

    async def _deadline(self) -> None:
        """Ends the run when `safety.maxDuration` is over."""
        await self.gear.clock.sleep(self.plan.max_duration_s - self.chronicle.t())
        self.gear.stop.throw("safety.maxDuration is over")

    async def _recover(self, ends: tuple[StageEnd, ...]) -> None:
        """Watch until the steady state holds again; after a stop there is nothing more to learn."""
        begin = self.chronicle.t()
        over = [end.span[1] for end in ends if end.span is not None]
        if self.gear.stop.thrown or not over:
            return
        self.chronicle.listener.phase("recovery", self.plan.recovery_s)
        self.chronicle.tell("phase", "recovery: waiting for the steady state")
        back = await self.observation.until_recovered(max(over), self.plan.recovery_s, self.gear.stop)
        self._window("recovery", begin)
        self.chronicle.tell("phase", "the steady state is back" if back else "the steady state was not seen back")

    def _window(self, name: str, start: float, end_at: float | None = None) -> None:
        self.windows.append(Window(name=name, start=round(start, 4), end=round(self.chronicle.t(end_at), 4)))

    async def _finish(self, ends: tuple[StageEnd, ...], refused: Decision | None) -> RunResult:
        """Receipt, judgements, outcome."""
        receipt = await self._receipt(ends)
        assessment = Assessment(self.plan, self.observation, self.chronicle)
        evidence = assessment.evidence(self.windows, ends, self.doses.results(), receipt)
        stopped = self.gear.stop.reason if self.gear.stop.thrown else ""
        decision = refused or assessment.decide(evidence, stopped, ends)
        self.chronicle.tell("verdict", f"{decision.outcome}: {decision.reason}")
        self._close(decision)
        return RunResult(
            run=self.gear.run, name=self.plan.name, description=self.plan.experiment.spec.description,
            platform=self.plan.platform, digest=digest(self.plan), seed=self.plan.seed, scale=self.plan.scale,
            lease_s=self.plan.lease_s, started_wall=self.started_wall, duration_s=round(self.chronicle.t(), 3),
            outcome=decision.outcome, verdict=decision.verdict, reason=decision.reason,
            plan=msgspec.to_builtins(self.plan), events=tuple(self.chronicle.events), windows=tuple(self.windows),
            series=self.observation.series(), judgements=evidence.judgements, doses=evidence.doses,
            recoveries=evidence.recoveries, weaknesses=evidence.weaknesses, receipt=receipt,
            notes=(*self.plan.notes, *self.alerts.notes(), *self.observation.notes()), source=self.gear.source,
            version=__version__,
        )  # fmt: skip

    async def _receipt(self, ends: tuple[StageEnd, ...]) -> Receipt:
        """Compare until nothing but what is settled differs, for a little while: readiness lags behind restoration."""
        lost = _lost(self.gear.journal)
        deadline = self.chronicle.clock.now() + (self.gear.ready_within_s if any(end.steps for end in ends) else 0.0)
        while True:
            after = await self.gear.inspector.read([Slot(slot) for slot in self.plan.claims])
            owned = await self.gear.inspector.owned()
            receipt = compare(self._before, after, owned, self.gear.run, lost)
            settled = receipt.clean and all(line.kind in ("restored", "loss") for line in receipt.lines)
            if settled or self.chronicle.clock.now() > deadline:
                return receipt
            await self.chronicle.clock.sleep(0.2)

    def _close(self, decision: Decision) -> None:
        """The journal's last word; where it cannot be written, recovery finds nothing unsettled all the same."""
        if self.gear.journal.unsettled():
            return
        try:
            self.gear.journal.append(
                Closed(outcome=decision.outcome, at_wall=self.gear.clock.wall(), note=decision.reason)
            )
        except JournalUnwritable:
            return


def _lost(journal: Journal) -> set[str]:
    """The uids that the undos declare lost."""
    undos = (getattr(entry, "undo", None) for entry in journal.entries())
    return {str(undo["lost"]) for undo in undos if isinstance(undo, dict) and undo.get("lost")}
