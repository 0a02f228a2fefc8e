"""The interface of a fault."""

from __future__ import annotations

from typing import ClassVar

from squall.spec.model import FaultSettings, PeerSpec
from squall.targets.api import Effect, Target


class Fault(FaultSettings, frozen=True, kw_only=True):
    """One kind of harm with its settings, as a user writes it.

    `lasting`: needs a `duration`; others are over when they have happened. `disables`: targets count as unhealthy
    while it lasts. `family` groups the docs and the drills' `chaos-type` label.
    """

    lasting: ClassVar[bool] = True
    disables: ClassVar[bool] = False
    family: ClassVar[str] = "process"

    def effects(self, target: Target, peers: tuple[str, ...] = ()) -> tuple[Effect, ...]:
        """The primitive changes to `target`; `peers` are the refs that `peer` resolved to. Pure."""
        raise NotImplementedError

    def needs_peer(self) -> PeerSpec | None:
        """The peer selection to resolve, or None where this fault has no other end."""
        return getattr(self, "peer", None)
