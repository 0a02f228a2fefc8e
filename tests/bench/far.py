"""The far end, in a process of its own, plain sockets, standard library only: an echo and a sink.

Prints the ports of both as one line `ECHO SINK`, then serves until it is ended. The sink answers with the number of
bytes it got, as eight bytes, once its sender has shut down.
"""

from __future__ import annotations

import socket
import threading

CHUNK = 1 << 20


def echo(link: socket.socket) -> None:
    """Send back what comes."""
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with link:
        while data := link.recv(1 << 16):
            link.sendall(data)


def sink(link: socket.socket) -> None:
    """Take everything, then say how much it was."""
    buffer, total = bytearray(CHUNK), 0
    with link:
        while got := link.recv_into(buffer):
            total += got
        link.sendall(total.to_bytes(8, "big"))


def serve(listener: socket.socket, work: object) -> None:
    """A thread for each connection."""
    while True:
        link, _ = listener.accept()
        threading.Thread(target=_guarded, args=(work, link), daemon=True).start()


def _guarded(work: object, link: socket.socket) -> None:
    try:
        work(link)  # type: ignore[operator]
    except OSError:
        return  # the client has gone: the next one gets a new thread


def main() -> None:
    """Listen on two free loopback ports."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    print(*(each.getsockname()[1] for each in listeners), flush=True)
    threading.Thread(target=serve, args=(listeners[1], sink), daemon=True).start()
    serve(listeners[0], echo)


if __name__ == "__main__":
    main()
