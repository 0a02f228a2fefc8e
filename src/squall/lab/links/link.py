"""One link: its live connections, the toxic set that holds it, and its counters."""

from __future__ import annotations

from collections import OrderedDict
from random import Random
from typing import Annotated, Literal

import msgspec

from squall.lab.leases import Lease, Mark, TtlS
from squall.lab.links.relay import QUEUE_BYTES_MAX, Connection
from squall.lab.links.toxics import Stage, Tally, Toxic
from squall.lab.rpc import Rejected, Reply

SIDES = {"to": ("to",), "from": ("from",), "both": ("to", "from")}
TALLIES_MAX = 256  # marks whose counters stay readable after they were cleared


class ToxicSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one owner wants done to a link: the argument of `toxics.set`."""

    link: str
    mark: Mark
    toxics: Annotated[tuple[Toxic, ...], msgspec.Meta(min_length=1, max_length=16)]
    ttl_s: TtlS
    direction: Literal["to", "from", "both"] = "both"
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    op: str = "toxics.set"


class Link:
    """A listener's connections and the toxics on them. Counters of a mark outlive its toxics for a while."""

    def __init__(self, id_: str, target: tuple[str, int]) -> None:
        self.id = id_
        self.target = target
        self._live: dict[Connection, None] = {}
        self._wanted: ToxicSet | None = None
        self._lease: Lease | None = None
        self._tallies: OrderedDict[str, Tally] = OrderedDict()
        self._drawn = 0
        self._connections = 0
        self._closed_bytes = [0, 0]

    def accept(self) -> Connection:
        """A client connects: give it a connection to fill."""
        return Connection(self.target, self)

    def opened(self, connection: Connection) -> None:
        """Count it, treat it, and connect upstream unless a toxic withholds that."""
        self._live[connection] = None
        self._connections += 1
        if self._wanted:
            self._afflict(connection, self._wanted)
        if not self._stalls(connection):
            connection.connect()

    def closed(self, connection: Connection) -> None:
        """Forget a connection, but not its bytes."""
        if self._live.pop(connection, connection) is None:
            self._closed_bytes[0] += connection.front.bytes_read
            self._closed_bytes[1] += connection.back.bytes_read

    def set(self, wanted: ToxicSet) -> None:
        """Put toxics on. The same mark again only renews; another live mark is rejected as `claimed`."""
        if self._lease and self._lease.mark != wanted.mark:
            raise Rejected("claimed", f"link {self.id} is held by {self._lease.mark}")
        if self._lease:
            self._lease.renew(wanted.ttl_s)
            return
        self._wanted = wanted
        self._lease = Lease(wanted.mark, wanted.ttl_s, self._heal)
        self._drawn = 0
        self._tallies.setdefault(wanted.mark, Tally())
        while len(self._tallies) > TALLIES_MAX:
            self._tallies.popitem(last=False)
        for connection in list(self._live):
            self._afflict(connection, wanted)

    def renew(self, mark: str, ttl_s: float) -> bool:
        """Move the deadline. False: the mark holds nothing here (any more)."""
        if self._lease is None or self._lease.mark != mark:
            return False
        self._lease.renew(ttl_s)
        return True

    def clear(self, mark: str) -> bool:
        """Take that mark's toxics off. False: there were none."""
        if self._lease is None or self._lease.mark != mark:
            return False
        self._heal()
        return True

    def tally(self, mark: str) -> Tally:
        """What that mark's toxics did, also after they were cleared."""
        if mark not in self._tallies:
            raise Rejected("not-found", f"mark {mark} never held link {self.id}")
        return self._tallies[mark]

    def toxics(self) -> Reply | None:
        """Who holds the link, how long, and with what."""
        if self._wanted is None or self._lease is None:
            return None
        return {
            "mark": self._lease.mark,
            "expires_in_s": round(self._lease.expires_in_s, 3),
            "direction": self._wanted.direction,
            "share": self._wanted.share,
            "toxics": msgspec.to_builtins(self._wanted.toxics),
        }

    def counters(self) -> Reply:
        """Bytes read from each side, connections ever and now."""
        return {
            "bytes_to": self._closed_bytes[0] + sum(one.front.bytes_read for one in self._live),
            "bytes_from": self._closed_bytes[1] + sum(one.back.bytes_read for one in self._live),
            "connections": self._connections,
            "connections_live": len(self._live),
        }

    def _afflict(self, connection: Connection, wanted: ToxicSet) -> None:
        ordinal, self._drawn = self._drawn, self._drawn + 1
        connection.affected = _drawn_in(ordinal, wanted.share)
        if not connection.affected:
            return
        tally = self._tallies[wanted.mark]
        tally.connections += 1
        if any(toxic.resets for toxic in wanted.toxics):
            tally.resets += 1
            connection.reset()
            return
        if self._stalls(connection) and not connection.back.opened:
            tally.stalled_connects += 1
        queue_bytes_max = min(toxic.queue_bytes_max for toxic in wanted.toxics)
        for side in SIDES[wanted.direction]:
            end = connection.front if side == "to" else connection.back
            end.reshape(self._stages(wanted, f"{ordinal}/{side}", tally), queue_bytes_max)

    def _stages(self, wanted: ToxicSet, seat: str, tally: Tally) -> list[Stage]:
        dice = Random(f"{wanted.mark}/{seat}")  # noqa: S311  # repeatable, not secret
        return [toxic.stage(dice, tally) for toxic in wanted.toxics]

    def _stalls(self, connection: Connection) -> bool:
        return (
            connection.affected and self._wanted is not None and any(one.stalls_connect for one in self._wanted.toxics)
        )

    def _heal(self) -> None:
        if self._lease:
            self._lease.cancel()
        self._lease = self._wanted = None
        for connection in list(self._live):
            connection.affected = False
            connection.connect()
            connection.front.reshape((), QUEUE_BYTES_MAX)
            connection.back.reshape((), QUEUE_BYTES_MAX)


def _drawn_in(ordinal: int, share: float) -> bool:
    """Spread a share evenly over connections in order of arrival, the first one included."""
    millionths = round(share * 1_000_000)
    return -(-(ordinal + 1) * millionths // 1_000_000) > -(-ordinal * millionths // 1_000_000)
