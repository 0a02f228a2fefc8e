"""The snapshot of the `memory` world, and its sweep. The world lies at `SQUALL_HOME/memory.json`."""

from __future__ import annotations

from collections.abc import Sequence

from squall.targets.api import Holding, Inspector, Residue, Route, Settings, Slot, Target, World
from squall.targets.memory import state
from squall.targets.memory.inspect import MemoryInspector


class MemoryPlatform:
    """Pods in a JSON file. Without a file there is one opted-in namespace `default` with three pods of `app: demo`."""

    name = "memory"

    def __init__(self, settings: Settings) -> None:
        self._path = settings.home / "memory.json"

    async def snapshot(self, refs: Sequence[str]) -> World:
        """All pods; `refs` are ignored, since all can be listed."""
        if not self._path.exists():
            with state.changing(self._path) as world:
                world.namespaces = {"default": {"chaos-engineering": "enabled"}}
                world.pods = {f"demo-{n}": state.Pod(labels={"app": "demo"}, workload="default/demo") for n in range(3)}
        world = state.read(self._path)
        return World(
            platform=self.name,
            targets=tuple(_target(name, pod, world) for name, pod in sorted(world.pods.items())),
            namespaces=world.namespaces,
            routes=_routes(sorted(world.pods)),
            holdings=tuple(Holding(_slot(live.pod), mark) for mark, live in sorted(world.effects.items())),
        )

    def inspector(self) -> Inspector:
        """Reads the file by itself."""
        return MemoryInspector(self._path)

    async def sweep(self, residue: Residue) -> None:
        """Forget one effect."""
        with state.changing(self._path) as world:
            world.effects.pop(residue.owner, None)


def _slot(pod: str) -> Slot:
    return Slot(f"memory/pod/{pod}")


def _target(name: str, pod: state.Pod, world: state.Contents) -> Target:
    stopped = any(live.pod == name and live.kind in ("freeze", "break") for live in world.effects.values())
    return Target(
        ref=f"memory/{name}", platform="memory", kind="pod", name=name, uid=f"{name}#{pod.generation}",
        namespace=pod.namespace, labels=pod.labels, workload=pod.workload, healthy=pod.ready and not stopped,
        facts={"slot": f"memory/pod/{name}"},
    )  # fmt: skip


def _routes(names: Sequence[str]) -> tuple[Route, ...]:
    return tuple(
        Route(name=f"{a}--{b}", source=f"memory/{a}", destination=f"memory/{b}", address="", protocol="memory")
        for a in names for b in names if a != b
    )  # fmt: skip
