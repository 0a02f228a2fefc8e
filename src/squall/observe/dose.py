"""Independent meters: how strong a fault really is, measured as a client, by code that shares nothing with drivers.

Use: `meter = open_meter(spec, effect)`; `await meter.sample_baseline(0.6)` before the fault; `meter.start()` when it is
applied; `await meter.stop()` before it is restored; `meter.result(step, target)`.

When is a dose *felt*? All three, and in doubt not:

1. it differs from the untouched exchanges (baseline, and for shares the control path too) with 95 % confidence;
2. it is at least half of what was asked (a rate: at most twice what was asked);
3. the control path did not change comparably, that is by half as much or more.

The meters live in `path.py` (exchanges over a network path) and `proc.py` (what /proc says of a process).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from squall.observe.api import DoseResult
from squall.targets.api import AnyEffect, Break, Freeze, Kill, Shape

BASELINE_S = 0.6
Quantity = Literal["latency", "jitter", "slowed", "cut", "reset", "stalled", "corrupted", "rate"]


class MeterSpec(Protocol):
    """What `squall.plan.model.Meter` says, read only: plan stands above observe."""

    @property
    def kind(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def control(self) -> str: ...
    @property
    def control_protocol(self) -> str: ...
    @property
    def pid(self) -> int: ...


class DoseMeter(Protocol):
    """One measurement of one step's dose."""

    async def sample_baseline(self, seconds: float = BASELINE_S) -> None:
        """Measure before the fault, for at most a second."""
        ...

    def start(self) -> None:
        """Begin to measure under the fault; needs a running loop."""
        ...

    async def stop(self) -> None:
        """End within half a second; call it while the fault is still in place."""
        ...

    def result(self, step: str, target: str) -> DoseResult:
        """What was measured. Pure."""
        ...


class Question(msgspec.Struct, frozen=True):
    """What to measure on a path: a quantity of one `Shape` and what was asked of it.

    `asked` is in seconds for latency, bytes per second for a rate, a share of exchanges otherwise. `legs` is how many
    of an exchange's two directions are hurt, `slow_s` the delay from which an exchange counts as slowed or stalled.
    """

    quantity: Quantity
    asked: float | None
    legs: int = 1
    timeout_s: float = 1.0
    slow_s: float = 0.15
    payload: int = 0
    note: str = ""


def open_meter(spec: MeterSpec, effect: AnyEffect) -> DoseMeter | None:
    """The meter for a step's effect; None where this module has none (state, none, or an effect without a dose).

    Raises ValueError for an address that is none.
    """
    if spec.kind == "path" and isinstance(effect, Shape):
        question = ask(effect)
        if question is None:
            return None
        from squall.observe.path import PathMeter

        return PathMeter(spec, question)
    if spec.kind == "process" and isinstance(effect, Kill | Freeze | Break):
        from squall.observe.proc import ProcessMeter

        return ProcessMeter(spec.pid, effect)
    return None


def ask(effect: Shape) -> Question | None:
    """The one quantity that shows a Shape best: cut, reset, latency, loss, corrupt, rate, jitter, in this order.

    `share` is a share of connections; each exchange has its own, so it is a share of exchanges.
    """
    legs = 2 if effect.direction == "both" else 1
    share = effect.share
    asks: tuple[tuple[object, Callable[[], Question]], ...] = (
        (effect.cut, lambda: Question("cut", share, legs)),
        (effect.reset, lambda: Question("reset", share, legs)),
        (effect.latency_s, lambda: _ask_latency(effect, legs)),
        (effect.loss, lambda: Question("stalled", share * (1 - (1 - effect.loss) ** legs), legs)),
        (effect.corrupt, lambda: Question("corrupted", share * (1 - (1 - effect.corrupt) ** legs), legs)),
        (effect.rate_bytes_per_s, lambda: _ask_rate(effect, legs)),
        (effect.jitter_s, lambda: Question("jitter", None, legs, timeout_s=1 + 4 * legs * effect.jitter_s)),
    )
    return next((question() for asked, question in asks if asked), None)


def _ask_latency(effect: Shape, legs: int) -> Question:
    added_s = legs * effect.latency_s
    timeout_s = 1 + 2 * added_s + 4 * legs * effect.jitter_s
    if effect.share < 1:
        return Question("slowed", effect.share, legs, timeout_s, slow_s=added_s / 2)
    return Question("latency", added_s, legs, timeout_s)


def _ask_rate(effect: Shape, legs: int) -> Question:
    rate = effect.rate_bytes_per_s
    payload = int(min(max(rate / 4, 4096), 256 * 1024))
    note = "" if effect.share >= 1 else f"on a share of {effect.share:g} of the connections"
    return Question("rate", rate, legs, timeout_s=2 + 3 * legs * payload / rate, payload=payload, note=note)
