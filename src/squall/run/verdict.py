"""The verdict: from judgements, doses, recoveries and receipt to one outcome and its reason. Pure.

Order: something of ours left > stopped early > a weakness > not enough seen > held.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from squall.observe.api import DoseResult, Judgement, Verdict
from squall.run.result import Outcome, Receipt, Recovery, Weakness


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides. `stopped` is why the run ended early; `stuck` names effects not seen to be gone."""

    judgements: tuple[Judgement, ...]
    doses: tuple[DoseResult, ...]
    recoveries: tuple[Recovery, ...]
    receipt: Receipt | None
    weaknesses: tuple[Weakness, ...]
    stopped: str = ""
    trouble: str = ""
    stuck: tuple[str, ...] = ()
    unreplaced: tuple[str, ...] = ()


class Decision(msgspec.Struct, frozen=True):
    """The outcome, the verdict on the system, and one sentence of why."""

    outcome: Outcome
    verdict: Verdict
    reason: str


def decide(evidence: Evidence) -> Decision:
    """One outcome."""
    verdict, reason = _verdict(evidence)
    if evidence.stuck or (evidence.receipt is not None and not evidence.receipt.clean):
        return Decision("NOT_RESTORED", verdict, "not restored: " + _left(evidence))
    if evidence.stopped:
        return Decision("ABORTED", verdict, f"stopped and restored: {evidence.stopped}")
    return Decision(verdict.value, verdict, reason)


def _left(evidence: Evidence) -> str:
    lines = evidence.receipt.lines if evidence.receipt else ()
    bad = [f"{line.slot}: {line.text}" for line in lines if line.kind in ("ours", "unreadable")]
    return "; ".join([*evidence.stuck, *bad][:5])


def _verdict(evidence: Evidence) -> tuple[Verdict, str]:
    if evidence.weaknesses:
        return Verdict.BROKEN, evidence.weaknesses[0].text
    if evidence.trouble:
        return Verdict.INCONCLUSIVE, f"a fault did not go as planned: {evidence.trouble}"
    unfelt = [dose for dose in evidence.doses if not dose.felt]
    if unfelt:
        named = ", ".join(f"{dose.step} ({dose.note or 'no difference measured'})" for dose in unfelt[:3])
        blind = all(dose.measured is None for dose in unfelt)
        return Verdict.INCONCLUSIVE, f"the fault {'could not be measured' if blind else 'was not felt'}: {named}"
    return _seen(evidence.judgements)


def _seen(judgements: Sequence[Judgement]) -> tuple[Verdict, str]:
    """What was seen while the system was hurt and after."""
    later = [judgement for judgement in judgements if judgement.phase != "baseline"]
    if not later:
        return Verdict.INCONCLUSIVE, "nothing was watched: add steadyState to the experiment"
    unclear = [judgement for judgement in later if judgement.verdict is Verdict.INCONCLUSIVE]
    if unclear:
        first = unclear[0]
        return Verdict.INCONCLUSIVE, f"{first.name} {first.metric} {first.bound} ({first.phase}): {first.why}"
    return Verdict.HELD, "the system kept its steady state and recovered"
