"""echo: sends back what it gets; for quick labs and for measuring links."""

from __future__ import annotations

import asyncio
from typing import cast

from squall.lab.services import config


class Echo(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Send it back."""
        self._transport.write(data)

    def pause_writing(self) -> None:
        """The client does not read: neither do we."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._transport.resume_reading()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", config.load().port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
