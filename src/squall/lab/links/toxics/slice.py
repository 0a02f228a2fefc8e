"""slice: bytes arrive in small pieces with a pause between them, as from a sender that writes badly."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Annotated

import msgspec

from squall.lab.links.toxics.latency import SecondsMax
from squall.lab.links.toxics.parcel import DATA, Parcel, Stage, Tally, ToxicBase


class Slice(ToxicBase, frozen=True, tag="slice"):
    """Pieces of `average_bytes`, half more or less, `delay_s` apart."""

    average_bytes: Annotated[int, msgspec.Meta(ge=1)]
    delay_s: SecondsMax = 0.0

    @property
    def queue_bytes_max(self) -> int:
        """Little: each waiting piece is an object of its own."""
        return max(64 << 10, min(16 << 20, self.average_bytes * 1024))

    def stage(self, dice: Random, tally: Tally) -> Stage:
        """Make the stage of one direction."""
        return _Slicing(self, dice, tally)


class _Slicing:
    def __init__(self, settings: Slice, dice: Random, tally: Tally) -> None:
        self._settings = settings
        self._dice = dice
        self._tally = tally
        self._due = 0.0

    def shape(self, parcel: Parcel) -> Iterable[Parcel]:
        if parcel.what != DATA:
            yield parcel
            return
        average, start = self._settings.average_bytes, 0
        while start < len(parcel.data):
            size = self._dice.randint(max(1, average // 2), max(1, average * 3 // 2))
            self._due = max(parcel.due, self._due + self._settings.delay_s)
            self._tally.sliced += 1
            yield Parcel(self._due, parcel.data[start : start + size])
            start += size
