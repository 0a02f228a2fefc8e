"""noop: passes everything on, and counts it."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from squall.lab.links.toxics.parcel import Parcel, Stage, Tally, ToxicBase, segments


class Noop(ToxicBase, frozen=True, tag="noop"):
    """No harm: the same path through the queue, for control measurements."""

    def stage(self, dice: Random, tally: Tally) -> Stage:
        """Make the stage of one direction."""
        return _Passing(tally)


class _Passing:
    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def shape(self, parcel: Parcel) -> Iterable[Parcel]:
        self._tally.segments += segments(parcel.data)
        yield parcel
