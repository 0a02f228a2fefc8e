"""Entries for the journal's tests."""

from __future__ import annotations

from squall.journal.api import Before, Closed, Header, Record, State

PODS = ("demo-0", "demo-1", "demo-2")


def header() -> Header:
    return Header(
        run="r1", name="sample", platform="memory", digest="sha256:00", seed=1, scale=1.0, lease_s=10.0, pid=1,
        pid_ticks=1, boot_id="b", at_boot=1.0, at_wall=2.0, claims=tuple(f"memory/pod/{pod}" for pod in PODS),
    )  # fmt: skip


def before() -> Before:
    states = {f"memory/pod/{pod}": {"uid": f"{pod}#1", "ready": True, "owner": ""} for pod in PODS}
    return Before(slots=dict(states))


def record(pod: str, state: State = State.INTENDED, n: int = 0) -> Record:
    return Record(
        run="r1", step=f"fault.{pod}", n=n, state=state, boot_id="b", at_boot=3.0, at_wall=4.0, hand="local",
        driver="memory/break", ref=f"memory/{pod}", effect={"kind": "break"}, undo={"pod": pod, "generation": 1},
    )  # fmt: skip


def closed() -> Closed:
    return Closed(outcome="HELD", at_wall=5.0)


ENTRIES = (
    header(), before(), record("demo-0"), record("demo-0", State.APPLIED), record("demo-1"),
    record("demo-1", State.APPLIED), record("demo-1", State.RESTORED), record("demo-2"),
)  # fmt: skip
"""Two effects are unsettled: demo-0 applied, demo-2 intended."""
