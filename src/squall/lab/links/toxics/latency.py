"""latency: every byte, and the close, arrives later by a constant and a uniform jitter, in order."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Annotated

import msgspec

from squall.lab.links.toxics.parcel import Parcel, Stage, Tally, ToxicBase, segments

SecondsMax = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class Latency(ToxicBase, frozen=True, tag="latency"):
    """One-way delay of `latency_s`, plus or minus up to `jitter_s`."""

    latency_s: SecondsMax
    jitter_s: SecondsMax = 0.0

    def stage(self, dice: Random, tally: Tally) -> Stage:
        """Make the stage of one direction."""
        return _Delaying(self, dice, tally)


class _Delaying:
    def __init__(self, settings: Latency, dice: Random, tally: Tally) -> None:
        self._settings = settings
        self._dice = dice
        self._tally = tally

    def shape(self, parcel: Parcel) -> Iterable[Parcel]:
        jitter_s = self._settings.jitter_s and self._dice.uniform(-self._settings.jitter_s, self._settings.jitter_s)
        self._tally.segments += segments(parcel.data)
        self._tally.delayed += segments(parcel.data)
        yield parcel._replace(due=parcel.due + max(0.0, self._settings.latency_s + jitter_s))
