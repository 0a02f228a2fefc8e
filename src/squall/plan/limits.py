"""The built-in limits, as the framework for the PAKE system sets them. A document tightens them, never loosens.

Source: the table "Safety Constraints" and the list "Protected Resources" of that framework.
"""

from __future__ import annotations

from squall.targets.api import Target

COMPONENT = "app.kubernetes.io/component"
OPT_IN_LABEL = "chaos-engineering"
OPT_IN_VALUE = "enabled"

MIN_HEALTHY = {"api": 2, "worker": 1, "database": 1}
"""Healthy replicas that must stay, by component: API 2, AI workers 1, databases 1."""

PARTITION_MAX_S = 600.0

PROTECTED_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease")
PROTECTED_NAMES = (
    "kube-system/kube-dns", "kube-system/kube-apiserver", "kube-system/kube-scheduler",
    "kube-system/kube-controller-manager", "kube-system/etcd", "monitoring/prometheus", "monitoring/grafana",
)  # fmt: skip


def service_of(target: Target) -> str:
    """The whole that a target is a replica of: its namespace and component, else its workload, else itself."""
    component = target.labels.get(COMPONENT)
    if component:
        return f"{target.namespace}/{component}"
    return target.workload or target.ref


def is_primary(target: Target) -> bool:
    """Whether it is the primary of a database; primaries are never taken out of service."""
    return target.labels.get("role") in ("primary", "master", "leader")


def protection_of(target: Target, added: tuple[str, ...] = ()) -> str:
    """Which rule protects the target, or nothing. `added` are the document's own, as `namespace/name`."""
    if target.namespace in PROTECTED_NAMESPACES:
        return f"namespace {target.namespace}"
    app = target.labels.get("app", "")
    names = {target.workload, f"{target.namespace}/{target.name}", f"{target.namespace}/{app}", target.ref}
    for rule in (*PROTECTED_NAMES, *added):
        if rule in names:
            return rule
    if target.namespace == "squall" or target.labels.get("app.kubernetes.io/name") == "squall":
        return "Squall itself"
    return ""
