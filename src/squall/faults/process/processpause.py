"""`processPause`: stop a process where it stands, and let it go on."""

from typing import ClassVar

from squall.faults.api import Fault
from squall.targets.api import Effect, Freeze, Target


class ProcessPause(Fault, frozen=True, kw_only=True, tag="processPause"):
    """Freezes the target for `duration`; sockets stay open and nobody answers. Gremlin and Pumba: pause."""

    disables: ClassVar[bool] = True

    def effects(self, target: Target, peers: tuple[str, ...] = ()) -> tuple[Effect, ...]:
        return (Freeze(),)
