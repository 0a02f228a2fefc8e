"""The lab's shape as plain data: which services exist, their instances, and who calls whom.

Architecture invariant: nothing here starts a process or opens a socket; names come only from the document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, get_args

import msgspec
import yaml

from squall._kit.errors import InvalidDocument

Kind = Literal[
    "gateway", "api", "worker", "payment", "postgres-primary", "postgres-replica", "valkey", "echo", "prometheus"
]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$")]

USER = "user"
DEFAULT_FILE = Path(__file__).with_name("topology.yaml")
PROTOCOLS: Mapping[str, str] = {
    "postgres-primary": "postgres",
    "postgres-replica": "postgres",
    "valkey": "redis",
    "echo": "echo",
}
COMPONENTS: Mapping[str, str] = {
    "postgres-primary": "database",
    "postgres-replica": "database",
    "valkey": "cache",
    "prometheus": "monitoring",
}
ROLES: Mapping[str, str] = {"postgres-primary": "primary", "postgres-replica": "replica"}
CALLS: Mapping[str, tuple[str, ...]] = {
    USER: ("gateway", "echo"),
    "gateway": ("api",),
    "api": ("postgres-replica", "postgres-primary", "valkey", "payment"),
    "worker": ("valkey", "postgres-primary"),
    "postgres-replica": ("postgres-primary",),
}
NEEDS: Mapping[str, tuple[str, ...]] = {
    "gateway": ("api",),
    "api": ("postgres-primary", "valkey", "payment"),
    "worker": ("valkey", "postgres-primary"),
    "postgres-replica": ("postgres-primary",),
}


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One service: its program, how many instances, and the component label its callers look for."""

    kind: Kind
    replicas: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    component: Name | None = None


class Namespace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of services with the labels that opt it in to chaos."""

    services: dict[Name, Service]
    labels: dict[str, str] = {}


class Topology(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole document."""

    namespaces: dict[Name, Namespace]

    def instances(self) -> tuple[Instance, ...]:
        """Every process to run, in the order of the document; `prometheus` is answered by the supervisor itself."""
        return tuple(
            Instance(f"{name}-{n}", namespace_name, name, service.kind, _labels(name, service))
            for namespace_name, namespace in self.namespaces.items()
            for name, service in namespace.services.items()
            if service.kind != "prometheus"
            for n in range(service.replicas)
        )

    def links(self) -> tuple[Link, ...]:
        """One link for each caller instance and callee instance, the pseudo-instance `user` included."""
        instances = self.instances()
        callers = [(USER, USER), *((instance.name, instance.kind) for instance in instances)]
        return tuple(
            Link(f"{name}--{callee.name}", name, callee.name, PROTOCOLS.get(callee.kind, "http"))
            for name, kind in callers
            for callee in instances
            if callee.kind in CALLS.get(kind, ())
        )

    def monitors(self) -> tuple[str, ...]:
        """The `service.namespace` names under which the supervisor answers as Prometheus."""
        return tuple(
            f"{name}.{namespace_name}"
            for namespace_name, namespace in self.namespaces.items()
            for name, service in namespace.services.items()
            if service.kind == "prometheus"
        )


class Instance(NamedTuple):
    """One process of a service, named `<service>-<n>`."""

    name: str
    namespace: str
    service: str
    kind: str
    labels: dict[str, str]

    @property
    def protocol(self) -> str:
        """What its port speaks: http, postgres, redis or echo."""
        return PROTOCOLS.get(self.kind, "http")


class Link(NamedTuple):
    """The way from one caller instance to one callee instance."""

    id: str
    src: str
    dst: str
    protocol: str


def load(path: Path | None = None) -> Topology:
    """Read a topology file, the default one without `path`. Raises InvalidDocument with the file and field."""
    path = path or DEFAULT_FILE
    try:
        topology = msgspec.convert(yaml.load(path.read_text(), Loader=yaml.CSafeLoader), Topology)
    except OSError as error:
        raise InvalidDocument(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidDocument(f"{path}: not YAML: {error}") from error
    except msgspec.ValidationError as error:
        raise InvalidDocument(f"{path}: {error}", hint=f"kinds: {', '.join(get_args(Kind))}") from error
    problems = _problems(topology)
    if problems:
        raise InvalidDocument(f"{path}: {problems[0]}", problems=tuple(f"{path}: {problem}" for problem in problems))
    return topology


def _labels(name: str, service: Service) -> dict[str, str]:
    component = service.component or COMPONENTS.get(service.kind, service.kind)
    role = {"role": ROLES[service.kind]} if service.kind in ROLES else {}
    return {"app": name, "app.kubernetes.io/component": component, **role}


def _problems(topology: Topology) -> Sequence[str]:
    instances = topology.instances()
    kinds = [instance.kind for instance in instances]
    names = [instance.name for instance in instances]
    lonely = (
        f"a service of kind {kind} needs one of kind {needed}"
        for kind in dict.fromkeys(kinds)
        for needed in NEEDS.get(kind, ())
        if needed not in kinds
    )
    twice = (f"two instances would be named {name}" for name in dict.fromkeys(names) if names.count(name) > 1)
    reserved = (f"the name {name} is reserved" for name in names if name in {"links", "supervisor", USER})
    problems = [*lonely, *twice, *reserved]
    if kinds.count("postgres-primary") > 1:
        problems.append("one postgres-primary with one replica at most")
    if not instances:
        problems.append("no service to run")
    return problems
