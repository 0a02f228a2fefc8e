"""One proxied connection: two ends, each reading from its socket and delivering to the other's.

Untouched bytes go straight through. Under toxics, or before the upstream is connected, they wait in a bounded queue
in order of arrival; a full queue or a full socket pauses the sender. Closes take the same way, behind the bytes.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import deque
from collections.abc import Sequence
from math import inf
from typing import Literal, Protocol, cast

from squall.lab.links.toxics.parcel import BROKEN, DATA, END, GONE, Parcel, Stage

Direction = Literal["to", "from"]
QUEUE_BYTES_MAX = 256 << 10  # before the upstream is connected
WRITE_BYTES_MAX = 1 << 20
EARLY_S = 0.0005  # half the loop's timer resolution: deliver rather than arm again
QUEUE_FULL, SINK_FULL = 1, 2


class Owner(Protocol):
    """Who decides what a new connection meets, and forgets it when it is over."""

    def opened(self, connection: Connection) -> None:
        """A client has connected."""
        ...

    def closed(self, connection: Connection) -> None:
        """Both sockets are gone."""
        ...


class End(asyncio.Protocol):
    """One socket of a connection and the direction of bytes that are read from it."""

    def __init__(self, connection: Connection) -> None:
        self.transport: asyncio.Transport | None = None
        self.peer: End
        self.opened = False
        self.bytes_read = 0
        self._connection = connection
        self._stages: Sequence[Stage] = ()
        self._queue: deque[Parcel] = deque()
        self._queue_bytes_max = QUEUE_BYTES_MAX
        self._queued_bytes = 0
        self._last_due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._blocked = 0
        self._straight = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; the peer may deliver from now on."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self.opened = True
        self.transport.set_write_buffer_limits(high=WRITE_BYTES_MAX)
        self._connection.opened(self)

    def data_received(self, data: bytes) -> None:
        """Write straight to the peer, or queue."""
        self.bytes_read += len(data)
        if self._straight:
            self.peer.transport.write(data)  # type: ignore[union-attr]  # straight only while connected
        else:
            self._admit(Parcel(time.monotonic(), data))

    def eof_received(self) -> bool:
        """Pass a half-close on; True keeps our writing side open."""
        self._admit(Parcel(time.monotonic(), b"", END))
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Pass the close on: a reset stays a reset."""
        self.transport = None
        self.peer.refresh()
        self._admit(Parcel(time.monotonic(), b"", BROKEN if error else GONE))
        self._connection.lost(self)

    def pause_writing(self) -> None:
        """Our socket is full: its sender must wait."""
        self.peer.block(SINK_FULL)

    def resume_writing(self) -> None:
        """Our socket has room again."""
        self.peer.unblock(SINK_FULL)

    def reshape(self, stages: Sequence[Stage], queue_bytes_max: int = QUEUE_BYTES_MAX) -> None:
        """Take these stages from now on; what waited is delivered at once, as when a line heals."""
        self._stages = stages
        self._queue_bytes_max = queue_bytes_max
        self._queue = deque(parcel._replace(due=0.0) for parcel in self._queue)
        self._last_due = 0.0
        self.refresh()

    def refresh(self) -> None:
        """Deliver what is due and see whether bytes may go straight through."""
        self._flush()
        self._straight = not self._stages and not self._queue and self.peer.transport is not None

    def block(self, reason: int) -> None:
        """Stop reading for this reason."""
        if not self._blocked and self.transport and not self.transport.is_closing():
            self.transport.pause_reading()
        self._blocked |= reason

    def unblock(self, reason: int) -> None:
        """Read again unless another reason remains."""
        was, self._blocked = self._blocked, self._blocked & ~reason
        if was and not self._blocked and self.transport and not self.transport.is_closing():
            self.transport.resume_reading()

    def forget(self) -> None:
        """Both sockets are gone: nothing waits any more."""
        self._queue.clear()
        if self._timer:
            self._timer.cancel()

    def _admit(self, parcel: Parcel) -> None:
        parcels = [parcel]
        for stage in self._stages:
            parcels = [shaped for one in parcels for shaped in stage.shape(one)]
        for due, data, what in parcels:
            self._last_due = max(self._last_due, due)
            self._queue.append(Parcel(self._last_due, data, what))
            self._queued_bytes += len(data)
        self.refresh()

    def _flush(self) -> None:
        horizon = time.monotonic() + EARLY_S
        while self._queue and self._queue[0].due <= horizon and self.peer.opened:
            parcel = self._queue.popleft()
            self._queued_bytes -= len(parcel.data)
            self._deliver(parcel)
        if self._queue and self._timer is None and horizon < self._queue[0].due < inf:
            delay_s = self._queue[0].due - time.monotonic()
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._on_time)
        if self._queued_bytes > self._queue_bytes_max:
            self.block(QUEUE_FULL)
        elif self._queued_bytes <= self._queue_bytes_max // 2:
            self.unblock(QUEUE_FULL)

    def _on_time(self) -> None:
        self._timer = None
        self.refresh()

    def _deliver(self, parcel: Parcel) -> None:
        sink = self.peer.transport
        if sink is None or sink.is_closing():
            return
        if parcel.what == DATA:
            sink.write(parcel.data)
        elif parcel.what == END:
            self._connection.half_closed(self)
        elif parcel.what == GONE:
            sink.close()
        else:
            reset(sink)


class Connection:
    """A client's socket (`front`) and the upstream's (`back`)."""

    def __init__(self, target: tuple[str, int], owner: Owner) -> None:
        self.front = End(self)
        self.back = End(self)
        self.front.peer, self.back.peer = self.back, self.front
        self.affected = False
        self._target = target
        self._owner = owner
        self._connecting: asyncio.Task[None] | None = None
        self._ended: set[End] = set()

    def opened(self, end: End) -> None:
        """The client's socket asks its owner what to do; the upstream's takes what has waited."""
        if end is self.front:
            self._owner.opened(self)
        else:
            self.front.refresh()
            self.back.refresh()

    def connect(self) -> None:
        """Start connecting upstream, once, unless the client has gone."""
        if self._connecting is None and self.front.transport is not None:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())

    def half_closed(self, source: End) -> None:
        """Shut the peer's writing side; close both once both directions have ended."""
        self._ended.add(source)
        if len(self._ended) == 2:
            for transport in filter(None, (self.front.transport, self.back.transport)):
                transport.close()
        elif source.peer.transport:
            source.peer.transport.write_eof()

    def lost(self, end: End) -> None:
        """One socket is closed; with the last one the connection is over."""
        if end is self.front and not self.back.opened and self._connecting:
            self._connecting.cancel()
        if end.peer.transport is None:
            self.front.forget()
            self.back.forget()
            self._owner.closed(self)

    def reset(self) -> None:
        """Break both ends with a RST."""
        if self._connecting:
            self._connecting.cancel()
        reset(self.front.transport)
        reset(self.back.transport)

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self.back, *self._target)
        except OSError:
            reset(self.front.transport)


def reset(transport: asyncio.Transport | None) -> None:
    """Close with a RST: SO_LINGER with a time of 0, socket(7)."""
    if transport is None or transport.is_closing():
        return
    linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
