"""Running all checks. This is one of the places where every exception is caught: a check that raises refuses."""

from __future__ import annotations

from collections.abc import Mapping

from squall._kit.plugins import load_group
from squall.plan.model import Plan
from squall.safety.api import Check, Finding
from squall.targets.api import World

_ORDER = {"refuse": 0, "warn": 1, "info": 2}


def known_checks() -> dict[str, Check]:
    """Every installed check, made."""
    return {name: made() for name, made in load_group("squall.checks", object).items()}  # type: ignore[misc]


def examine(plan: Plan, world: World, checks: Mapping[str, Check]) -> tuple[Finding, ...]:
    """All findings, refusals first."""
    findings: list[Finding] = []
    for name, check in checks.items():
        try:
            findings.extend(check.examine(plan, world))
        except Exception as error:
            text = f"the check itself failed: {type(error).__name__}: {error}"
            findings.append(Finding(level="refuse", check=name, text=text, hint="report it, or uninstall the check"))
    return tuple(sorted(findings, key=lambda finding: _ORDER[finding.level]))
