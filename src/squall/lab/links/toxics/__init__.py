"""The toxics: one small file each. A toxic is frozen settings; `stage` makes what shapes one direction of a connection.

A stage takes one parcel and gives back parcels with later due times, smaller pieces or changed bytes. It never sleeps
and never drops: TCP would bring lost bytes again, so loss is lateness (`Parcel.due`, infinite while a cut lasts).
Optional powers are class attributes: `stalls_connect`, `resets`, `queue_bytes_max`.
"""

from __future__ import annotations

from squall.lab.links.toxics.bandwidth import Bandwidth
from squall.lab.links.toxics.corrupt import Corrupt
from squall.lab.links.toxics.cut import Cut
from squall.lab.links.toxics.latency import Latency
from squall.lab.links.toxics.loss import Loss
from squall.lab.links.toxics.noop import Noop
from squall.lab.links.toxics.parcel import Parcel, Stage, Tally
from squall.lab.links.toxics.reset import Reset
from squall.lab.links.toxics.slice import Slice
from squall.lab.links.toxics.slow_close import SlowClose

Toxic = Latency | Bandwidth | Cut | Reset | SlowClose | Slice | Corrupt | Loss | Noop

__all__ = ["Parcel", "Stage", "Tally", "Toxic"]
