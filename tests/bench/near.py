"""The near end, in a process of its own, plain sockets, standard library only. Prints one line of JSON.

`near.py echo PORT COUNT` gives [p50, p99] of 1 KiB round trips in seconds; `near.py bulk PORT BYTES` the seconds until
the far end had counted all of them; `near.py watch PORT SECONDS` the [sent, received] of each 64-byte exchange, one
after the other, on CLOCK_MONOTONIC, which all processes of a machine share.
"""

from __future__ import annotations

import json
import socket
import sys
import time

WARM = 300
ECHO_BYTES = 1024
WATCH_BYTES = 64
CHUNK = 1 << 20


def connect(port: int) -> socket.socket:
    """A connection that sends at once."""
    link = socket.create_connection(("127.0.0.1", port), timeout=30)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.settimeout(30)
    return link


def exchange(link: socket.socket, data: bytes, buffer: memoryview) -> None:
    """There and back."""
    link.sendall(data)
    got = 0
    while got < len(data):
        more = link.recv_into(buffer[got:])
        if not more:
            raise ConnectionError("closed in mid-exchange")
        got += more


def echo(port: int, count: int) -> list[float]:
    """The middle and the slow end of `count` round trips."""
    data, buffer, times = b"x" * ECHO_BYTES, memoryview(bytearray(ECHO_BYTES)), []
    with connect(port) as link:
        for _ in range(min(WARM, count)):
            exchange(link, data, buffer)
        for _ in range(count):
            began = time.perf_counter()
            exchange(link, data, buffer)
            times.append(time.perf_counter() - began)
    times.sort()
    return [times[count // 2], times[min(count - 1, count * 99 // 100)]]


def bulk(port: int, size: int) -> float:
    """Seconds from the first byte sent to the far end's count."""
    chunk, left = b"x" * CHUNK, size
    with connect(port) as link:
        began = time.perf_counter()
        while left > 0:
            link.sendall(chunk if left >= CHUNK else chunk[:left])
            left -= CHUNK
        link.shutdown(socket.SHUT_WR)
        answer = b""
        while len(answer) < 8:
            answer += link.recv(8 - len(answer)) or _closed()
        took = time.perf_counter() - began
    if int.from_bytes(answer, "big") != size:
        raise ConnectionError("bytes were lost")
    return took


def _closed() -> bytes:
    raise ConnectionError("closed before it counted")


def watch(port: int, seconds: float) -> list[tuple[float, float]]:
    """Exchange without a pause."""
    data, buffer, seen = b"x" * WATCH_BYTES, memoryview(bytearray(WATCH_BYTES)), []
    until = time.monotonic() + seconds
    with connect(port) as link:
        print("up", flush=True)
        while (sent := time.monotonic()) < until:
            exchange(link, data, buffer)
            seen.append((sent, time.monotonic()))
    return seen


def main() -> None:
    """One measurement."""
    what, port, amount = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    if what == "watch":
        print(json.dumps(watch(port, amount)), flush=True)
    else:
        print(json.dumps({"echo": echo, "bulk": bulk}[what](port, int(amount))), flush=True)


if __name__ == "__main__":
    main()
