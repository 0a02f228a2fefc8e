"""`networkLoss`: packets get lost."""

from squall.faults.network.base import NetworkFault
from squall.spec.scalars import PositivePercent
from squall.targets.api import Shape


class NetworkLoss(NetworkFault, frozen=True, kw_only=True, tag="networkLoss"):
    """Loses the fraction `loss` of packets.

    Where a platform works on streams, a lost segment shows as a retransmission stall.
    """

    loss: PositivePercent

    def shape(self, peers: tuple[str, ...]) -> Shape:
        return Shape(peers=peers, direction=self.direction, share=self.share, loss=self.loss)
