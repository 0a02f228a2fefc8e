"""`noop`: the whole flow with no harm; heads every chain of tests and drills the operator, not the system."""

from typing import ClassVar

from squall.faults.api import Fault
from squall.targets.api import Effect, Noop, Target


class NoopFault(Fault, frozen=True, kw_only=True, tag="noop"):
    """Does nothing to the target for the given duration."""

    lasting: ClassVar[bool] = False
    family: ClassVar[str] = "none"

    def effects(self, target: Target, peers: tuple[str, ...] = ()) -> tuple[Effect, ...]:
        return (Noop(),)
