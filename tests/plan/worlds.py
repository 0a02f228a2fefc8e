"""Worlds and experiments for tests of pure stages."""

from __future__ import annotations

from pathlib import Path

from squall.app.load import registry
from squall.plan.build import Terms, build
from squall.plan.model import Plan
from squall.spec.model import Experiment
from squall.spec.parse import parse
from squall.targets.api import Route, Settings, Target, World
from squall.targets.registry import Drivers

DRIVERS = Drivers(Settings(Path("/nonexistent")))


def pod(name: str, component: str = "api", namespace: str = "shop", **labels: str) -> Target:
    """One pod of the lab; `role_` is the label role."""
    app = name.rpartition("-")[0]
    return Target(
        ref=f"lab/{name}", platform="lab", kind="pod", name=name, uid=f"{name}#1", namespace=namespace,
        labels={"app": app, "app.kubernetes.io/component": component, **labels}, workload=f"{namespace}/{app}",
        facts={"pid": "1", "links": " ".join(f"{name}--db-{n}" for n in range(2))},
    )  # fmt: skip


def world(*targets: Target, opted_in: bool = True) -> World:
    """A lab with these pods; each has a route to each database."""
    databases = [target for target in targets if target.labels["app.kubernetes.io/component"] == "database"]
    return World(
        platform="lab", targets=targets,
        namespaces={t.namespace: ({"chaos-engineering": "enabled"} if opted_in else {}) for t in targets},
        routes=tuple(
            Route(name=f"{a.name}--{b.name}", source=a.ref, destination=b.ref, address="127.0.0.1:1", protocol="echo")
            for a in targets for b in databases if a is not b
        ),
    )  # fmt: skip


SHOP = world(
    *(pod(f"api-{n}") for n in range(5)),
    *(pod(f"job-{n}", "worker") for n in range(3)),
    pod("db-0", "database", role="primary"), pod("db-1", "database", role="replica"),
)  # fmt: skip


def experiment(target: str, faults: str, more: str = "") -> Experiment:
    """A document with this target and these faults, both in flow style."""
    return parse(
        f"""
apiVersion: chaos.example.com/v1
kind: ChaosExperiment
metadata: {{name: e}}
spec:
  target: {target}
  faults: {faults}
{more}""",
        registry(),
    )


def planned(target: str, faults: str, more: str = "", where: World = SHOP, seed: int | None = None) -> Plan:
    """The plan of such a document."""
    return build(experiment(target, faults, more), where, DRIVERS, Terms(seed))


def refs(plan: Plan) -> list[str]:
    """Who is hurt, in the plan's order."""
    return [step.target.ref for step in plan.steps]
