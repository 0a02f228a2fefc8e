"""The snapshot of the lab, and its sweep."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from squall._kit.errors import Unreachable
from squall.targets.api import Holding, Inspector, Residue, Route, Settings, Slot, Target, World
from squall.targets.host.inventory import capacity
from squall.targets.lab.client import ask, lab_folder
from squall.targets.lab.inspect import LabInspector

COMPONENT = "app.kubernetes.io/component"


class _Owner(msgspec.Struct):
    mark: str


class _Instance(msgspec.Struct):
    name: str
    namespace: str
    service: str
    labels: dict[str, str]
    uid: str
    pid: int | None
    state: str
    ready: bool
    address: str
    protocol: str
    owner: _Owner | None = None


class _Link(msgspec.Struct):
    id: str
    src: str
    dst: str
    protocol: str
    address: str
    toxics: _Owner | None = None


class _World(msgspec.Struct):
    namespaces: dict[str, dict[str, str]]
    instances: list[_Instance]
    links: list[_Link]
    services: dict[str, list[str]]


class LabPlatform:
    """The lab of this SQUALL_HOME."""

    name = "lab"

    def __init__(self, settings: Settings) -> None:
        self._home = settings.home
        self._folder = lab_folder(settings.home)

    async def snapshot(self, refs: Sequence[str]) -> World:
        """Instances, links and services. Raises Unreachable with `squall lab up` as the hint."""
        try:
            told = msgspec.convert(await ask(self._folder, "world"), _World)
        except Unreachable as error:
            raise Unreachable("no lab is up", hint="squall lab up") from error
        except msgspec.ValidationError as error:
            hint = "it is of another version of Squall: squall lab down, squall lab up"
            raise Unreachable(f"the lab's answer is not understood: {error}", hint=hint) from error
        return World(
            platform=self.name,
            targets=tuple(_target(instance, told.links) for instance in told.instances),
            namespaces=told.namespaces,
            routes=tuple(_route(link) for link in told.links),
            services=_services(told),
            holdings=_holdings(told),
            capacity=capacity(self._home),
        )

    def inspector(self) -> Inspector:
        """Asks the supervisor and /proc by itself."""
        return LabInspector(self._folder)

    async def sweep(self, residue: Residue) -> None:
        """Clear one link's toxics or release one instance."""
        _, kind, name = residue.slot.split("/", 2)
        if kind == "link":
            await ask(self._folder, "toxics.clear", link=name, mark=residue.owner)
        else:
            await ask(self._folder, "instance.release", name=name, mark=residue.owner)


def _services(told: _World) -> dict[str, tuple[str, ...]]:
    """Addresses by `service.namespace`, and by `COMPONENT.component`, which outlives a renaming."""
    services = {name: tuple(addresses) for name, addresses in told.services.items()}
    for instance in told.instances:
        component = instance.labels.get(COMPONENT)
        addresses = services.get(f"{instance.service}.{instance.namespace}")
        if component and addresses:
            services.setdefault(f"{component}.component", addresses)
    return services


def _target(instance: _Instance, links: list[_Link]) -> Target:
    own = [link.id for link in links if instance.name in (link.src, link.dst)]
    return Target(
        ref=f"lab/{instance.name}", platform="lab", kind="pod", name=instance.name, uid=instance.uid,
        namespace=instance.namespace, labels=instance.labels,
        workload=f"{instance.namespace}/{instance.service}",
        healthy=instance.ready and instance.state == "running",
        facts={**({"pid": str(instance.pid)} if instance.pid else {}), "slot": f"lab/instance/{instance.name}",
               "address": instance.address, "protocol": instance.protocol, "links": " ".join(own)},
    )  # fmt: skip


def _route(link: _Link) -> Route:
    return Route(
        name=link.id, source=f"lab/{link.src}", destination=f"lab/{link.dst}",
        address=link.address, protocol=link.protocol,
    )  # fmt: skip


def _holdings(told: _World) -> tuple[Holding, ...]:
    links = (Holding(Slot(f"lab/link/{x.id}"), x.toxics.mark) for x in told.links if x.toxics)
    instances = (Holding(Slot(f"lab/instance/{x.name}"), x.owner.mark) for x in told.instances if x.owner)
    return (*links, *instances)
