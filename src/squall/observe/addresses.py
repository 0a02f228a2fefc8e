"""Where a probe connects: the platform's word for a service name first, else the name itself for the real DNS."""

from __future__ import annotations

from itertools import count

from squall.observe.api import Surroundings

Address = tuple[str, int]


def split(address: str) -> Address:
    """`host:port` or `[v6]:port` as a pair. Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{address!r} is not an address: write host:port")
    return host.strip("[]"), int(port)


class Addresses:
    """The addresses of one host and port; each `next` is the following one of what the platform names just now."""

    def __init__(self, host: str, port: int, surroundings: Surroundings) -> None:
        self._named = (host, port)
        self._surroundings = surroundings
        self._turn = count()

    def next(self) -> Address:
        """The address for the next reading, round robin."""
        known = self._surroundings.resolve(self._named[0])
        if not known:
            return self._named
        return split(known[next(self._turn) % len(known)])
