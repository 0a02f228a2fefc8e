"""bandwidth: bytes leave at a constant rate, in pieces of 10 ms, with a short queue as a slow line would have."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Annotated

import msgspec

from squall.lab.links.toxics.parcel import DATA, Parcel, Stage, Tally, ToxicBase, segments

PIECE_S = 0.01


class Bandwidth(ToxicBase, frozen=True, tag="bandwidth"):
    """At most `rate_bytes_per_s` in this direction of each connection."""

    rate_bytes_per_s: Annotated[float, msgspec.Meta(ge=1)]

    @property
    def queue_bytes_max(self) -> int:
        """A quarter of a second at this rate, at least one read."""
        return max(64 << 10, int(self.rate_bytes_per_s / 4))

    def stage(self, dice: Random, tally: Tally) -> Stage:
        """Make the stage of one direction."""
        return _Pacing(self.rate_bytes_per_s, tally)


class _Pacing:
    def __init__(self, rate_bytes_per_s: float, tally: Tally) -> None:
        self._rate = rate_bytes_per_s
        self._tally = tally
        self._free_at = 0.0

    def shape(self, parcel: Parcel) -> Iterable[Parcel]:
        self._tally.segments += segments(parcel.data)
        if parcel.what != DATA:
            yield parcel._replace(due=max(parcel.due, self._free_at))
            return
        size = max(1, int(self._rate * PIECE_S))
        for start in range(0, len(parcel.data), size):
            piece = parcel.data[start : start + size]
            self._free_at = max(parcel.due, self._free_at) + len(piece) / self._rate
            self._tally.delayed += 1
            yield Parcel(self._free_at, piece)
