"""`podFailure`: keep a pod out of service for a while."""

from typing import ClassVar

from squall.faults.api import Fault
from squall.targets.api import Break, Effect, Target


class PodFailure(Fault, frozen=True, kw_only=True, tag="podFailure"):
    """Holds the target broken for `duration`: it does not run and is not restarted. Chaos Mesh: `pod-failure`."""

    disables: ClassVar[bool] = True
    family: ClassVar[str] = "pod-kill"

    def effects(self, target: Target, peers: tuple[str, ...] = ()) -> tuple[Effect, ...]:
        return (Break(),)
