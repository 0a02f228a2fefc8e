"""The http probe against Python's own server, and raw sockets for what that server never does."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import msgspec
import pytest

from squall._kit.clock import boottime
from squall.observe.api import Reading, Surroundings
from squall.observe.http import Http


def read(settings: Http, surroundings: Surroundings, times: int = 1) -> list[Reading]:
    async def story() -> list[Reading]:
        probe = settings.open(surroundings)
        readings = [await probe.read(boottime()) for _ in range(times)]
        await probe.close()
        return readings

    return asyncio.run(story())


async def raw(serve: Any, answer: bytes, settings: dict[str, Any], nowhere: Surroundings) -> Reading:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with serve(handler) as port:
        probe = Http(url=f"http://127.0.0.1:{port}/", **settings).open(nowhere)
        reading = await probe.read(boottime())
        await probe.close()
        return reading


def test_a_good_answer_is_its_status_with_a_latency(site: Any, nowhere: Surroundings) -> None:
    (reading,) = read(Http(url=site.url + "/a b?q=1"), nowhere)
    assert (reading.ok, reading.value, reading.code, reading.error) == (True, 200.0, 200, None)
    assert reading.latency_s is not None
    assert 0 < reading.latency_s < 0.5
    assert site.requests[0][:2] == ("GET", "/a%20b?q=1")


def test_a_bad_status_is_not_ok_and_redirects_are_not_followed(site: Any, nowhere: Surroundings) -> None:
    site.answers = {"/down": (503, b"", {}), "/moved": (302, b"", {"Location": "/down"})}
    (down,) = read(Http(url=site.url + "/down"), nowhere)
    (moved,) = read(Http(url=site.url + "/moved"), nowhere)
    assert (down.ok, down.value, down.error, down.code) == (False, 503.0, "status 503", 503)
    assert (moved.ok, moved.value) == (True, 302.0)
    assert len(site.requests) == 2


def test_expect_status_names_what_is_ok(site: Any, nowhere: Surroundings) -> None:
    site.answers = {"/down": (503, b"", {})}
    (down,) = read(Http(url=site.url + "/down", expect_status=(503,)), nowhere)
    (up,) = read(Http(url=site.url, expect_status=(503,)), nowhere)
    assert (down.ok, up.ok, up.error) == (True, False, "status 200")


def test_connections_are_kept(site: Any, nowhere: Surroundings) -> None:
    assert all(reading.ok for reading in read(Http(url=site.url), nowhere, times=20))
    assert len(site.peers) == 1


def test_method_headers_and_body_arrive(site: Any, nowhere: Surroundings) -> None:
    settings = Http(url=site.url + "/order", method="POST", headers={"X-Who": "squall"}, body="grün")
    (reading,) = read(settings, nowhere)
    method, path, headers, body = site.requests[0]
    assert reading.ok
    assert (method, path, headers["x-who"], body.decode()) == ("POST", "/order", "squall", "grün")


def test_head_has_no_body(site: Any, nowhere: Surroundings) -> None:
    assert all(reading.ok for reading in read(Http(url=site.url, method="HEAD", timeout=0.5), nowhere, times=2))


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("a.b[1].c", 7.5, None),
        ("state", "ready", None),
        ("up", 1.0, None),
        ("a.x", None, "field a.x: not in the answer"),
        ("none", None, "field none: neither a number nor text"),
        ("a.b[9]", None, "field a.b[9]: not in the answer"),
    ],
)
def test_a_field_is_taken_out_of_json(
    field: str, value: float | str | None, error: str | None, site: Any, nowhere: Surroundings
) -> None:
    document = {"a": {"b": [0, {"c": 7.5}]}, "state": "ready", "up": True, "none": None}
    site.answers = {"/state": (200, msgspec.json.encode(document), {})}
    (reading,) = read(Http(url=site.url + "/state", field=field), nowhere)
    assert (reading.value, reading.error, reading.ok, reading.code) == (value, error, error is None, 200)


def test_the_platforms_addresses_are_taken_in_turn_and_the_host_header_keeps_the_name(site: Any) -> None:
    asked: list[str] = []

    def resolve(host: str) -> tuple[str, ...]:
        asked.append(host)
        return (f"127.0.0.1:{site.port}", f"127.0.0.2:{site.port}")

    readings = read(Http(url="http://api.production:8080/x"), Surroundings(resolve), times=4)
    assert [reading.ok for reading in readings] == [True, False, True, False]
    assert readings[1].error == "connection refused"
    assert {headers["host"] for _, _, headers, _ in site.requests} == {"api.production:8080"}
    assert asked == ["api.production"] * 4


def test_a_dribbling_server_does_not_stretch_the_timeout(serve: Any, nowhere: Surroundings) -> None:
    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    async def story() -> Reading:
        async with serve(dribble) as port:
            probe = Http(url=f"http://127.0.0.1:{port}/", timeout=0.3).open(nowhere)
            reading = await probe.read(boottime())
            await probe.close()
            return reading

    reading = asyncio.run(story())
    assert (reading.ok, reading.error) == (False, "no answer within 0.3s")
    assert reading.latency_s == pytest.approx(0.3, abs=0.15)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;x=y\r\n{"v": \r\n2\r\n3}\r\n0\r\nT: x\r\n\r\n',
            3.0,
        ),
        (b'HTTP/1.0 200 OK\r\n\r\n{"v": 4}', 4.0),
        (b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{"v": 5}', 5.0),
    ],
)
def test_every_framing_of_a_body_is_read(answer: bytes, value: float, serve: Any, nowhere: Surroundings) -> None:
    reading = asyncio.run(raw(serve, answer, {"field": "v"}, nowhere))
    assert (reading.ok, reading.value, reading.error) == (True, value, None)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", "connection closed before the whole answer"),
        (b"SSH-2.0-x\r\n\r\n", "the answer is not HTTP/1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "the answer's length is not a number: 'x'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "the answer is longer than 4 MiB"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "connection closed before the whole answer"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000 + b"\r\n\r\n", "the answer's head is longer than 64 KiB"),
    ],
)
def test_what_is_no_answer_is_a_failed_reading(answer: bytes, error: str, serve: Any, nowhere: Surroundings) -> None:
    reading = asyncio.run(raw(serve, answer, {}, nowhere))
    assert (reading.ok, reading.value, reading.error) == (False, None, error)


def test_a_kept_connection_that_the_server_closed_is_replaced_unseen(serve: Any, nowhere: Surroundings) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")  # takes the second request, and goes away without a word

    async def story() -> list[Reading]:
        async with serve(once) as port:
            probe = Http(url=f"http://127.0.0.1:{port}/").open(nowhere)
            readings = [await probe.read(boottime()) for _ in range(5)]
            await probe.close()
            return readings

    assert [reading.error for reading in asyncio.run(story())] == [None] * 5


def test_a_refused_connection_and_an_unknown_name_are_readings(nowhere: Surroundings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (refused,) = read(Http(url=f"http://127.0.0.1:{port}/"), nowhere)
    assert (refused.ok, refused.error, refused.code) == (False, "connection refused", None)
    (unknown,) = read(Http(url="http://nobody.invalid/"), nowhere)
    assert not unknown.ok
    assert unknown.error


def test_fifty_readings_at_once_do_not_wait_for_each_other(site: Any, nowhere: Surroundings) -> None:
    async def story() -> tuple[list[Reading], float]:
        probe = Http(url=site.url).open(nowhere)
        with site.gate:
            reads = [asyncio.ensure_future(probe.read(boottime())) for _ in range(50)]
            await asyncio.sleep(0.5)
        begin = time.monotonic()
        readings = list(await asyncio.gather(*reads))
        took_s = time.monotonic() - begin
        await probe.close()
        return readings, took_s

    readings, took_s = asyncio.run(story())
    assert all(reading.ok for reading in readings)
    assert took_s < 0.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://x/"},
        {"url": "http:///x"},
        {"url": "http://x:y/"},
        {"headers": {"a": "b\r\nc: d"}},
        {"field": "a..b"},
    ],
)
def test_wrong_settings_are_refused_when_they_are_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"probe": "http", "url": "http://x/", **wrong}, Http)
