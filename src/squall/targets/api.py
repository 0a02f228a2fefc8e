"""The interfaces between Squall and the places where targets live.

An `Effect` is one primitive change to one target, plain data. A `Driver` is how one effect is done on one platform:
`capture` reads the undo, `apply` hurts under a lease, `renew` prolongs, `restore` puts back, `look` says whether it is
back. Every driver is idempotent by `Mark`; harm ends when the lease lapses even if nobody calls again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NewType, Protocol, TypeAlias, TypeVar, runtime_checkable

import msgspec

from squall._kit.json import Json

Slot = NewType("Slot", str)
"""One piece of state that an effect changes, as `platform/kind/name`: `lab/link/api-0--db-0`, `host/process/4711`."""


# ---------------------------------------------------------------- who


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be hurt. `ref` is its stable name, `uid` changes when it is replaced.

    `workload` names the service it belongs to (`namespace/service`); `healthy` is the platform's own word.
    """

    ref: str
    platform: str
    kind: str
    name: str
    uid: str
    namespace: str = ""
    labels: dict[str, str] = {}
    workload: str = ""
    healthy: bool = True
    facts: dict[str, str] = {}


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One network path between two targets, with the address at which a client of `source` enters it."""

    name: str
    source: str
    destination: str
    address: str
    protocol: str = "tcp"


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What the machine under the platform has left; None where unknown."""

    cpu_idle: float | None = None
    memory_available_bytes: int | None = None
    disk_free_bytes: int | None = None


class Holding(msgspec.Struct, frozen=True):
    """A slot that somebody holds already."""

    slot: Slot
    owner: str


class World(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of one platform, gathered once; planning and safety see nothing else."""

    platform: str
    taken_wall: float = 0.0
    targets: tuple[Target, ...] = ()
    namespaces: dict[str, dict[str, str]] = {}
    routes: tuple[Route, ...] = ()
    services: dict[str, tuple[str, ...]] = {}
    holdings: tuple[Holding, ...] = ()
    capacity: Capacity = Capacity()


# ---------------------------------------------------------------- what


class Effect(msgspec.Struct, frozen=True, tag_field="kind", tag=str.lower):
    """Base of the closed set of effects. No behaviour."""


class Noop(Effect, frozen=True):
    """Nothing happens to the target; the whole flow around it does."""


class Kill(Effect, frozen=True):
    """End the target's processes: SIGTERM, after `grace_s` SIGKILL. `expect_restart`: a replacement must come up."""

    grace_s: float = 0.0
    expect_restart: bool = True


class Freeze(Effect, frozen=True):
    """Stop the target's processes where they stand; they keep their memory and sockets."""


class Break(Effect, frozen=True):
    """Keep the target out of service: it does not run and is not restarted while the effect lasts."""


class Shape(Effect, frozen=True, kw_only=True):
    """Change the packets between the target and each of `peers` (refs). Times in seconds, fractions from 0 to 1.

    `direction` is seen from the target: `to` the peer, `from` it, or `both`.
    """

    peers: tuple[str, ...]
    direction: str = "both"
    share: float = 1.0
    cut: bool = False
    reset: bool = False
    latency_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    corrupt: float = 0.0
    rate_bytes_per_s: float = 0.0


AnyEffect: TypeAlias = Noop | Kill | Freeze | Break | Shape


# ---------------------------------------------------------------- under which terms


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """Owner mark and idempotency key of one effect: run, step within it, effect within the step."""

    run: str
    step: str
    n: int

    def __str__(self) -> str:
        return f"{self.run}/{self.step}/{self.n}"


class Lease(msgspec.Struct, frozen=True):
    """Permission for an effect to exist until `until` (CLOCK_BOOTTIME seconds); `ttl_s` is its length when given."""

    ttl_s: float
    until: float


class EndsBy(StrEnum):
    """What ends the harm when all of Squall is dead, strongest first."""

    INSTANT = "instant"
    KERNEL = "kernel"
    RUNTIME = "runtime"
    PLATFORM = "platform"
    WATCHDOG = "watchdog"


class Held(msgspec.Struct, frozen=True):
    """`renew`: the effect is still in place and has the new lease."""


class Lost(msgspec.Struct, frozen=True):
    """`renew`: the effect is gone or cannot be prolonged; a finding, never silently applied again."""

    why: str


class Clean(msgspec.Struct, frozen=True):
    """`look`: read with authority, nothing of this mark is left (for a loss: the replacement is healthy)."""

    note: str = ""


class Present(msgspec.Struct, frozen=True):
    """`look`: still there, or the replacement is not healthy yet."""

    what: str


class Unknown(msgspec.Struct, frozen=True):
    """`look`: it could not be read; never counts as clean."""

    why: str


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all undos: JSON that suffices to put one effect back, in any later process.

    `lost` names the uid that will not come back (a declared loss), or is empty.
    """

    lost: str = ""


class Dose(msgspec.Struct, frozen=True):
    """A driver's own count of what it delivered: `{"segments": 120, "stalled": 11}`."""

    counters: dict[str, float]


E = TypeVar("E", bound=Effect, contravariant=True)
U = TypeVar("U", bound=Undo)


@runtime_checkable
class Driver(Protocol[E, U]):
    """How one effect is done on one platform. Selects, loops, sleeps, retries, journals and judges nothing.

    Entry point group `squall.drivers`; the entry's name, `platform/effect`, stands in the record: `lab/shape`.
    A driver is made with `Settings` and keeps no state of its own between calls.
    """

    ends_by: EndsBy
    restores: bool
    """False: the effect itself cannot be undone; the undo says what is lost and `look` waits for the replacement."""
    undo_type: type[U]

    def refuses(self, target: Target, effect: E) -> str | None:
        """Why this effect cannot be done on this target, or None. Pure, on the snapshot."""
        ...

    def claims(self, target: Target, effect: E) -> frozenset[Slot]:
        """The slots that it would change. Pure."""
        ...

    def describe_undo(self, target: Target, effect: E) -> str:
        """One clause for people: how it is put back."""
        ...

    async def capture(self, ref: str, effect: E) -> U:
        """Read what is needed to put it back. Changes nothing. Raises TargetNotFound, Unreachable, Conflict."""
        ...

    async def apply(self, ref: str, effect: E, undo: U, mark: Mark, lease: Lease) -> None:
        """Hurt. Applied twice with one mark is applied once. An error does not mean that nothing happened."""
        ...

    async def renew(self, ref: str, undo: U, mark: Mark, lease: Lease) -> Held | Lost:
        """Prolong the lease."""
        ...

    async def restore(self, ref: str, undo: U, mark: Mark) -> None:
        """Put back what `mark` changed; nothing else. Idempotent, harmless without apply, works in any process."""
        ...

    async def look(self, ref: str, undo: U, mark: Mark) -> Clean | Present | Unknown:
        """One authoritative look."""
        ...

    async def dose(self, ref: str, undo: U, mark: Mark) -> Dose | None:
        """The driver's own counters, or None. The independent meter lives in `squall.observe.dose`."""
        ...


AnyDriver: TypeAlias = Driver[Any, Any]


class Unreadable(msgspec.Struct, frozen=True):
    """An inspector could not read a slot."""

    why: str


class Residue(msgspec.Struct, frozen=True):
    """Something in the world that carries an owner mark of Squall's. `remedy` is a command that removes it."""

    slot: Slot
    owner: str
    what: str
    remedy: str = ""


class Inspector(Protocol):
    """Reads the state of slots for the receipt. Shares no code with the drivers."""

    async def read(self, slots: Iterable[Slot]) -> Mapping[Slot, dict[str, Json] | Unreadable]:
        """The comparable state of each slot; `uid` is the identity, `ready` the health, `owner` a mark or empty."""
        ...

    async def owned(self) -> Sequence[Residue]:
        """Everything on the platform that carries an owner mark."""
        ...


class Settings(msgspec.Struct, frozen=True):
    """What a platform may know of its surroundings."""

    home: Path


class Platform(Protocol):
    """A place where targets live; entry point group `squall.platforms`."""

    name: str

    def __init__(self, settings: Settings) -> None: ...

    async def snapshot(self, refs: Sequence[str]) -> World:
        """Look at the world once. `refs` are named targets, for platforms that cannot list. Raises Unreachable."""
        ...

    def inspector(self) -> Inspector: ...

    async def sweep(self, residue: Residue) -> None:
        """Remove one owner-marked thing, journal or not."""
        ...
