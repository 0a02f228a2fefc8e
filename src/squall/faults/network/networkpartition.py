"""`networkPartition`: nothing gets through."""

from squall.faults.network.base import NetworkFault
from squall.spec.model import Direction
from squall.targets.api import Shape


class NetworkPartition(NetworkFault, frozen=True, kw_only=True, tag="networkPartition"):
    """Drops everything between the target and its peer; connections hang, as behind a dead switch."""

    direction: Direction = "both"

    def shape(self, peers: tuple[str, ...]) -> Shape:
        return Shape(peers=peers, direction=self.direction, share=self.share, cut=True)
