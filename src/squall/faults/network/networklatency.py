"""`networkLatency`: everything takes longer."""

from squall.faults.network.base import NetworkFault
from squall.spec.scalars import Duration, PositiveDuration
from squall.targets.api import Shape


class NetworkLatency(NetworkFault, frozen=True, kw_only=True, tag="networkLatency"):
    """Delays each packet by `latency`, give or take `jitter` (uniform).

    With `both`, a round trip takes twice as much longer.
    """

    latency: PositiveDuration
    jitter: Duration = 0.0

    def shape(self, peers: tuple[str, ...]) -> Shape:
        return Shape(
            peers=peers, direction=self.direction, share=self.share, latency_s=self.latency, jitter_s=self.jitter
        )
