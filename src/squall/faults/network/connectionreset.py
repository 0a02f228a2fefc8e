"""`connectionReset`: connections break."""

from squall.faults.network.base import NetworkFault
from squall.spec.model import Direction
from squall.targets.api import Shape


class ConnectionReset(NetworkFault, frozen=True, kw_only=True, tag="connectionReset"):
    """Resets live connections (RST) and refuses new ones."""

    direction: Direction = "both"

    def shape(self, peers: tuple[str, ...]) -> Shape:
        return Shape(peers=peers, direction=self.direction, share=self.share, reset=True)
