"""cut: a path that drops every packet. Nothing arrives, nothing closes, new connects hang; TCP delivers on heal."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from random import Random
from typing import ClassVar

from squall.lab.links.toxics.parcel import Parcel, Stage, Tally, ToxicBase, segments


class Cut(ToxicBase, frozen=True, tag="cut"):
    """A black hole for as long as it lasts; either direction stops new connections (SYN or SYN-ACK is lost)."""

    stalls_connect: ClassVar[bool] = True

    @property
    def queue_bytes_max(self) -> int:
        """About what a sender's socket buffer would hold."""
        return 1 << 20

    def stage(self, dice: Random, tally: Tally) -> Stage:
        """Make the stage of one direction."""
        return _Holding(tally)


class _Holding:
    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def shape(self, parcel: Parcel) -> Iterable[Parcel]:
        self._tally.segments += segments(parcel.data)
        self._tally.held_bytes += len(parcel.data)
        yield parcel._replace(due=inf)
