"""`podKill`: end a pod and look for its healthy replacement."""

from typing import ClassVar

from squall.faults.api import Fault
from squall.spec.scalars import Duration
from squall.targets.api import Effect, Kill, Target


class PodKill(Fault, frozen=True, kw_only=True, tag="podKill"):
    """Ends the target; a declared loss, made good by its replacement. Chaos Mesh: `pod-kill`; Litmus: `pod-delete`.

    `grace_period` is the time from SIGTERM to SIGKILL; 0 kills at once.
    """

    grace_period: Duration = 0.0

    lasting: ClassVar[bool] = False
    disables: ClassVar[bool] = True
    family: ClassVar[str] = "pod-kill"

    def effects(self, target: Target, peers: tuple[str, ...] = ()) -> tuple[Effect, ...]:
        return (Kill(grace_s=self.grace_period),)
