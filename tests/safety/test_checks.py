"""Each check, on plans that it must refuse and on plans that it must let pass."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from squall.plan.model import Plan
from squall.safety.api import Finding
from squall.safety.blast_radius import BlastRadius
from squall.safety.capacity import CapacityLeft
from squall.safety.caps import Caps
from squall.safety.examine import examine, known_checks
from squall.safety.health import Health
from squall.safety.optin import OptIn
from squall.safety.overlap import Overlap
from squall.safety.protected import Protected
from squall.safety.replicas import Replicas
from squall.safety.window import Window
from squall.targets.api import Capacity, Holding, Slot, World
from tests.plan.worlds import SHOP, planned, pod, world

API = "{selector: {app: api}, mode: all}"
CUT = "[{name: cut, type: networkPartition, duration: 1m}]"
FAIL = "[{name: fail, type: podFailure, duration: 1m}]"


def refusals(findings: Sequence[Finding]) -> list[str]:
    return [finding.text for finding in findings if finding.level == "refuse"]


def test_a_sound_plan_passes_every_check() -> None:
    assert refusals(examine(planned(API, CUT), SHOP, known_checks())) == []


def test_a_check_that_raises_refuses() -> None:
    class Sick:
        def examine(self, plan: Plan, world: World) -> Sequence[Finding]:
            raise ZeroDivisionError("sick")

    found = examine(planned(API, CUT), SHOP, {"sick": Sick()})
    assert refusals(found) == ["the check itself failed: ZeroDivisionError: sick"]


def test_a_namespace_that_has_not_opted_in_is_refused_with_the_command() -> None:
    where = world(*SHOP.targets, opted_in=False)
    found = OptIn().examine(planned(API, CUT, where=where), where)
    assert refusals(found) == ["namespace shop has not opted in"]
    assert found[0].hint == "kubectl label namespace shop chaos-engineering=enabled"


def test_what_the_document_protects_stays_protected_even_in_a_plan_made_otherwise() -> None:
    plan = planned(API, CUT)
    spec = plan.experiment.spec
    guarded = msgspec.structs.replace(spec, safety=msgspec.structs.replace(spec.safety, protected=("shop/api",)))
    forged = msgspec.structs.replace(plan, experiment=msgspec.structs.replace(plan.experiment, spec=guarded))
    assert len(refusals(Protected().examine(forged, SHOP))) == 5


def test_a_partition_over_ten_minutes_is_refused() -> None:
    found = Caps().examine(planned(API, CUT.replace("1m", "11m")), SHOP)
    assert refusals(found) == ["fault 'cut' cuts the network for 11m"]


def test_faults_longer_than_max_duration_are_refused_along_their_longest_chain() -> None:
    loss = "type: networkLoss, loss: 1%, duration: 40s"
    chain = f"[{{name: a, {loss}}}, {{name: b, {loss}, startAfter: [a]}}]"
    assert refusals(Caps().examine(planned(API, chain, "  safety: {maxDuration: 1m}"), SHOP))
    assert not refusals(Caps().examine(planned(API, chain, "  safety: {maxDuration: 2m}"), SHOP))


def test_two_faults_at_once_are_counted_together_and_chained_ones_are_not() -> None:
    fail = "type: podFailure, duration: 1m, target: {refs: [lab/api-%d, lab/api-%d], mode: all}"
    two = "[{name: a, " + fail % (0, 1) + "}, {name: b, " + fail % (2, 3) + "%s}]"
    assert refusals(Replicas().examine(planned(API, two % ""), SHOP)) == [
        "shop/api: 5 healthy, 4 would be away at once, 2 must stay"
    ]
    assert not refusals(Replicas().examine(planned(API, two % ", startAfter: [a]"), SHOP))


def test_max_targets_is_held_against_the_whole_service() -> None:
    plan = planned(API, CUT)
    spec = msgspec.structs.replace(
        plan.experiment.spec, safety=planned(API, CUT, "  safety: {maxTargets: 40%}").experiment.spec.safety
    )
    forged = msgspec.structs.replace(plan, experiment=msgspec.structs.replace(plan.experiment, spec=spec))
    assert refusals(BlastRadius().examine(forged, SHOP)) == [
        "shop/api: 5 of 5 would be hurt, safety.maxTargets allows 2"
    ]


def test_the_only_replica_of_a_service_is_warned_of() -> None:
    where = world(pod("solo-0", "frontend"), pod("db-0", "database", role="replica"))
    found = BlastRadius().examine(planned("{selector: {app: solo}}", FAIL, where=where), where)
    assert [finding.level for finding in found] == ["warn"]


def test_an_unready_member_of_the_service_is_refused() -> None:
    sick = msgspec.structs.replace(SHOP.targets[0], healthy=False)
    where = msgspec.structs.replace(SHOP, targets=(sick, *SHOP.targets[1:]))
    assert refusals(Health().examine(planned(API, CUT, where=where), where)) == ["lab/api-0 of shop/api is not ready"]


def test_dependencies_are_looked_at_when_asked() -> None:
    sick = msgspec.structs.replace(SHOP.targets[-1], healthy=False)
    where = msgspec.structs.replace(SHOP, targets=(*SHOP.targets[:-1], sick))
    assert not refusals(Health().examine(planned(API, CUT, where=where), where))
    more = "  safety: {preflight: [dependencies]}"
    assert refusals(Health().examine(planned(API, CUT, more, where=where), where))


def test_no_room_is_refused_and_a_busy_processor_is_warned_of() -> None:
    poor = Capacity(cpu_idle=0.01, memory_available_bytes=1 << 20, disk_free_bytes=1 << 20)
    found = CapacityLeft().examine(planned(API, CUT), msgspec.structs.replace(SHOP, capacity=poor))
    assert sorted(finding.level for finding in found) == ["refuse", "refuse", "warn"]


def test_a_slot_that_somebody_holds_is_refused_with_its_owner() -> None:
    where = msgspec.structs.replace(SHOP, holdings=(Holding(Slot("lab/link/api-0--db-0"), "run x (y)"),))
    assert refusals(Overlap().examine(planned(API, CUT, where=where), where)) == [
        "lab/link/api-0--db-0 is held by run x (y)"
    ]


def test_two_faults_on_one_slot_are_refused_unless_chained() -> None:
    slow = "type: networkLatency, latency: 1s, duration: 1m"
    two = "[{name: a, type: networkLoss, loss: 1%%, duration: 1m}, {name: b, " + slow + "%s}]"
    assert "is claimed by a and b at once" in refusals(Overlap().examine(planned(API, two % ""), SHOP))[0]
    assert not refusals(Overlap().examine(planned(API, two % ", startAfter: [a]"), SHOP))


def test_a_past_window_is_told_and_a_blackout_is_refused() -> None:
    past = "  schedule: {timeWindow: {start: '2023-06-01T01:00:00Z', end: '2023-06-01T02:00:00Z'}}"
    found = Window().examine(planned(API, CUT, past), SHOP)
    assert [finding.level for finding in found] == ["info"]
    dark = past.replace("timeWindow: {", "blackout: [{").replace("}}", "}]}")
    at = msgspec.structs.replace(SHOP, taken_wall=1685582000.0)
    assert refusals(Window().examine(planned(API, CUT, dark), at))
