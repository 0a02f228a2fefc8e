"""slow_close: bytes flow freely, the end of them arrives late."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from squall.lab.links.toxics.latency import SecondsMax
from squall.lab.links.toxics.parcel import DATA, Parcel, Stage, Tally, ToxicBase


class SlowClose(ToxicBase, frozen=True, tag="slow_close"):
    """Half-close and close are passed on `delay_s` later."""

    delay_s: SecondsMax

    def stage(self, dice: Random, tally: Tally) -> Stage:
        """Make the stage of one direction."""
        return _Lingering(self.delay_s, tally)


class _Lingering:
    def __init__(self, delay_s: float, tally: Tally) -> None:
        self._delay_s = delay_s
        self._tally = tally

    def shape(self, parcel: Parcel) -> Iterable[Parcel]:
        if parcel.what == DATA:
            yield parcel
        else:
            self._tally.closes_delayed += 1
            yield parcel._replace(due=parcel.due + self._delay_s)
