"""`lab/kill`: end an instance's processes; the lab's supervisor starts the replacement, as a kubelet would."""

from __future__ import annotations

from typing import ClassVar

from squall._kit.errors import TargetNotFound
from squall.targets.api import Clean, EndsBy, Held, Kill, Lease, Mark, Present, Target, Unknown
from squall.targets.lab.base import InstanceUndo, LabDriver, instance_row
from squall.targets.lab.client import ask


class LabKill(LabDriver[Kill]):
    """Ends an instance."""

    ends_by: ClassVar[EndsBy] = EndsBy.INSTANT
    restores: ClassVar[bool] = False
    undo_type = InstanceUndo

    def describe_undo(self, target: Target, effect: Kill) -> str:
        return "it is lost; its replacement must become ready"

    async def capture(self, ref: str, effect: Kill) -> InstanceUndo:
        name = ref.removeprefix("lab/")
        row = await instance_row(self._folder, name)
        if row is None:
            raise TargetNotFound(f"the lab has no instance {name}")
        return InstanceUndo(lab=self._folder, instance=name, uid=str(row["uid"]), lost=str(row["uid"]))

    async def apply(self, ref: str, effect: Kill, undo: InstanceUndo, mark: Mark, lease: Lease) -> None:
        await ask(undo.lab, "instance.kill", name=undo.instance, uid=undo.uid, grace_s=effect.grace_s, mark=str(mark))

    async def renew(self, ref: str, undo: InstanceUndo, mark: Mark, lease: Lease) -> Held:
        return Held()

    async def restore(self, ref: str, undo: InstanceUndo, mark: Mark) -> None:
        """Nothing can be put back."""

    async def look(self, ref: str, undo: InstanceUndo, mark: Mark) -> Clean | Present | Unknown:
        row = await instance_row(undo.lab, undo.instance)
        if row is None:
            return Unknown(f"the lab has no instance {undo.instance}")
        if row["uid"] == undo.uid:
            return Present("it has not ended yet")
        return Clean(f"replaced by {row['uid']}") if row["ready"] else Present("its replacement is not ready")
