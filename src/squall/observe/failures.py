"""What can go wrong between a probe and the system, as one clause of plain words for `Reading.error`."""

from __future__ import annotations


class ProtocolError(ValueError):
    """The other side answered, but not in its protocol."""


FAILURES = (OSError, EOFError, ProtocolError)
"""What a network read may raise: refused, reset, unreachable, timed out (OSError), ended early (EOFError)."""


def describe(error: BaseException, timeout_s: float) -> str:
    """The failure in words, without any secret of the settings."""
    import socket

    if isinstance(error, socket.gaierror):
        return f"name not known: {error.strerror}"
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout_s:g}s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ConnectionError):
        return "connection reset"
    if isinstance(error, EOFError):
        return "connection closed before the whole answer"
    return str(error) or type(error).__name__
