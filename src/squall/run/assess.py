"""From what was watched to evidence: judgements by phase, recoveries, weaknesses. Touches nothing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from squall.observe.api import DoseResult, Judgement, Verdict
from squall.observe.judge import error_rate_increase
from squall.plan.model import Plan
from squall.run.events import Chronicle
from squall.run.observing import Observation
from squall.run.result import Receipt, Recovery, Window
from squall.run.schedule import StageEnd
from squall.run.verdict import Decision, Evidence, decide
from squall.run.weakness import weaknesses
from squall.spec.model import SteadyState, Success

Span = tuple[float, float]


class Assessment:
    """Judges one run's observation."""

    def __init__(self, plan: Plan, observation: Observation, chronicle: Chronicle) -> None:
        self._plan = plan
        self._observation = observation
        self._began = chronicle.began
        self._states = plan.experiment.spec.steady_state

    def baseline(self, windows: Sequence[Window]) -> list[Judgement]:
        """Every state that is judged before."""
        spans = [self._span(window) for window in windows if window.name == "baseline"]
        return self._judged("before", "baseline", {state.name: spans for state in self._states})

    def evidence(
        self, windows: Sequence[Window], ends: Sequence[StageEnd], doses: tuple[DoseResult, ...], receipt: Receipt
    ) -> Evidence:
        """All that decides, once the run is over."""
        hurt = any(end.began is not None for end in ends)
        judgements = self.baseline(windows)
        recoveries = self._recoveries(ends) if hurt else ()
        if hurt:
            judgements += self._judged("during", "fault", {s.name: self._fault_spans(s, ends) for s in self._watched})
            judgements += self._increases(windows, ends)
            judgements += self._judged("after", "recovery", self._after_spans(ends))
            judgements += _criteria(recoveries)
            judgements += self._fallbacks(ends)
            judgements += _unmeasured(self._plan.experiment.spec.success)
        unreplaced = tuple(_unreplaced(ends))
        return Evidence(
            judgements=tuple(judgements), doses=doses, recoveries=tuple(recoveries), receipt=receipt,
            weaknesses=weaknesses(self._plan, judgements, [], unreplaced), unreplaced=unreplaced,
            stuck=tuple(_stuck(ends)), trouble=next(iter(_troubles(ends)), ""),
        )  # fmt: skip

    def decide(self, evidence: Evidence, stopped: str, ends: Sequence[StageEnd]) -> Decision:
        """The outcome. A stop that the engine threw for a fault's own trouble is no abort but a lack of evidence."""
        own = evidence.trouble and stopped.endswith(evidence.trouble)
        if own and not any(step.touched for end in ends for step in end.steps):
            return Decision("REFUSED", Verdict.INCONCLUSIVE, f"nothing was touched: {evidence.trouble}")
        return decide(msgspec.structs.replace(evidence, stopped="" if own else stopped))

    @property
    def _watched(self) -> list[SteadyState]:
        return [state for state in self._states if state.during]

    def _judged(self, when: str, phase: str, spans: dict[str, list[Span]]) -> list[Judgement]:
        found: list[Judgement] = []
        for state in self._states:
            if state.name in spans and (not state.phases or when in state.phases):
                found.extend(self._observation.judged(state, spans[state.name], phase))
        return found

    def _span(self, window: Window) -> Span:
        return (self._began + window.start, self._began + window.end)

    def _fault_spans(self, state: SteadyState, ends: Sequence[StageEnd]) -> list[Span]:
        """The windows of the faults that the state is about, without counting any moment twice."""
        spans = sorted(e.span for e in ends if e.span and (not state.faults or e.fault in state.faults))
        merged: list[Span] = []
        for begin, end in spans:
            if merged and begin <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((begin, end))
        return merged

    def _after_spans(self, ends: Sequence[StageEnd]) -> dict[str, list[Span]]:
        """From the moment at which each state held again; from the end of all harm where it never did."""
        over = max(end.span[1] for end in ends if end.span)
        spans: dict[str, list[Span]] = {}
        for state in self._states:
            after = self._observation.recovered(state.name, over, float("inf"))
            spans[state.name] = [(over + (after or 0.0), float("inf"))]
        return spans

    def _recoveries(self, ends: Sequence[StageEnd]) -> tuple[Recovery, ...]:
        """For each fault, the slowest state's return, where no later fault spoils the view."""
        began = sorted(end.began for end in ends if end.began)
        found: list[Recovery] = []
        for end in ends:
            if end.harm_over is None:
                continue
            over = end.harm_over
            until = next((moment for moment in began if moment > over), None)
            times = [self._observation.recovered(s.name, over, until or float("inf")) for s in self._about(end)]
            seen = [time for time in times if time is not None]
            if times and (until is None or len(seen) == len(times)):
                whole = max(seen, default=0.0) if len(seen) == len(times) else None
                found.append(self._recovery(end.fault, whole, over))
        return tuple(found)

    def _recovery(self, fault: str, seconds: float | None, over: float) -> Recovery:
        within = self._plan.experiment.spec.success.recover_within if self._states else None
        return Recovery(fault=fault, seconds=seconds, within_s=within, since=round(over - self._began, 4))

    def _about(self, end: StageEnd) -> list[SteadyState]:
        sampled = [state for state in self._watched if not state.faults or end.fault in state.faults]
        last = end.fault == self._plan.stages[-1].fault
        return sampled + [state for state in self._states if not state.during and last]

    def _fallbacks(self, ends: Sequence[StageEnd]) -> list[Judgement]:
        """`success.fallbackWithin`: from the begin of a fault until each state holds again while it lasts."""
        within = self._plan.experiment.spec.success.fallback_within
        if within is None:
            return []
        return [
            _in_time(f"{state.name} under {end.fault}", "fault", "fallback", within,
                     self._observation.recovered(state.name, *end.span))
            for end in ends if end.span
            for state in self._watched if not state.faults or end.fault in state.faults
        ]  # fmt: skip

    def _increases(self, windows: Sequence[Window], ends: Sequence[StageEnd]) -> list[Judgement]:
        bound = self._plan.experiment.spec.success.error_rate_increase
        if bound is None:
            return []
        before = next(self._span(window) for window in windows if window.name == "baseline")
        found: list[Judgement] = []
        for state in self._watched:
            base = self._observation.between(state.name, *before)
            hurt = [r for span in self._fault_spans(state, ends) for r in self._observation.between(state.name, *span)]
            found.append(error_rate_increase(base, hurt, bound, name=state.name))
        return found


def _criteria(recoveries: Sequence[Recovery]) -> list[Judgement]:
    """`success.recoverWithin` as judgements."""
    return [
        _in_time("recovery", "recovery", f"after {recovery.fault}", recovery.within_s, recovery.seconds)
        for recovery in recoveries
        if recovery.within_s is not None
    ]


def _in_time(name: str, phase: str, metric: str, within_s: float, took_s: float | None) -> Judgement:
    """Whether something that was waited for came in time; what was not seen was not in time."""
    held = took_s is not None and took_s <= within_s
    return Judgement(
        name=name, phase=phase, metric=metric, bound=f"<= {within_s:g} s", estimate=took_s, n=1,
        verdict=Verdict.HELD if held else Verdict.BROKEN,
        why="it was not seen" if took_s is None else f"it took {took_s:.2f} s",
    )  # fmt: skip


def _unmeasured(success: Success) -> list[Judgement]:
    """Criteria that nothing here can measure; they are never passed over in silence."""
    asked = {"rto": success.rto, "rpo": success.rpo}
    return [
        Judgement(
            name=name, phase="recovery", metric=name, bound=f"<= {bound:g} s", verdict=Verdict.INCONCLUSIVE,
            why=f"this version does not measure {name.upper()}",
        )
        for name, bound in asked.items() if bound is not None
    ]  # fmt: skip


def _troubles(ends: Sequence[StageEnd]) -> list[str]:
    found = [step.error or step.lost for end in ends for step in end.steps]
    return [trouble for trouble in found if trouble]


def _stuck(ends: Sequence[StageEnd]) -> list[str]:
    return [
        f"{step.step}: {effect.text}" for end in ends for step in end.steps for effect in step.ends
        if effect.restores and not effect.clean
    ]  # fmt: skip


def _unreplaced(ends: Sequence[StageEnd]) -> list[str]:
    return [
        step.step for end in ends for step in end.steps for effect in step.ends
        if not effect.restores and not effect.clean
    ]  # fmt: skip
