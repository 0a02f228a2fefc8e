"""The `http` probe: one request, no redirects; the value is the status code, or what `field` picks out of the JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from squall._kit.clock import boottime
from squall.observe.api import Probe, ProbeKind, Reading, Surroundings
from squall.observe.failures import FAILURES, ProtocolError, describe
from squall.observe.values import parse_path, pick
from squall.spec.scalars import PositiveDuration

if TYPE_CHECKING:
    from squall.observe.http1 import Answer, Client


class Http(ProbeKind, frozen=True, kw_only=True, tag="http"):
    """Settings. `expectStatus` empty means 200 to 399 is success; `timeout` covers name, connection and whole answer.

    The host of `url` is looked up on the platform first, then in the real DNS.
    """

    url: str
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    timeout: PositiveDuration = 2.0
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: str | None = None
    expect_status: tuple[int, ...] = ()
    field: str | None = None

    def __post_init__(self) -> None:
        check_url(self.url)
        if any("\r" in text or "\n" in text for text in (self.url, *self.headers, *self.headers.values())):
            raise ValueError("url and headers must be one line each")
        if self.field is not None:
            parse_path(self.field)

    def open(self, surroundings: Surroundings) -> Probe:
        """A probe with connections of its own."""
        from squall.observe.http1 import Client

        return HttpProbe(self, Client(self.url, surroundings))


class HttpProbe:
    """Reads one URL."""

    def __init__(self, settings: Http, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._target = target_of(settings.url)
        self._body = None if settings.body is None else settings.body.encode()

    async def read(self, at: float) -> Reading:
        """One exchange; latency runs from `at` to the end of the body."""
        import asyncio

        settings = self._settings
        try:
            async with asyncio.timeout(settings.timeout):
                answer = await self._client.exchange(settings.method, self._target, settings.headers, self._body)
        except FAILURES as error:
            return Reading(at, False, boottime() - at, None, describe(error, settings.timeout))
        return self._reading(at, boottime() - at, answer)

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.close()

    def _reading(self, at: float, latency_s: float, answer: Answer) -> Reading:
        settings = self._settings
        status = answer.status
        ok = status in settings.expect_status if settings.expect_status else 200 <= status < 400
        error = None if ok else f"status {status}"
        value: float | str | None = float(status)
        if settings.field is not None:
            try:
                value = pick(answer.body, settings.field)
            except ProtocolError as missing:
                ok, value, error = False, None, error or str(missing)
        return Reading(at, ok, latency_s, value, error, status)


def check_url(url: str) -> None:
    """Raise ValueError unless `url` is http or https with a host."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is not a URL: write http://host:port/path")
    _ = parts.port  # raises ValueError where it is no number


def target_of(url: str) -> str:
    """Path and query of a URL, as they stand in the request line."""
    from urllib.parse import quote, urlsplit

    parts = urlsplit(url)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{path}?{parts.query}" if parts.query else path
