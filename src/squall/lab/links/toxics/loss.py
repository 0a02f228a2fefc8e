"""loss: what a lost segment costs a TCP stream: a retransmission stall of 200 ms, doubling, for all behind it too.

Source: RFC 6298 with Linux's minimum time-out (TCP_RTO_MIN, 200 ms). A proxy sees bytes, not packets, so fast
retransmit is not modelled: this is the loss of a short flow, the kind that requests and replies are.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from squall.lab.links.toxics.corrupt import Probability
from squall.lab.links.toxics.parcel import DATA, SEGMENT_BYTES, Parcel, Stage, Tally, ToxicBase

RTO_S, RTO_S_MAX = 0.2, 120.0


class Loss(ToxicBase, frozen=True, tag="loss"):
    """Each segment of 1460 bytes is lost with this probability, and each retransmission again."""

    probability: Probability

    def stage(self, dice: Random, tally: Tally) -> Stage:
        """Make the stage of one direction."""
        return _Losing(self.probability, dice, tally)


class _Losing:
    def __init__(self, probability: float, dice: Random, tally: Tally) -> None:
        self._probability = probability
        self._dice = dice
        self._tally = tally
        self._due = 0.0

    def shape(self, parcel: Parcel) -> Iterable[Parcel]:
        self._due = max(self._due, parcel.due)
        start = 0
        for end in range(SEGMENT_BYTES, len(parcel.data) + SEGMENT_BYTES, SEGMENT_BYTES):
            self._tally.segments += 1
            stall_s = self._stall_s()
            if stall_s:
                if end > SEGMENT_BYTES:
                    yield Parcel(self._due, parcel.data[start : end - SEGMENT_BYTES])
                start = end - SEGMENT_BYTES
                self._due += stall_s
        yield Parcel(self._due, parcel.data[start:]) if parcel.what == DATA else parcel._replace(due=self._due)

    def _stall_s(self) -> float:
        stall_s, rto_s = 0.0, RTO_S
        while stall_s < RTO_S_MAX and self._dice.random() < self._probability:
            stall_s += rto_s
            rto_s = min(rto_s * 2, RTO_S_MAX)
        self._tally.stalled += stall_s > 0
        return stall_s
