"""`processKill`: end a process."""

from typing import ClassVar

from squall.faults.api import Fault
from squall.spec.scalars import Duration
from squall.targets.api import Effect, Kill, Target


class ProcessKill(Fault, frozen=True, kw_only=True, tag="processKill"):
    """Ends the target process; a declared loss.

    `grace_period` is the time from SIGTERM to SIGKILL; `expect_restart: false` says that nobody restarts it.
    """

    grace_period: Duration = 0.0
    expect_restart: bool = True

    lasting: ClassVar[bool] = False
    disables: ClassVar[bool] = True

    def effects(self, target: Target, peers: tuple[str, ...] = ()) -> tuple[Effect, ...]:
        return (Kill(grace_s=self.grace_period, expect_restart=self.expect_restart),)
