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

from typing import Protocol

from squall.observe.api import DoseResult
from squall.observe.question import BASELINE_S, MeterSpec, ask
from squall.targets.api import AnyEffect, Break, Freeze, Kill, Shape


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
