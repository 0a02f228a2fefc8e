"""The path meter: a client's exchanges over one network path, against a control path, before and during a fault."""

from __future__ import annotations

import math

import msgspec

from squall._kit.clock import SystemClock
from squall.observe import stats
from squall.observe.addresses import Address, split
from squall.observe.api import DoseResult
from squall.observe.exchanges import Exchanger, Sample, dialogue, normal
from squall.observe.question import BASELINE_S, MeterSpec, Question
from squall.observe.watch import Watch

RATE_PER_S = 20.0
RARE_RATE_PER_S = 50.0
"""For shares below a fifth more exchanges are needed to tell them from none."""
RARE = 0.2
BASELINE_MIN = 10
FEWEST = 5
"""Exchanges under the fault below which nothing is said to be felt."""
GRACE_S = 0.5
LATE_S = 0.05
"""A meter that is later than this at a tick says so: its process was too busy to measure well."""
_SHARES = {
    "cut": "exchanges without an answer", "reset": "exchanges reset", "stalled": "stalled exchanges",
    "corrupted": "exchanges with a wrong answer", "slowed": "slowed exchanges",
}  # fmt: skip


class _Finding(msgspec.Struct, kw_only=True):
    measured: float | None
    spread: float | None = None
    control: float | None = None
    n: int
    felt: bool = False
    note: str = ""


class _Side:
    """One path: its exchanges before and during the fault."""

    def __init__(self, address: Address, protocol: str, question: Question) -> None:
        spoken = dialogue(protocol, f"{address[0]}:{address[1]}", question.payload)
        if spoken is None:
            raise ValueError(f"{protocol}: no exchange is known for this protocol: use http, postgres, redis or tcp")
        self._address = address
        self._question = question
        self._spoken = spoken
        self._watch: Watch | None = None
        self.lag_s = 0.0
        self.before: list[Sample] = []
        self.during: list[Sample] = []
        self.legs = question.legs if spoken.stored else 1

    def start(self, under_fault: bool) -> None:
        bulk, asked = self._question.quantity == "rate", self._question.asked
        exchanger = Exchanger(self._address, self._spoken, self._question.timeout_s)
        if under_fault:
            self.during = exchanger.samples
        else:
            self.before = exchanger.samples
        rare = asked is not None and asked < RARE and self._question.quantity in _SHARES
        rate_per_s = RARE_RATE_PER_S if rare else RATE_PER_S
        self._watch = Watch(exchanger, rate_per_s, SystemClock(), in_flight_max=1 if bulk else 128)
        self._watch.start()

    async def stop(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            await watch.stop(GRACE_S)
            self.lag_s = max(self.lag_s, watch.lag_s_max)

    @property
    def usual_s(self) -> float:
        """The median time to the first byte before the fault; not finite without answers."""
        return stats.median(_times(self.before, whole=False) or [math.inf])


class PathMeter:
    """Measures one quantity of a `Shape` on one path. Every exchange has a connection of its own."""

    def __init__(self, spec: MeterSpec, question: Question) -> None:
        self._question = question
        self._path = _Side(split(spec.address), spec.protocol, question)
        protocol = spec.control_protocol or spec.protocol
        self._control = _Side(split(spec.control), protocol, question) if spec.control else None
        self._sides = [side for side in (self._path, self._control) if side is not None]

    async def sample_baseline(self, seconds: float = BASELINE_S) -> None:
        """Measure before the fault, at least ten exchanges long and at most a second."""
        for side in self._sides:
            side.start(under_fault=False)
        await SystemClock().sleep(min(1.0, max(seconds, (BASELINE_MIN - 0.5) / RATE_PER_S)))
        await self._stop()

    def start(self) -> None:
        """Begin to measure under the fault."""
        for side in self._sides:
            side.start(under_fault=True)

    async def stop(self) -> None:
        """End within half a second; exchanges without an answer until then count with the time they have waited."""
        await self._stop()

    def result(self, step: str, target: str) -> DoseResult:
        """What was measured against what was asked, in ms, bytes/s, or a share of exchanges."""
        question = self._question
        if question.quantity in ("latency", "jitter"):
            quantity, unit, scale, found = f"added {question.quantity} of an exchange", "ms", 1000.0, self._latency()
        elif question.quantity == "rate":
            quantity, unit, scale, found = "rate", "bytes/s", 1.0, self._rate()
        else:
            quantity, unit, scale, found = _SHARES[question.quantity], "share", 1.0, self._share()
        notes = [question.note, found.note, "" if self._control else "no control path", self._late()]
        return DoseResult(
            step=step, target=target, quantity=quantity, unit=unit, asked=_times_or_none(question.asked, scale),
            measured=_times_or_none(found.measured, scale), spread=_times_or_none(found.spread, scale),
            control=_times_or_none(found.control, scale), n=found.n, felt=found.felt,
            note="; ".join(note for note in notes if note),
        )  # fmt: skip

    def _late(self) -> str:
        late_s = max(side.lag_s for side in self._sides)
        return f"the meter itself was up to {1000 * late_s:.0f} ms late" if late_s > LATE_S else ""

    async def _stop(self) -> None:
        import asyncio

        await asyncio.gather(*(side.stop() for side in self._sides))

    def _latency(self) -> _Finding:
        before, during = (_times(samples, whole=False) for samples in (self._path.before, self._path.during))
        if len(before) < FEWEST or len(during) < FEWEST:
            return _unmeasured(before, during)
        usual, hurt = stats.quantile(before, 0.5), stats.quantile(during, 0.5)
        added_s = stats.median(during) - stats.median(before)
        control_s = _shift(self._control)
        asked = self._question.asked
        felt = hurt.low > usual.high and added_s >= (asked or 0.0) / 2 and not _comparable(control_s, added_s)
        spread = math.hypot(stats.mad(before), stats.mad(during))
        return _Finding(measured=added_s, spread=spread, control=control_s, n=len(during), felt=felt)

    def _share(self) -> _Finding:
        hits, n = self._count(self._path, self._path.during)
        hits_before, n_before = self._count(self._path, self._path.before)
        if n < FEWEST or n_before < FEWEST or not math.isfinite(self._path.usual_s):
            return _unmeasured(range(n_before), range(n))
        hits_control, n_control = self._count(self._control, self._control.during) if self._control else (0, 0)
        seen = stats.wilson(hits, n)
        apart = stats.difference(hits, n, hits_before + hits_control, n_before + n_control)
        control = hits_control / n_control if n_control else None
        enough = seen.estimate >= (self._question.asked or 0.0) / 2
        felt = apart.low > 0 and enough and not _comparable(control, seen.estimate)
        spread = (seen.high - seen.low) / 2
        return _Finding(measured=seen.estimate, spread=spread, control=control, n=n, felt=felt, note=self._varies())

    def _rate(self) -> _Finding:
        before, during = (_times(samples, whole=True) for samples in (self._path.before, self._path.during))
        if len(before) < FEWEST or not during:
            return _unmeasured(before, during)
        rate, spread, usual = _throttled(self._path)
        control = _throttled(self._control)[0] if self._control and _times(self._control.during, whole=True) else None
        asked = self._question.asked or 0.0
        slower = stats.quantile(during, 0.5).low > stats.quantile(before, 0.5).high if len(during) > FEWEST else (
            min(during) > max(before)
        )  # fmt: skip
        felt = slower and rate <= 2 * asked and not (control is not None and control <= 2 * rate)
        note = f"without the fault {usual:.3g} bytes/s"
        return _Finding(measured=rate, spread=spread, control=control, n=len(during), felt=felt, note=note)

    def _varies(self) -> str:
        varies = self._question.quantity == "corrupted" and len(_answers(self._path)) > 1
        return "answers differ without a fault too: only their first line is compared" if varies else ""

    def _count(self, side: _Side | None, samples: list[Sample]) -> tuple[int, int]:
        """Exchanges that show the quantity, and those that can tell."""
        if side is None:
            return 0, 0
        kept = [self._shows(side, sample) for sample in samples]
        return sum(shown is True for shown in kept), sum(shown is not None for shown in kept)

    def _shows(self, side: _Side, sample: Sample) -> bool | None:
        quantity = self._question.quantity
        if quantity in ("stalled", "slowed"):
            slow = sample.rtt_s >= side.usual_s + self._question.slow_s
            return slow if slow or sample.outcome != "ended" else None
        if sample.outcome == "ended":
            return None
        if quantity == "reset":
            return sample.outcome in ("reset", "closed", "refused")
        if quantity == "corrupted" and sample.outcome == "answered":
            return not _known(side, sample.answer)
        return sample.outcome != "answered"


def _times(samples: list[Sample], whole: bool) -> list[float]:
    """Times of answered exchanges, and of those without an answer yet the time waited (a lower bound; not for bulk)."""
    if whole:
        return [sample.whole_s for sample in samples if sample.outcome == "answered"]
    return [sample.rtt_s for sample in samples if sample.outcome in ("answered", "silent", "ended")]


def _shift(side: _Side | None) -> float | None:
    if side is None or not (before := _times(side.before, whole=False)):
        return None
    during = _times(side.during, whole=False)
    return stats.median(during) - stats.median(before) if during else None


def _throttled(side: _Side) -> tuple[float, float, float]:
    """Bytes per second under the fault with their spread, and before.

    The usual time of an exchange that became slow is taken off: the rate may look higher for it, never lower.
    """
    answered = [sample for sample in side.during if sample.outcome == "answered"]
    usual_s = stats.median(_times(side.before, whole=True) or [0.0])
    spent_s = [s.whole_s - usual_s if s.whole_s > 2 * usual_s else max(s.whole_s, 1e-4) for s in answered]
    rates = [side.legs * sample.size / seconds for sample, seconds in zip(answered, spent_s, strict=True)]
    size = stats.median([sample.size for sample in answered])
    return stats.median(rates), stats.mad(rates), side.legs * size / max(usual_s, 1e-4)


def _answers(side: _Side) -> set[bytes]:
    return {normal(sample.answer) for sample in side.before if sample.outcome == "answered"}


def _known(side: _Side, answer: bytes) -> bool:
    """Whether the answer is as before; where answers differ by themselves only their first lines are compared."""
    known = _answers(side)
    if len(known) > 1:
        return answer.partition(b"\n")[0] in {one.partition(b"\n")[0] for one in known}
    return normal(answer) in known


def _comparable(control: float | None, measured: float) -> bool:
    return control is not None and control >= measured / 2


def _unmeasured(before: list[float] | range, during: list[float] | range) -> _Finding:
    note = f"{len(before)} exchanges before and {len(during)} during the fault, at least {FEWEST} each are needed"
    return _Finding(measured=None, n=len(during), note=note)


def _times_or_none(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale
