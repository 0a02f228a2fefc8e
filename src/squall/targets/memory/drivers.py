"""Drivers of the `memory` world: one shape, five kinds. What is in the file is the effect; its deadline ends it."""

from __future__ import annotations

from typing import ClassVar

from squall._kit.errors import Conflict, TargetNotFound
from squall.targets.api import (
    Clean,
    Dose,
    Effect,
    EndsBy,
    Held,
    Lease,
    Lost,
    Mark,
    Present,
    Settings,
    Slot,
    Target,
    Undo,
    Unknown,
)  # fmt: skip
from squall.targets.memory import state


class MemoryUndo(Undo, frozen=True, kw_only=True):
    """Which pod, in which generation."""

    pod: str
    generation: int


class MemoryDriver:
    """An effect that lies in the file under its mark until its lease lapses or it is restored."""

    ends_by: ClassVar[EndsBy] = EndsBy.RUNTIME
    restores: ClassVar[bool] = True
    undo_type = MemoryUndo
    kind: ClassVar[str] = "noop"

    def __init__(self, settings: Settings) -> None:
        self._path = settings.home / "memory.json"

    def refuses(self, target: Target, effect: Effect) -> str | None:
        """Nothing is refused."""
        return None

    def claims(self, target: Target, effect: Effect) -> frozenset[Slot]:
        """The pod."""
        return frozenset({Slot(f"memory/pod/{target.name}")})

    def describe_undo(self, target: Target, effect: Effect) -> str:
        """Words for the plan."""
        return "its entry is removed from the file"

    async def capture(self, ref: str, effect: Effect) -> MemoryUndo:
        """The pod's generation."""
        name = ref.removeprefix("memory/")
        pod = state.look(self._path).pods.get(name)
        if pod is None:
            raise TargetNotFound(f"there is no pod {name} in {self._path}")
        return MemoryUndo(pod=name, generation=pod.generation)

    async def apply(self, ref: str, effect: Effect, undo: MemoryUndo, mark: Mark, lease: Lease) -> None:
        """Lay the effect on the pod. Raises Conflict where another mark lies on it."""
        with state.changing(self._path) as world:
            if any(live.pod == undo.pod and other != str(mark) for other, live in world.effects.items()):
                raise Conflict(f"pod {undo.pod} is held by another run", hint="squall status")
            world.effects[str(mark)] = state.Live(undo.pod, self.kind, lease.until)

    async def renew(self, ref: str, undo: MemoryUndo, mark: Mark, lease: Lease) -> Held | Lost:
        """A later deadline."""
        with state.changing(self._path) as world:
            live = world.effects.get(str(mark))
            if live is None:
                return Lost("its entry is gone")
            live.until = lease.until
        return Held()

    async def restore(self, ref: str, undo: MemoryUndo, mark: Mark) -> None:
        """Take the entry away."""
        with state.changing(self._path) as world:
            world.effects.pop(str(mark), None)

    async def look(self, ref: str, undo: MemoryUndo, mark: Mark) -> Clean | Present | Unknown:
        """Whether the entry is gone."""
        if not self._path.exists():
            return Unknown(f"{self._path} is gone")
        return Present("its entry is still there") if state.holds(state.look(self._path), str(mark)) else Clean()

    async def dose(self, ref: str, undo: MemoryUndo, mark: Mark) -> Dose | None:
        """No counters."""
        return None


class MemoryNoop(MemoryDriver):
    """Touches nothing at all."""

    ends_by = EndsBy.INSTANT

    def claims(self, target: Target, effect: Effect) -> frozenset[Slot]:
        return frozenset()

    async def apply(self, ref: str, effect: Effect, undo: MemoryUndo, mark: Mark, lease: Lease) -> None:
        """Nothing happens."""

    async def renew(self, ref: str, undo: MemoryUndo, mark: Mark, lease: Lease) -> Held | Lost:
        return Held()

    async def restore(self, ref: str, undo: MemoryUndo, mark: Mark) -> None:
        """Nothing to put back."""


class MemoryFreeze(MemoryDriver):
    """A pod that stands still."""

    kind = "freeze"


class MemoryBreak(MemoryDriver):
    """A pod out of service."""

    kind = "break"


class MemoryShape(MemoryDriver):
    """A pod whose traffic is changed."""

    kind = "shape"


class MemoryKill(MemoryDriver):
    """The pod's generation moves on, once for each mark."""

    ends_by = EndsBy.INSTANT
    restores = False
    kind = "kill"

    def describe_undo(self, target: Target, effect: Effect) -> str:
        return "it is lost; its next generation must be ready"

    async def capture(self, ref: str, effect: Effect) -> MemoryUndo:
        undo = await super().capture(ref, effect)
        return MemoryUndo(pod=undo.pod, generation=undo.generation, lost=f"{undo.pod}#{undo.generation}")

    async def apply(self, ref: str, effect: Effect, undo: MemoryUndo, mark: Mark, lease: Lease) -> None:
        with state.changing(self._path) as world:
            if str(mark) in world.killed:
                return
            world.killed.append(str(mark))
            pod = world.pods[undo.pod]
            pod.generation += 1
            pod.ready = pod.restarts

    async def renew(self, ref: str, undo: MemoryUndo, mark: Mark, lease: Lease) -> Held | Lost:
        return Held()

    async def restore(self, ref: str, undo: MemoryUndo, mark: Mark) -> None:
        """Nothing can be put back."""

    async def look(self, ref: str, undo: MemoryUndo, mark: Mark) -> Clean | Present | Unknown:
        pod = state.read(self._path).pods.get(undo.pod)
        if pod is None:
            return Unknown(f"pod {undo.pod} is gone")
        return Clean("replaced") if pod.ready else Present("its replacement is not ready")
