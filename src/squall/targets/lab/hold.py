"""`lab/freeze` and `lab/break`: an instance stands still, or is kept down; the supervisor ends both with the lease."""

from __future__ import annotations

from typing import ClassVar

from squall._kit.errors import Conflict, TargetNotFound
from squall.targets.api import Clean, Effect, Held, Lease, Lost, Mark, Present, Target, Unknown
from squall.targets.lab.base import InstanceUndo, LabDriver, instance_row
from squall.targets.lab.client import ask


class LabHold(LabDriver[Effect]):
    """An instance out of service under a lease that the supervisor keeps."""

    undo_type = InstanceUndo
    op: ClassVar[str] = ""
    loses: ClassVar[bool] = False

    async def capture(self, ref: str, effect: Effect) -> InstanceUndo:
        """The instance's life as it is. Raises Conflict where somebody else holds it."""
        name = ref.removeprefix("lab/")
        row = await instance_row(self._folder, name)
        if row is None:
            raise TargetNotFound(f"the lab has no instance {name}")
        if row["owner"]:
            raise Conflict(f"lab/{name} is held by another run", hint="squall status")
        uid = str(row["uid"])
        return InstanceUndo(lab=self._folder, instance=name, uid=uid, lost=uid if self.loses else "")

    async def apply(self, ref: str, effect: Effect, undo: InstanceUndo, mark: Mark, lease: Lease) -> None:
        """Take it out of service until the lease ends."""
        await ask(undo.lab, self.op, name=undo.instance, uid=undo.uid, mark=str(mark), ttl_s=lease.ttl_s)

    async def renew(self, ref: str, undo: InstanceUndo, mark: Mark, lease: Lease) -> Held | Lost:
        """A later end."""
        reply = await ask(undo.lab, "instance.renew", name=undo.instance, mark=str(mark), ttl_s=lease.ttl_s)
        return Held() if reply["held"] else Lost("the lab has let it go")

    async def restore(self, ref: str, undo: InstanceUndo, mark: Mark) -> None:
        """Into service again."""
        await ask(undo.lab, "instance.release", name=undo.instance, mark=str(mark))

    async def look(self, ref: str, undo: InstanceUndo, mark: Mark) -> Clean | Present | Unknown:
        """Whether it is released and ready."""
        row = await instance_row(undo.lab, undo.instance)
        if row is None:
            return Unknown(f"the lab has no instance {undo.instance}")
        owner = row["owner"]
        if isinstance(owner, dict) and owner["mark"] == str(mark):
            return Present(f"it is {row['state']}")
        return Clean() if row["ready"] else Present("it is not ready yet")


class LabFreeze(LabHold):
    """Stops all processes of an instance where they stand."""

    op = "instance.freeze"

    def describe_undo(self, target: Target, effect: Effect) -> str:
        return "its processes go on (SIGCONT)"


class LabBreak(LabHold):
    """Keeps an instance down."""

    op = "instance.hold"
    loses = True

    def describe_undo(self, target: Target, effect: Effect) -> str:
        return "it is started again and must become ready"
