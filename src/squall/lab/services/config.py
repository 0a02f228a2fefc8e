"""What an instance is told at start: its port, its peers by component, and the resilience patterns it has."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

PATTERNS = ("retry", "breaker", "cache-fallback")


class Peer(msgspec.Struct, frozen=True):
    """One callee instance and the link that leads to it."""

    name: str
    component: str
    kind: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """For HTTP."""
        return f"http://{self.host}:{self.port}"


class Config(msgspec.Struct, frozen=True):
    """Settings of one instance."""

    name: str
    port: int
    peers: tuple[Peer, ...] = ()
    patterns: frozenset[str] = frozenset(PATTERNS)
    load_rps: float = 0.0
    secret: str = ""

    def of_kind(self, kind: str) -> tuple[Peer, ...]:
        """The peers of one kind, in order."""
        return tuple(peer for peer in self.peers if peer.kind == kind)

    def has(self, pattern: str) -> bool:
        """Whether this pattern is switched on."""
        return pattern in self.patterns


def load() -> Config:
    """Read the file named on the command line."""
    return msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Config)
