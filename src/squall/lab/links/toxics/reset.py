"""reset: live connections get a TCP RST (SO_LINGER 0, socket(7)) at both ends, new ones once they are accepted."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from squall.lab.links.toxics.noop import Noop
from squall.lab.links.toxics.parcel import Stage, Tally, ToxicBase


class Reset(ToxicBase, frozen=True, tag="reset"):
    """Break and refuse connections; with `share`, that part of them."""

    resets: ClassVar[bool] = True

    def stage(self, dice: Random, tally: Tally) -> Stage:
        """Nothing to shape: the connection is gone."""
        return Noop().stage(dice, tally)
