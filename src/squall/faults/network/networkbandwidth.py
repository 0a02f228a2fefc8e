"""`networkBandwidth`: the line is thin."""

from squall.faults.network.base import NetworkFault
from squall.spec.scalars import Rate
from squall.targets.api import Shape


class NetworkBandwidth(NetworkFault, frozen=True, kw_only=True, tag="networkBandwidth"):
    """Limits each direction to `rate`."""

    rate: Rate

    def shape(self, peers: tuple[str, ...]) -> Shape:
        return Shape(peers=peers, direction=self.direction, share=self.share, rate_bytes_per_s=self.rate)
