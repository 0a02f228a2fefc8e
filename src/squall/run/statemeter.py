"""A meter for platforms whose only witness is their own state: is the slot, as the inspector reads it, changed?"""

from __future__ import annotations

from squall._kit.json import Json
from squall.observe.api import DoseResult
from squall.targets.api import Inspector, Slot, Unreadable


class StateMeter:
    """Compares one slot before and during; a target marked `immune` feels nothing."""

    def __init__(self, slot: str, inspector: Inspector) -> None:
        self._slot = Slot(slot)
        self._inspector = inspector
        self._before: dict[str, Json] | Unreadable | None = None
        self._during: dict[str, Json] | Unreadable | None = None

    async def sample_baseline(self, seconds: float = 0.0) -> None:
        """One reading before."""
        self._before = (await self._inspector.read([self._slot]))[self._slot]

    def start(self) -> None:
        """The reading while it lasts is taken at the end of it."""

    async def stop(self) -> None:
        """One reading while it lasts."""
        self._during = (await self._inspector.read([self._slot]))[self._slot]

    def result(self, step: str, target: str) -> DoseResult:
        """Felt where the state differs."""
        immune = isinstance(self._during, dict) and bool(self._during.get("immune"))
        felt = isinstance(self._during, dict) and self._during != self._before and not immune
        return DoseResult(
            step=step, target=target, quantity="state changed", unit="", asked=1.0, measured=float(felt), spread=None,
            control=None, n=1, felt=felt, note="the target is immune" if immune else "",
        )  # fmt: skip
