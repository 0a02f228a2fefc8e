"""The plan: equal inputs give equal plans; peers, windows, meters and words are concrete."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall._kit.errors import Refused
from squall.plan.build import Terms, build
from squall.plan.model import canonical, digest
from squall.plan.render import render
from tests.plan.worlds import DRIVERS, SHOP, experiment, planned

CUT = "[{name: cut, type: networkPartition, duration: 3m-5m, peer: {selector: {role: replica}}}]"


@given(st.integers(0, 2**32))
def test_equal_inputs_give_equal_digests(seed: int) -> None:
    target = "{selector: {app: api}, mode: fixed-percent, value: 20%-80%}"
    assert digest(planned(target, CUT, seed=seed)) == digest(planned(target, CUT, seed=seed))


def test_the_seed_is_drawn_from_the_document_and_recorded() -> None:
    one, other = planned("{selector: {app: api}}", CUT), planned("{selector: {app: api}, mode: all}", CUT)
    assert one.seed == planned("{selector: {app: api}}", CUT).seed != other.seed
    assert f"seed {one.seed}" in render(one)


def test_where_the_document_lies_changes_nothing() -> None:
    document = experiment("{selector: {app: api}}", CUT)
    moved = msgspec.structs.replace(document, source="elsewhere.yaml")
    assert digest(build(document, SHOP, DRIVERS, Terms())) == digest(build(moved, SHOP, DRIVERS, Terms()))


def test_canonical_json_has_sorted_keys() -> None:
    keys = list(msgspec.json.decode(canonical(planned("{selector: {app: api}}", CUT))))
    assert keys == sorted(keys)


@given(seed=st.integers(0, 2**32), scale=st.sampled_from([0.01, 0.02, 0.5, 1.0]))
def test_scale_shortens_windows_and_nothing_else(seed: int, scale: float) -> None:
    document = experiment("{selector: {app: api}}", CUT, "  success: {recoverWithin: 2m}\n  safety: {lease: 7s}")
    plan = build(document, SHOP, DRIVERS, Terms(seed, scale))
    assert 180 * scale - 0.001 <= plan.stages[0].duration_s <= 300 * scale + 0.001
    assert (plan.lease_s, plan.recovery_s) == (7.0, 120.0)
    assert any("quick look" in note for note in plan.notes) == (scale != 1.0)


def test_peers_are_the_ends_of_routes_that_match() -> None:
    plan = planned("{selector: {app: api}}", CUT)
    assert plan.steps[0].peers == ("lab/db-1",)
    everybody = planned("{selector: {app: api}}", "[{name: cut, type: networkPartition, duration: 1s}]")
    assert everybody.steps[0].peers == ("lab/db-0", "lab/db-1")


def test_a_peer_without_a_route_is_refused() -> None:
    nobody = "[{name: cut, type: networkPartition, duration: 1s, peer: {selector: {app: job}}}]"
    with pytest.raises(Refused, match="has no link to the named peer"):
        planned("{selector: {app: api}}", nobody)


def test_each_step_that_can_be_felt_has_a_meter_with_an_untouched_control() -> None:
    plan = planned("{selector: {app: api}}", CUT)
    touched = {slot.rsplit("/", 1)[1] for slot in plan.claims}
    meter = plan.steps[0].meters[0]
    assert (meter.kind, meter.protocol) == ("path", "echo")
    assert meter.control
    assert touched == {f"{plan.steps[0].target.name}--db-1"}


def test_the_plan_says_who_when_how_long_what_ends_it_and_how_it_is_undone() -> None:
    text = render(planned("{selector: {app: api}}", CUT))
    for part in (
        "hurts   1 of 5 that match",
        "lab/api-",
        "<-> lab/db-1",
        "for ",
        "ends    ",
        "undone  ",
        "digest sha256:",
    ):
        assert part in text


def test_a_platform_without_the_driver_is_refused_at_plan_time() -> None:
    where = msgspec.structs.replace(SHOP, platform="host")
    with pytest.raises(Refused, match="platform host has no driver for 'shape'"):
        planned("{selector: {app: api}}", CUT, where=where)


def test_a_peer_that_the_platform_cannot_know_is_refused_and_never_means_everybody() -> None:
    by_address = "[{name: cut, type: networkPartition, duration: 1s, peer: {cidr: 10.0.0.0/8}}]"
    with pytest.raises(Refused, match=r"peer.cidr 10.0.0.0/8 means nothing on platform lab"):
        planned("{selector: {app: api}}", by_address)
