"""The interfaces of observation: a probe reads and never decides; an expectation judges and never reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import ClassVar, Protocol

import msgspec

from squall.spec.model import ProbeSettings


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """One observation. `at` is the intended moment (CLOCK_BOOTTIME), so that waiting for a slow system is counted.

    `latency_s` runs from `at` to the answer; `value` is a number or text; `ok` is the probe's own success (a 2xx, a
    connection, exit 0); `error` says why there is no value. `code` is the protocol's own word beside the value: an HTTP
    status, an exit code.
    """

    at: float
    ok: bool
    latency_s: float | None = None
    value: float | str | None = None
    error: str | None = None
    code: int | None = None


class Verdict(StrEnum):
    """The three-valued outcome of a judgement and of a run."""

    HELD = "HELD"
    BROKEN = "BROKEN"
    INCONCLUSIVE = "INCONCLUSIVE"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One bound held against the readings of one phase.

    `estimate` with its interval [`low`, `high`] (95 %) in base units (fractions, seconds); `n` readings. An end that is
    not bounded is None; an estimate of a time that never ends (too many readings failed) is the text `never`.
    """

    name: str
    phase: str
    metric: str
    bound: str
    verdict: Verdict
    estimate: float | str | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    why: str = ""
    reveals: str = ""


class DoseResult(msgspec.Struct, frozen=True, kw_only=True):
    """How strong the fault really was on one target: `measured` +/- `spread` against `asked`, `control` untouched.

    `measured` None: it could not be measured, `note` says why. `driver` holds the driver's own counters.
    """

    step: str
    target: str
    quantity: str
    unit: str
    asked: float | None
    measured: float | None
    spread: float | None
    control: float | None
    n: int
    felt: bool
    note: str = ""
    driver: dict[str, float] = {}


class Surroundings(msgspec.Struct, frozen=True):
    """What a probe may ask of the platform: `resolve(host)` gives addresses `ip:port` for a service name, or ().

    It is asked at every reading, so that moved targets are found again, and must answer at once.
    `prometheus` is the endpoint that probes without one of their own ask.
    """

    resolve: Callable[[str], Sequence[str]]
    prometheus: str = ""


class Probe(Protocol):
    """Reads one thing once. Never raises for what the system does; errors are readings."""

    async def read(self, at: float) -> Reading:
        """One observation intended for the moment `at`."""
        ...

    async def close(self) -> None:
        """Let go of connections and processes."""
        ...


class ProbeKind(ProbeSettings, frozen=True, kw_only=True):
    """Settings of a probe that know how to open it."""

    extra: ClassVar[str] = ""

    def open(self, surroundings: Surroundings) -> Probe:
        """A probe ready to read. Raises MissingExtra."""
        raise NotImplementedError
