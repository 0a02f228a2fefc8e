"""What flows through toxics: parcels of bytes with a due time, the stages that shape them, and the tally they keep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple, Protocol

import msgspec

DATA, END, GONE, BROKEN = range(4)  # bytes; half-close; closed; reset: what a parcel stands for
SEGMENT_BYTES = 1460  # the payload of an Ethernet-sized TCP segment


class Parcel(NamedTuple):
    """Bytes, or the end of them, to deliver no earlier than `due` (seconds, time.monotonic)."""

    due: float
    data: bytes
    what: int = DATA


class Tally(msgspec.Struct):
    """What one toxic set has done so far: the driver's own counters."""

    connections: int = 0
    segments: int = 0
    delayed: int = 0
    stalled: int = 0
    corrupted: int = 0
    sliced: int = 0
    held_bytes: int = 0
    stalled_connects: int = 0
    resets: int = 0
    closes_delayed: int = 0


class Stage(Protocol):
    """One toxic at work on one direction of one connection."""

    def shape(self, parcel: Parcel) -> Iterable[Parcel]:
        """Give back what becomes of the parcel, in order."""
        ...


class ToxicBase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """Settings of a toxic, with no optional power."""

    stalls_connect: ClassVar[bool] = False
    resets: ClassVar[bool] = False

    @property
    def queue_bytes_max(self) -> int:
        """How much may wait in one direction before the sender is paused."""
        return 16 << 20


def segments(data: bytes) -> int:
    """How many TCP segments the bytes would fill."""
    return -(-len(data) // SEGMENT_BYTES)
