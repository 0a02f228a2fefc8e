"""What a meter is asked: the one quantity that shows an effect, what was asked of it, and where to measure. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from squall.targets.api import Shape

BASELINE_S = 0.6
Quantity = Literal["latency", "jitter", "slowed", "cut", "reset", "stalled", "corrupted", "rate"]


class MeterSpec(Protocol):
    """What `squall.plan.model.Meter` says, read only: plan stands above observe."""

    @property
    def kind(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def control(self) -> str: ...
    @property
    def control_protocol(self) -> str: ...
    @property
    def pid(self) -> int: ...


class Question(msgspec.Struct, frozen=True):
    """What to measure on a path: a quantity of one `Shape` and what was asked of it.

    `asked` is in seconds for latency, bytes per second for a rate, a share of exchanges otherwise. `legs` is how many
    of an exchange's two directions are hurt, `slow_s` the delay from which an exchange counts as slowed or stalled.
    """

    quantity: Quantity
    asked: float | None
    legs: int = 1
    timeout_s: float = 1.0
    slow_s: float = 0.15
    payload: int = 0
    note: str = ""


def ask(effect: Shape) -> Question | None:
    """The one quantity that shows a Shape best: cut, reset, latency, loss, corrupt, rate, jitter, in this order.

    `share` is a share of connections; each exchange has its own, so it is a share of exchanges.
    """
    legs = 2 if effect.direction == "both" else 1
    share = effect.share
    asks: tuple[tuple[object, Callable[[], Question]], ...] = (
        (effect.cut, lambda: Question("cut", share, legs)),
        (effect.reset, lambda: Question("reset", share, legs)),
        (effect.latency_s, lambda: _ask_latency(effect, legs)),
        (effect.loss, lambda: Question("stalled", share * (1 - (1 - effect.loss) ** legs), legs)),
        (effect.corrupt, lambda: Question("corrupted", share * (1 - (1 - effect.corrupt) ** legs), legs)),
        (effect.rate_bytes_per_s, lambda: _ask_rate(effect, legs)),
        (effect.jitter_s, lambda: Question("jitter", None, legs, timeout_s=1 + 4 * legs * effect.jitter_s)),
    )
    return next((question() for asked, question in asks if asked), None)


def _ask_latency(effect: Shape, legs: int) -> Question:
    added_s = legs * effect.latency_s
    timeout_s = 1 + 2 * added_s + 4 * legs * effect.jitter_s
    if effect.share < 1:
        return Question("slowed", effect.share, legs, timeout_s, slow_s=added_s / 2)
    return Question("latency", added_s, legs, timeout_s)


def _ask_rate(effect: Shape, legs: int) -> Question:
    rate = effect.rate_bytes_per_s
    payload = int(min(max(rate / 4, 4096), 256 * 1024))
    note = "" if effect.share >= 1 else f"on a share of {effect.share:g} of the connections"
    return Question("rate", rate, legs, timeout_s=2 + 3 * legs * payload / rate, payload=payload, note=note)
