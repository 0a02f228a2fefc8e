"""What every driver keeps to, whatever it does and wherever it does it."""

from __future__ import annotations

import time

import msgspec
import pytest

from squall._kit.errors import Conflict
from squall.targets.api import Clean, EndsBy, Held, Lost, Present, Settings
from squall.targets.memory import state as memory_state
from squall.targets.registry import Drivers
from tests.contract.rigs import RIGS, THEIRS, Rig, States, lease, now

pytestmark = pytest.mark.lab


def unlike(before: States, after: States, *, but: tuple[str, ...] = ()) -> set[str]:
    """The slots that differ, without looking at the fields of `but`."""

    def seen(states: States) -> dict[str, object]:
        return {
            str(slot): {key: value for key, value in state.items() if key not in but} if isinstance(state, dict)
            else state for slot, state in states.items()
        }  # fmt: skip

    first, second = seen(before), seen(after)
    return {slot for slot in first.keys() | second.keys() if first.get(slot) != second.get(slot)}


def settled(rig: Rig) -> States:
    """The states, once readiness has been polled."""
    deadline = time.monotonic() + 10
    while not all(target.healthy for target in now(rig.platform.snapshot([])).targets if target.namespace):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return rig.states()


def test_every_registered_driver_has_a_rig_and_every_rig_a_driver(tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert set(RIGS) == set(Drivers(Settings(tmp_path)))


def test_capture_changes_nothing(rig: Rig) -> None:
    before = rig.states()
    rig.capture()
    assert unlike(before, rig.states()) == set()


def test_what_is_applied_is_seen_and_what_is_restored_is_clean_and_as_before(holding: Rig) -> None:
    before, undo = holding.states(), holding.capture()
    holding.apply(undo)
    assert holding.hurt(undo)
    holding.restore(undo)
    assert holding.clean_within(undo)
    renewed = ("uid",) if undo.lost else ()
    assert unlike(before, settled(holding), but=renewed) == set()


def test_the_inspector_sees_exactly_the_claimed_slots_change(rig: Rig) -> None:
    before, undo, claims = rig.states(), rig.capture(), rig.claims
    rig.apply(undo)
    try:
        time.sleep(0.1)  # a signal is acted upon when its process is next scheduled
        assert unlike(before, rig.states()) == {str(slot) for slot in claims}
    finally:
        rig.restore(undo)
        assert not rig.driver.restores or rig.clean_within(undo)


def test_restoring_twice_is_restoring_once(holding: Rig) -> None:
    before, undo = holding.states(), holding.capture()
    holding.apply(undo)
    for _ in range(2):
        holding.restore(undo)
        assert holding.clean_within(undo)
    assert unlike(before, settled(holding), but=("uid",) if undo.lost else ()) == set()


def test_restoring_what_was_never_applied_is_harmless(rig: Rig) -> None:
    before, undo = rig.states(), rig.capture()
    rig.restore(undo)
    assert not rig.driver.restores or isinstance(rig.look(undo), Clean)
    assert unlike(before, rig.states()) == set()


def test_the_same_mark_applied_twice_is_applied_once(rig: Rig) -> None:
    undo = rig.capture()
    rig.apply(undo)
    if not rig.driver.restores and not rig.name.startswith("host/"):
        assert rig.clean_within(undo)
    time.sleep(0.1)
    first = rig.states()
    rig.apply(undo)
    assert unlike(first, rig.states(), but=("ready",)) == set()
    rig.restore(undo)
    assert not rig.driver.restores or rig.clean_within(undo)


def test_renewing_what_is_held_holds_it_and_what_is_gone_is_lost(holding: Rig) -> None:
    undo = holding.capture()
    holding.apply(undo)
    assert holding.hurt(undo)
    assert now(holding.driver.renew(holding.ref, undo, holding.ours, lease())) == Held()
    holding.restore(undo)
    assert isinstance(now(holding.driver.renew(holding.ref, undo, holding.ours, lease())), Lost)
    assert holding.clean_within(undo)


def test_another_owners_state_stays_byte_equal_while_ours_comes_and_goes(holding: Rig) -> None:
    theirs = holding.capture(holding.other)
    holding.apply(theirs, THEIRS, holding.other)
    time.sleep(0.1)
    before, undo = holding.states(), holding.capture()
    holding.apply(undo)
    holding.restore(undo)
    assert holding.clean_within(undo)
    after = holding.states()
    slots = holding.driver.claims(holding.target(holding.other), holding.towards(holding.other, holding.effect))
    assert [msgspec.json.encode(after[slot]) for slot in slots] == [msgspec.json.encode(before[slot]) for slot in slots]
    holding.restore(theirs, THEIRS, holding.other)


def test_a_slot_that_another_mark_holds_is_a_conflict_and_is_left_alone(holding: Rig) -> None:
    undo = holding.capture()
    holding.apply(undo, THEIRS)
    time.sleep(0.1)
    held = holding.states()
    with pytest.raises(Conflict):
        holding.apply(holding.capture())
    if holding.driver.ends_by is not EndsBy.WATCHDOG:  # a process bears no mark: there capture has refused already
        holding.restore(undo)
    assert unlike(held, holding.states(), but=("ready",)) == set()
    holding.restore(undo, THEIRS)
    assert holding.clean_within(undo)


def test_a_loss_names_what_is_lost_and_waits_for_the_replacement(losing: Rig) -> None:
    uid, undo = losing.target().uid, losing.capture()
    assert undo.lost == uid
    assert losing.driver.describe_undo(losing.target(), losing.effect).startswith("it is lost")
    if losing.name == "memory/kill":
        _never_restart(losing)
    losing.apply(undo)
    if losing.name == "lab/kill":
        assert losing.clean_within(undo)
        assert losing.target().uid not in ("", uid)
    else:  # nobody restarts it
        assert isinstance(losing.look(undo), Present)


def _never_restart(rig: Rig) -> None:
    with memory_state.changing(rig.home / "memory.json") as world:
        world.pods["demo-0"].restarts = False


def test_the_undo_survives_json(rig: Rig) -> None:
    undo = rig.capture()
    assert msgspec.json.decode(msgspec.json.encode(undo), type=rig.driver.undo_type) == undo
    assert msgspec.convert(msgspec.to_builtins(undo), rig.driver.undo_type) == undo


def test_refusing_is_pure(rig: Rig) -> None:
    before, target = rig.states(), rig.target()
    stranger = msgspec.structs.replace(target, platform="elsewhere", kind="cloud", ref="elsewhere/x")
    assert rig.driver.refuses(target, rig.effect) is None
    assert rig.driver.refuses(stranger, rig.effect) == rig.driver.refuses(stranger, rig.effect)
    assert rig.driver.claims(target, rig.effect) == rig.driver.claims(target, rig.effect)
    assert unlike(before, rig.states()) == set()


def test_a_driver_counts_only_numbers(holding: Rig) -> None:
    undo = holding.capture()
    holding.apply(undo)
    dose = now(holding.driver.dose(holding.ref, undo, holding.ours))
    holding.restore(undo)
    assert dose is None or all(isinstance(value, float) for value in dose.counters.values())
    assert holding.clean_within(undo)
