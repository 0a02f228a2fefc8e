"""What all network faults share: the other end, the direction as seen from the target, and the share of traffic."""

from typing import ClassVar

from squall.faults.api import Fault
from squall.spec.model import Direction, PeerSpec
from squall.spec.scalars import PositivePercent
from squall.targets.api import Effect, Shape, Target


class NetworkFault(Fault, frozen=True, kw_only=True):
    """A change to the traffic between the target and `peer` (left out: everybody it talks with).

    `direction`: `to` the peer (the field's default), `from` it, or `both`.
    `share`: the fraction of connections that feel it.
    """

    peer: PeerSpec = PeerSpec()
    direction: Direction = "to"
    share: PositivePercent = 1.0

    family: ClassVar[str] = "network-partition"

    def shape(self, peers: tuple[str, ...]) -> Shape:
        """The change in plain numbers. Pure."""
        raise NotImplementedError

    def effects(self, target: Target, peers: tuple[str, ...] = ()) -> tuple[Effect, ...]:
        return (self.shape(peers),)
