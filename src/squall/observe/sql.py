"""The `sql` probe: one query on PostgreSQL; the value is the first column of the first row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from squall._kit.clock import boottime
from squall._kit.errors import MissingExtra
from squall.observe.addresses import Address, Addresses
from squall.observe.api import Probe, ProbeKind, Reading, Surroundings
from squall.observe.failures import describe
from squall.observe.values import number_or_text
from squall.spec.scalars import PositiveDuration

if TYPE_CHECKING:
    import asyncpg

IDLE_MAX = 16


class Sql(ProbeKind, frozen=True, kw_only=True, tag="sql"):
    """Settings. `dsn` is `postgresql://user:password@host:port/database`; it is never shown in a reading.

    The host is looked up on the platform first. Connections are kept between readings.
    """

    extra = "sql"

    dsn: str
    query: str
    timeout: PositiveDuration = 2.0

    def __post_init__(self) -> None:
        from urllib.parse import urlsplit

        parts = urlsplit(self.dsn)
        if parts.scheme not in ("postgresql", "postgres") or not parts.hostname:
            raise ValueError("dsn is not understood: write postgresql://user@host:port/database")
        _ = parts.port  # raises ValueError where it is no number
        if not self.query.strip():
            raise ValueError("query is empty")

    def open(self, surroundings: Surroundings) -> Probe:
        """A probe ready to read. Raises MissingExtra."""
        from urllib.parse import urlsplit

        try:
            import asyncpg as _  # noqa: F401
        except ImportError:
            raise MissingExtra("the sql probe needs asyncpg", hint="pip install 'squall[sql]'") from None
        parts = urlsplit(self.dsn)
        return SqlProbe(self, Addresses(parts.hostname or "", parts.port or 5432, surroundings))


class SqlProbe:
    """Reads one query."""

    def __init__(self, settings: Sql, addresses: Addresses) -> None:
        self._settings = settings
        self._addresses = addresses
        self._idle: dict[Address, list[asyncpg.Connection]] = {}

    async def read(self, at: float) -> Reading:
        """One query; latency runs from `at` to the result."""
        import asyncio

        import asyncpg

        timeout_s = self._settings.timeout
        try:
            async with asyncio.timeout(timeout_s):
                found = await self._fetch(self._addresses.next())
        except (OSError, EOFError) as error:
            return Reading(at, False, boottime() - at, None, describe(error, timeout_s))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            lines = str(error).splitlines()
            return Reading(at, False, boottime() - at, None, lines[0] if lines else type(error).__name__)
        value = to_value(found)
        return Reading(at, value is not None, boottime() - at, value, None if value is not None else "no data")

    async def close(self) -> None:
        """Drop the connections."""
        import asyncio

        for connections in self._idle.values():
            for connection in connections:
                connection.terminate()
        self._idle.clear()
        await asyncio.sleep(0)

    async def _fetch(self, address: Address) -> object:
        import asyncpg

        idle = self._idle.setdefault(address, [])
        connection = idle.pop() if idle else None
        if connection is None or connection.is_closed():
            host, port = address
            connection = await asyncpg.connect(
                self._settings.dsn, host=host, port=port, server_settings={"application_name": "squall-probe"}
            )
        done = False
        try:
            found: object = await connection.fetchval(self._settings.query)
            done = len(idle) < IDLE_MAX
        finally:
            if done:
                idle.append(connection)
            else:
                connection.terminate()
        return found


def to_value(found: object) -> float | str | None:
    """A database value as the value of a reading: numbers and truth as float, spans of time in seconds, else text."""
    from datetime import timedelta

    if found is None:
        return None
    if isinstance(found, timedelta):
        return found.total_seconds()
    if isinstance(found, bool):
        return float(found)
    return number_or_text(str(found))
