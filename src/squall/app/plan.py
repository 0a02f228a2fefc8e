"""`squall plan`: resolve a document against the world, and examine the plan. Touches nothing."""

from __future__ import annotations

import time

import msgspec

from squall._kit import loop
from squall._kit.errors import Unreachable
from squall.app.claims import live_claims
from squall.app.home import settings
from squall.plan.build import Terms, build
from squall.plan.model import Plan
from squall.safety.api import Finding
from squall.safety.examine import examine, known_checks
from squall.spec.model import Experiment
from squall.targets.api import Platform, World
from squall.targets.registry import Drivers, open_platform


class Choice(msgspec.Struct, frozen=True):
    """What the caller chooses: platform (None: the document's, else the machine's), seed and scale."""

    platform: str | None = None
    seed: int | None = None
    scale: float = 1.0


class Planned(msgspec.Struct, frozen=True):
    """A plan with the world that it was made for and what the checks say."""

    plan: Plan
    world: World
    findings: tuple[Finding, ...]
    platform: Platform
    drivers: Drivers
    source: str = ""

    @property
    def refused(self) -> bool:
        """Whether a check said no."""
        return any(finding.level == "refuse" for finding in self.findings)


def make_plan(experiment: Experiment, choice: Choice) -> Planned:
    """Snapshot, plan, findings. Raises Refused, Unreachable, InvalidCall."""
    surroundings = settings()
    name = choice.platform or experiment.spec.target.platform or offered()
    platform = open_platform(name, surroundings)
    refs = [ref for entry in experiment.spec.faults for ref in (entry.target or experiment.spec.target).refs]
    world = loop.run(platform.snapshot(refs))
    holdings = (*world.holdings, *live_claims(surroundings.home))
    world = msgspec.structs.replace(world, holdings=holdings, taken_wall=time.time())
    drivers = Drivers(surroundings)
    plan = build(experiment, world, drivers, Terms(choice.seed, choice.scale))
    return Planned(plan, world, examine(plan, world, known_checks()), platform, drivers, experiment.source)


def offered() -> str:
    """The platform that this machine offers: the lab that is up. Raises Unreachable where there is none."""
    if not (settings().home / "lab" / "lab.sock").exists():
        raise Unreachable(
            "the document names no platform, and no lab is up",
            hint="squall lab up, or name one: --on host, or target.platform in the document",
        )
    return "lab"
