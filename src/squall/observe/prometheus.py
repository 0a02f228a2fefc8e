"""The `prometheus` probe: an instant query that gives one number. Source: Prometheus HTTP API, /api/v1/query."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from squall._kit.clock import boottime
from squall._kit.errors import InvalidCall
from squall.observe.api import Probe, ProbeKind, Reading, Surroundings
from squall.observe.failures import FAILURES, ProtocolError, describe
from squall.observe.http import check_url, target_of
from squall.spec.scalars import PositiveDuration

if TYPE_CHECKING:
    from squall.observe.http1 import Answer, Client


class Prometheus(ProbeKind, frozen=True, kw_only=True, tag="prometheus"):
    """Settings. An empty result and NaN are no data, more than one series is an error: aggregate in the query.

    Without an `endpoint` of its own it asks `monitoring.prometheus`.
    """

    query: str
    endpoint: str = ""
    timeout: PositiveDuration = 5.0

    def __post_init__(self) -> None:
        if self.endpoint:
            check_url(self.endpoint)
        if not self.query.strip():
            raise ValueError("query is empty")

    def open(self, surroundings: Surroundings) -> Probe:
        """A probe with connections of its own."""
        from squall.observe.http1 import Client

        endpoint = self.endpoint or surroundings.prometheus
        if not endpoint:
            raise InvalidCall(
                f"probe prometheus '{self.query}' names no endpoint",
                hint="give it one, or set spec.monitoring.prometheus.endpoint",
            )
        return PrometheusProbe(msgspec.structs.replace(self, endpoint=endpoint), Client(endpoint, surroundings))


class _Data(msgspec.Struct, rename="camel", frozen=True):
    result_type: str = ""
    result: msgspec.Raw = msgspec.Raw(b"[]")


class _Envelope(msgspec.Struct, rename="camel"):
    status: str
    data: _Data = _Data()
    error: str = ""


class _Sample(msgspec.Struct):
    value: tuple[float, str]


class PrometheusProbe:
    """Reads one query."""

    def __init__(self, settings: Prometheus, client: Client) -> None:
        from urllib.parse import quote

        self._settings = settings
        self._client = client
        self._target = f"{target_of(settings.endpoint).rstrip('/')}/api/v1/query?query={quote(settings.query)}"

    async def read(self, at: float) -> Reading:
        """One instant query; latency runs from `at` to the answer of the server of Prometheus."""
        import asyncio

        timeout_s = self._settings.timeout
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._client.exchange("GET", self._target, {}, None)
            value = extract(answer)
        except FAILURES as error:
            return Reading(at, False, boottime() - at, None, describe(error, timeout_s))
        if value is None or math.isnan(value):
            return Reading(at, False, boottime() - at, None, "no data", answer.status)
        return Reading(at, True, boottime() - at, value, None, answer.status)

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.close()


def extract(answer: Answer) -> float | None:
    """The number in an answer, None where there is no series. Raises ProtocolError."""
    try:
        envelope = msgspec.json.decode(answer.body, type=_Envelope)
        if envelope.status != "success":
            raise ProtocolError(f"the query failed: {envelope.error}")
        if envelope.data.result_type == "scalar":
            return float(msgspec.json.decode(envelope.data.result, type=tuple[float, str])[1])
        if envelope.data.result_type != "vector":
            raise ProtocolError(f"the query gives a {envelope.data.result_type}, not one number")
        samples = msgspec.json.decode(envelope.data.result, type=list[_Sample])
        if len(samples) > 1:
            raise ProtocolError(f"the query gives {len(samples)} series: aggregate them to one, as in sum(...)")
        return float(samples[0].value[1]) if samples else None
    except (msgspec.MsgspecError, ValueError) as error:
        if isinstance(error, ProtocolError):
            raise
        raise ProtocolError(f"status {answer.status}, and not an answer of Prometheus") from None
