"""The schedule's window: it binds scheduler and operator, so a run by hand is only told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from squall.plan.model import Plan
from squall.safety.api import Finding
from squall.spec.model import TimeWindow
from squall.targets.api import World


class Window:
    """Says when now lies outside the time window or within a blackout."""

    def examine(self, plan: Plan, world: World) -> Sequence[Finding]:
        """Information on the window; a blackout warns."""
        schedule = plan.experiment.spec.schedule
        if schedule is None:
            return []
        now = datetime.fromtimestamp(world.taken_wall, UTC)
        found: list[Finding] = []
        window = schedule.time_window
        if window is not None and not _within(window, now):
            text = f"now is outside the time window {window.start} to {window.end}; a run by hand goes on"
            found.append(Finding(level="info", check="window", text=text))
        for blackout in schedule.blackout:
            if _within(blackout, now):
                text = f"now is in the blackout {blackout.start} to {blackout.end}"
                found.append(Finding(level="refuse", check="window", text=text, hint="wait until it is over"))
        return found


def _within(window: TimeWindow, now: datetime) -> bool:
    return datetime.fromisoformat(window.start) <= now <= datetime.fromisoformat(window.end)
