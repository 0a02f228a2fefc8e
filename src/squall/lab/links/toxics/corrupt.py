"""corrupt: now and then one bit of a segment is flipped, as by a bad memory behind the checksum."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Annotated

import msgspec

from squall.lab.links.toxics.parcel import SEGMENT_BYTES, Parcel, Stage, Tally, ToxicBase

Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Corrupt(ToxicBase, frozen=True, tag="corrupt"):
    """Each segment has one flipped bit with this probability."""

    probability: Probability

    def stage(self, dice: Random, tally: Tally) -> Stage:
        """Make the stage of one direction."""
        return _Flipping(self.probability, dice, tally)


class _Flipping:
    def __init__(self, probability: float, dice: Random, tally: Tally) -> None:
        self._probability = probability
        self._dice = dice
        self._tally = tally

    def shape(self, parcel: Parcel) -> Iterable[Parcel]:
        data: bytes | bytearray = parcel.data
        for start in range(0, len(parcel.data), SEGMENT_BYTES):
            self._tally.segments += 1
            if self._dice.random() < self._probability:
                self._tally.corrupted += 1
                data = bytearray(data)
                at = self._dice.randrange(start, min(start + SEGMENT_BYTES, len(data)))
                data[at] ^= 1 << self._dice.randrange(8)
        yield parcel._replace(data=bytes(data))
