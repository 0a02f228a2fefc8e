"""The interface of a check: pure, over plan and snapshot. A check that raises refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from squall.plan.model import Plan
from squall.targets.api import World


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a check has to say. `refuse` ends it before anything is touched; `warn` and `info` are shown."""

    level: Literal["refuse", "warn", "info"]
    check: str
    text: str
    hint: str = ""


class Check(Protocol):
    """Entry point group `squall.checks`."""

    def examine(self, plan: Plan, world: World) -> Sequence[Finding]:
        """Findings; none when all is well."""
        ...
