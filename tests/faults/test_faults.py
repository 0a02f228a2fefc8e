"""Every fault compiles to the effects that it means; faults are pure, so equality is the whole test."""

from __future__ import annotations

import msgspec
import pytest

from squall.faults.api import Fault
from squall.faults.network.connectionreset import ConnectionReset
from squall.faults.network.networkbandwidth import NetworkBandwidth
from squall.faults.network.networkcorruption import NetworkCorruption
from squall.faults.network.networklatency import NetworkLatency
from squall.faults.network.networkloss import NetworkLoss
from squall.faults.network.networkpartition import NetworkPartition
from squall.faults.noop import NoopFault
from squall.faults.pod.podfailure import PodFailure
from squall.faults.pod.podkill import PodKill
from squall.faults.process.processkill import ProcessKill
from squall.faults.process.processpause import ProcessPause
from squall.faults.registry import known_faults
from squall.targets.api import Break, Effect, Freeze, Kill, Noop, Shape, Target

POD = Target(ref="lab/a-0", platform="lab", kind="pod", name="a-0", uid="1")
PEERS = ("lab/b-0", "lab/b-1")

CASES: list[tuple[Fault, tuple[Effect, ...]]] = [
    (NoopFault(), (Noop(),)),
    (PodKill(), (Kill(grace_s=0.0),)),
    (PodKill(grace_period=5.0), (Kill(grace_s=5.0),)),
    (PodFailure(), (Break(),)),
    (ProcessKill(expect_restart=False), (Kill(grace_s=0.0, expect_restart=False),)),
    (ProcessPause(), (Freeze(),)),
    (NetworkPartition(), (Shape(peers=PEERS, direction="both", cut=True),)),
    (NetworkPartition(direction="from"), (Shape(peers=PEERS, direction="from", cut=True),)),
    (NetworkLatency(latency=0.1, jitter=0.02), (Shape(peers=PEERS, direction="to", latency_s=0.1, jitter_s=0.02),)),
    (NetworkLoss(loss=0.1, share=0.5), (Shape(peers=PEERS, direction="to", loss=0.1, share=0.5),)),
    (NetworkCorruption(corrupt=0.01), (Shape(peers=PEERS, direction="to", corrupt=0.01),)),
    (NetworkBandwidth(rate=1e6), (Shape(peers=PEERS, direction="to", rate_bytes_per_s=1e6),)),
    (ConnectionReset(), (Shape(peers=PEERS, direction="both", reset=True),)),
]


@pytest.mark.parametrize(("fault", "effects"), CASES, ids=lambda case: type(case).__name__)
def test_a_fault_compiles_to_its_effects(fault: Fault, effects: tuple[Effect, ...]) -> None:
    assert fault.effects(POD, PEERS) == effects


def test_every_installed_fault_has_a_case() -> None:
    assert {type(fault) for fault, _ in CASES} == set(known_faults().values())


def test_an_entry_point_is_named_as_the_fault_itself() -> None:
    for name, fault in known_faults().items():
        assert fault.__struct_config__.tag == name


def test_effects_survive_json() -> None:
    from squall.targets.api import AnyEffect

    for _, effects in CASES:
        for effect in effects:
            assert msgspec.json.decode(msgspec.json.encode(effect), type=AnyEffect) == effect
