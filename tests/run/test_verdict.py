"""One outcome from all evidence, and the weaknesses by name. Pure, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from squall.observe.api import DoseResult, Judgement, Verdict
from squall.plan.model import Plan
from squall.run.result import EXIT_CODES, Receipt, ReceiptLine, Recovery, Weakness
from squall.run.verdict import Evidence, decide
from squall.run.weakness import is_late, weaknesses
from tests.run.workbench import Bench, document

HELD, BROKEN, INCONCLUSIVE = Verdict.HELD, Verdict.BROKEN, Verdict.INCONCLUSIVE
LEFT = Receipt(slots=1, lines=(ReceiptLine(slot="x/y/z", kind="ours", text="still there"),))
UNREAD = Receipt(slots=1, lines=(ReceiptLine(slot="x/y/z", kind="unreadable", text="no answer"),))
FOREIGN = Receipt(slots=1, lines=(ReceiptLine(slot="x/y/z", kind="foreign", text="replaced"),))
WEAK = (Weakness(text="no cache", evidence="checkout"),)


def judged(verdict: Verdict, phase: str = "fault", name: str = "checkout") -> Judgement:
    return Judgement(name=name, phase=phase, metric="successRate", bound=">= 99%", verdict=verdict, why="so it was")


def dosed(felt: bool) -> DoseResult:
    return DoseResult(step="cut.api-0", target="lab/api-0", quantity="latency", unit="s", asked=1.0, measured=0.0,
                      spread=0.0, control=0.0, n=3, felt=felt)  # fmt: skip


def evidence(**given: Any) -> Evidence:
    whole = {"judgements": (judged(HELD),), "doses": (dosed(True),), "recoveries": (), "receipt": FOREIGN,
             "weaknesses": ()}  # fmt: skip
    return Evidence(**{**whole, **given})


@pytest.mark.parametrize(
    ("given", "outcome", "verdict", "says"),
    [
        ({}, "HELD", HELD, "kept its steady state"),
        ({"weaknesses": WEAK}, "BROKEN", BROKEN, "no cache"),
        ({"judgements": (judged(INCONCLUSIVE),)}, "INCONCLUSIVE", INCONCLUSIVE, "checkout successRate"),
        ({"judgements": ()}, "INCONCLUSIVE", INCONCLUSIVE, "nothing was watched"),
        ({"judgements": (judged(HELD, "baseline"),)}, "INCONCLUSIVE", INCONCLUSIVE, "nothing was watched"),
        ({"doses": (dosed(False),)}, "INCONCLUSIVE", INCONCLUSIVE, "was not felt: cut.api-0"),
        ({"doses": (dosed(False),), "weaknesses": WEAK}, "BROKEN", BROKEN, "no cache"),
        ({"trouble": "no such pod"}, "INCONCLUSIVE", INCONCLUSIVE, "did not go as planned: no such pod"),
        ({"stopped": "signal SIGINT"}, "ABORTED", HELD, "stopped and restored: signal SIGINT"),
        ({"stopped": "signal SIGINT", "weaknesses": WEAK}, "ABORTED", BROKEN, "signal SIGINT"),
        ({"receipt": LEFT}, "NOT_RESTORED", HELD, "x/y/z: still there"),
        ({"receipt": UNREAD}, "NOT_RESTORED", HELD, "no answer"),
        ({"receipt": LEFT, "stopped": "signal SIGINT", "weaknesses": WEAK}, "NOT_RESTORED", BROKEN, "still there"),
        ({"stuck": ("cut.api-0: it is frozen",)}, "NOT_RESTORED", HELD, "it is frozen"),
        ({"receipt": None}, "HELD", HELD, "kept"),
    ],
)
def test_what_is_left_beats_a_stop_beats_a_weakness_beats_not_enough_seen_beats_held(
    given: dict[str, Any], outcome: str, verdict: Verdict, says: str
) -> None:
    decision = decide(evidence(**given))
    assert (decision.outcome, decision.verdict) == (outcome, verdict)
    assert says in decision.reason


def test_every_outcome_has_an_exit_code_of_its_own() -> None:
    assert sorted(EXIT_CODES.values()) == [0, 1, 3, 4, 5, 6]


@pytest.fixture
def plan(home: object) -> Plan:
    state = {"name": "checkout", "probe": {"command": {"argv": ["true"]}}, "expect": {"exitCode": "== 0"},
             "reveals": "{target} has nothing to fall back on under {fault} {unknown}"}  # fmt: skip
    other = {**state, "name": "browse", "reveals": ""}
    text = document({"platform": "memory", "refs": ["memory/demo-0"]}, {"type": "podFailure", "duration": "1s"},
                    steadyState=[state, other])  # fmt: skip
    bench = Bench(text)
    bench.journal.close()
    return bench.plan


def test_a_weakness_bears_the_documents_own_name_with_the_plan_filled_in(plan: Plan) -> None:
    (found,) = weaknesses(plan, [judged(BROKEN), judged(HELD, name="browse")], [], [])
    assert found.text == "demo has nothing to fall back on under podFailure {unknown}"
    assert found.evidence == "checkout, fault: so it was"


def test_a_weakness_without_a_name_is_the_broken_bound_in_words(plan: Plan) -> None:
    (found,) = weaknesses(plan, [judged(BROKEN, name="browse")], [], [])
    assert found.text == "browse: successRate >= 99% did not hold under podFailure"


def test_a_weakness_is_named_once_in_the_order_in_which_it_was_seen(plan: Plan) -> None:
    seen = [judged(BROKEN, name="browse"), judged(BROKEN), judged(BROKEN, "recovery", "browse"), judged(BROKEN)]
    late = Recovery(fault="podFailure", seconds=None, within_s=5.0)
    texts = [found.text for found in weaknesses(plan, seen, [late], ["memory/demo-0"])]
    assert texts == [
        "browse: successRate >= 99% did not hold under podFailure",
        "demo has nothing to fall back on under podFailure {unknown}",
        "browse: successRate >= 99% did not hold",
        "no recovery within 5s of the end of podFailure",
        "memory/demo-0 was not replaced by a healthy one",
    ]


@pytest.mark.parametrize(
    ("seconds", "within_s", "late"),
    [
        (1.0, 2.0, False),
        (2.0, 2.0, False),
        (2.1, 2.0, True),
        (None, 2.0, True),
        (None, None, False),
        (9.0, None, False),
    ],
)
def test_late_is_later_than_allowed_or_never(seconds: float | None, within_s: float | None, late: bool) -> None:
    assert is_late(Recovery(fault="x", seconds=seconds, within_s=within_s)) is late
