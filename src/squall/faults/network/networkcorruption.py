"""`networkCorruption`: bits flip."""

from squall.faults.network.base import NetworkFault
from squall.spec.scalars import PositivePercent
from squall.targets.api import Shape


class NetworkCorruption(NetworkFault, frozen=True, kw_only=True, tag="networkCorruption"):
    """Flips a bit in the fraction `corrupt` of packets."""

    corrupt: PositivePercent

    def shape(self, peers: tuple[str, ...]) -> Shape:
        return Shape(peers=peers, direction=self.direction, share=self.share, corrupt=self.corrupt)
