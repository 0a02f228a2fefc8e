"""The receipt as plain data: which difference is ours, a declared loss, somebody else's, or nobody knows."""

from __future__ import annotations

from typing import Any

import pytest

from squall._kit.json import Json
from squall.run.receipt import compare
from squall.targets.api import Residue, Slot, Unreadable

SLOT = Slot("lab/instance/api-0")
BEFORE: dict[str, Json] = {"uid": "a1", "ready": True, "owner": "", "stopped": False}


def line(after: dict[str, Json] | Unreadable, before: Any = BEFORE, lost: set[str] | None = None) -> tuple[str, str]:
    """Kind and text of the only line."""
    receipt = compare({SLOT: before}, {SLOT: after}, [], "run", lost or set())
    (only,) = receipt.lines
    assert receipt.clean == (only.kind not in ("ours", "unreadable"))
    return only.kind, only.text


@pytest.mark.parametrize(
    ("after", "kind", "says"),
    [
        ({}, "restored", "as it was"),
        ({"stopped": True}, "ours", "stopped was False, is True"),
        ({"owner": "run/step/0"}, "ours", "held by run/step/0"),
        ({"owner": "runner/step/0"}, "foreign", "held by runner/step/0"),
        ({"uid": "b2"}, "foreign", "replaced meanwhile: a1 by b2"),
        ({"uid": ""}, "foreign", "replaced meanwhile: a1 by nothing"),
        ({"ready": False}, "foreign", "ready was True, is False"),
        ({"uid": "b2", "stopped": True}, "ours", "stopped was False"),
    ],
)
def test_a_difference_is_ours_unless_it_is_identity_or_another_owner(
    after: dict[str, Json], kind: str, says: str
) -> None:
    found, text = line({**BEFORE, **after})
    assert found == kind
    assert says in text


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ({"uid": "b2"}, "b2 has taken its place, healthy"),
        ({"uid": "b2", "ready": False}, "not healthy yet"),
        ({"uid": ""}, "a1 is gone, as declared"),
    ],
)
def test_a_declared_loss_is_a_loss_and_names_its_replacement(after: dict[str, Json], says: str) -> None:
    kind, text = line({**BEFORE, **after}, lost={"a1"})
    assert kind == "loss"
    assert says in text


def test_a_declared_loss_excuses_nothing_else() -> None:
    assert line({**BEFORE, "uid": "b2", "stopped": True}, lost={"a1"})[0] == "ours"
    assert line({**BEFORE, "uid": "b2", "owner": "run/s/0"}, lost={"a1"})[0] == "ours"


def test_what_cannot_be_read_now_or_was_not_read_before_counts_against_us() -> None:
    assert line(Unreadable("no answer"))[0] == "unreadable"
    assert line(BEFORE, before="no answer")[0] == "unreadable"
    assert line(BEFORE, before=None)[0] == "unreadable"


def test_everything_that_bears_our_mark_is_listed_claimed_or_not_and_once() -> None:
    residues = [
        Residue(Slot("lab/link/x"), "run/step/0", "a toxic", "squall rollback"),
        Residue(Slot("lab/link/y"), "other/step/0", "a toxic"),
        Residue(SLOT, "run/step/0", "a hold"),
    ]
    receipt = compare({SLOT: BEFORE}, {SLOT: {**BEFORE, "owner": "run/step/0"}}, residues, "run", set())
    assert [(found.slot, found.kind) for found in receipt.lines] == [(SLOT, "ours"), ("lab/link/x", "ours")]
    assert receipt.lines[1].remedy == "squall rollback"
    assert not receipt.clean


def test_a_receipt_of_nothing_is_clean() -> None:
    receipt = compare({}, {}, [], "run", set())
    assert (receipt.slots, receipt.clean) == (0, True)
