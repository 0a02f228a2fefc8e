"""Who is hurt: modes, percentages, caps and protection."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall._kit.errors import Refused
from squall.plan.limits import MIN_HEALTHY
from tests.plan.worlds import SHOP, planned, pod, refs, world

KILL = "[{name: kill, type: podKill}]"
SLOW = "[{name: slow, type: networkLatency, latency: 1s, duration: 1s}]"


@pytest.mark.parametrize(
    ("mode", "count"),
    [
        ("mode: one", 1), ("mode: all", 5), ("mode: fixed, value: 2", 2), ("mode: fixed, value: 99", 5),
        ("mode: fixed-percent, value: 50", 2), ("mode: fixed-percent, value: 10%", 1),
        ("mode: fixed-percent, value: 100%", 5),
    ],
)  # fmt: skip
def test_modes_count_as_chaos_mesh_does_and_percentages_round_down_to_at_least_one(mode: str, count: int) -> None:
    assert len(refs(planned(f"{{selector: {{app: api}}, {mode}}}", SLOW))) == count


@given(seed=st.integers(0, 2**32), low=st.integers(1, 100), width=st.integers(0, 50))
def test_a_range_of_percent_stays_within_it(seed: int, low: int, width: int) -> None:
    high = min(100, low + width)
    chosen = refs(planned(f"{{selector: {{app: api}}, mode: fixed-percent, value: {low}%-{high}%}}", SLOW, seed=seed))
    assert max(1, 5 * low // 100) <= len(chosen) <= max(1, 5 * high // 100)


@given(seed=st.integers(0, 2**32), percent=st.integers(1, 100))
def test_random_max_percent_never_exceeds_it(seed: int, percent: int) -> None:
    chosen = refs(planned(f"{{selector: {{app: api}}, mode: random-max-percent, value: {percent}}}", SLOW, seed=seed))
    assert 1 <= len(chosen) <= max(1, 5 * percent // 100)


@given(
    seed=st.integers(0, 2**32), apis=st.integers(1, 8), jobs=st.integers(1, 4),
    value=st.integers(1, 100), unready=st.sets(st.integers(0, 7)),
)  # fmt: skip
def test_targets_are_opted_for_ready_unprotected_and_leave_enough_healthy(
    seed: int, apis: int, jobs: int, value: int, unready: set[int]
) -> None:
    pods = [pod(f"api-{n}") for n in range(apis)] + [pod(f"job-{n}", "worker") for n in range(jobs)]
    pods = [msgspec.structs.replace(p, healthy=n not in unready) for n, p in enumerate(pods)]
    where = world(*pods, pod("db-0", "database", role="primary"), pod("secret-0", "api", namespace="kube-system"))
    try:
        plan = planned(f"{{expressions: [{{key: app, operator: Exists}}], mode: fixed-percent, value: {value}}}", KILL,
                       where=where, seed=seed)  # fmt: skip
    except Refused:
        return
    hurt = {step.target.ref for step in plan.steps}
    assert len(hurt) == len(plan.steps)
    for step in plan.steps:
        assert step.target.healthy
        assert step.target.namespace == "shop"
        assert step.target.labels.get("role") != "primary"
    for component, least in (("api", MIN_HEALTHY["api"]), ("worker", MIN_HEALTHY["worker"])):
        members = [p for p in pods if p.labels["app.kubernetes.io/component"] == component]
        if any(p.ref in hurt for p in members):
            assert len([p for p in members if p.healthy and p.ref not in hurt]) >= least


def test_the_primary_of_a_database_is_never_killed_but_may_be_cut_off() -> None:
    assert refs(planned("{selector: {app: db}, mode: all}", KILL)) == ["lab/db-1"]
    cut = "[{name: cut, type: networkPartition, duration: 1s}]"
    assert refs(planned("{selector: {app: db}, mode: all}", cut)) == ["lab/db-0", "lab/db-1"]


def test_a_cap_always_wins() -> None:
    more = "  safety: {maxTargets: 20%, minHealthy: 2}"
    assert len(refs(planned("{selector: {app: api}, mode: all}", KILL, more))) == 1
    assert len(refs(planned("{selector: {app: api}, mode: all}", KILL))) == 3  # API: 2 must stay


def test_count_and_percentage_of_an_action_select_targets() -> None:
    assert len(refs(planned("{selector: {app: api}}", SLOW.replace("duration", "percentage: 60, duration")))) == 3
    assert len(refs(planned("{selector: {app: api}}", SLOW.replace("duration", "count: 4, duration")))) == 4


def test_an_empty_selection_is_refused_and_says_what_there_is() -> None:
    with pytest.raises(Refused, match="no target matches app=apo") as error:
        planned("{selector: {app: apo}}", SLOW)
    assert error.value.hint is not None
    assert "app=api (shop)" in error.value.hint


def test_what_is_left_out_is_named_with_its_reason() -> None:
    with pytest.raises(Refused) as error:
        planned("{selector: {role: primary}}", KILL)
    assert error.value.hint == "lab/db-0: protected (the primary of a database)"


def test_exclusion_needs_all_its_labels() -> None:
    chosen = refs(
        planned("{expressions: [{key: app, operator: In, values: [db]}], exclude: {role: primary}, mode: all}", SLOW)
    )
    assert chosen == ["lab/db-1"]
    assert SHOP.targets
