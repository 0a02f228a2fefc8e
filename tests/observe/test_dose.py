"""Meters against a tiny toxic proxy: what is hurt is measured, what is not hurt is not felt."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from squall.observe.api import DoseResult
from squall.observe.dose import open_meter
from squall.observe.question import ask
from squall.plan.model import Meter
from squall.targets.api import AnyEffect, Break, Freeze, Kill, Noop, Shape

PEERS = ("lab/db-0",)


class Toxic:
    """A proxy that hurts what passes once `on` is set. Written for these tests; it shares nothing with the lab."""

    def __init__(self, upstream: int, effect: Shape, seed: int = 1) -> None:
        self.upstream = upstream
        self.effect = effect
        self.on = False
        self.dice = random.Random(seed)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        effect = self.effect if self.on and self.dice.random() < self.effect.share else Shape(peers=PEERS)
        if effect.reset:
            writer.transport.get_extra_info("socket").setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")  # SO_LINGER 0
            writer.transport.abort()
            return
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        ways = [self.pump(reader, up_writer, effect, "to"), self.pump(up_reader, writer, effect, "from")]
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(tasks, timeout=0.05)
        finally:
            up_writer.transport.abort()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, effect: Shape, way: str) -> None:
        hurt = effect.direction in (way, "both")
        while piece := await reader.read(4096):
            if hurt and effect.cut:
                await asyncio.sleep(60)
            if hurt:
                piece = await self.harm(piece, effect)
            writer.write(piece)
            await writer.drain()

    async def harm(self, piece: bytes, effect: Shape) -> bytes:
        await asyncio.sleep(effect.latency_s)
        if self.dice.random() < effect.loss:
            await asyncio.sleep(0.2)
        if effect.rate_bytes_per_s:
            await asyncio.sleep(len(piece) / effect.rate_bytes_per_s)
        if self.dice.random() < effect.corrupt:
            piece = bytes([piece[0] ^ 1]) + piece[1:]
        return piece


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()


async def valkey_like(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """PING and ECHO of RESP2, answered once they are there as a whole, as the real one does."""
    while line := await reader.readline():
        if line == b"PING\r\n":
            writer.write(b"+PONG\r\n")
            continue
        await reader.readuntil(b"ECHO\r\n")
        size = int((await reader.readline())[1:])
        payload = await reader.readexactly(size + 2)
        writer.write(b"$%d\r\n%s" % (size, payload))
        await writer.drain()


async def postgres_like(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if await reader.readexactly(8) == b"\0\0\0\x08\x04\xd2\x16\x2f":
        writer.write(b"N")
        await reader.read()


async def healthz(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As aiohttp: one after the other, with a date, until the client says close."""
    while True:
        request = await reader.readuntil(b"\r\n\r\n")
        good = request.startswith(b"GET /healthz HTTP/1.1\r\n")
        status = b"200 OK" if good else b"404 Not Found"
        head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nServer: test\r\nX-Filler: %s\r\n" % (
            status,
            b"f" * 60,
        )
        writer.write(head + b"Date: Mon, 05 Jan 2026 10:00:%02d GMT\r\n" % random.randrange(60))
        writer.write(b'Content-Length: 15\r\n\r\n{"status":"ok"}')
        await writer.drain()
        if b"Connection: close" in request:
            return


SERVERS = {"echo": echo, "redis": valkey_like, "postgres": postgres_like, "http": healthz}


class Case:
    """One measurement: what is done to the path, what is said to be asked, and how the control fares."""

    def __init__(self, protocol: str, done: Shape, asked: Shape | None = None, control: Shape | None = None) -> None:
        self.protocol, self.done, self.asked = protocol, done, asked or done
        self.control = control or Shape(peers=PEERS)

    async def measure(self, serve: Any, seconds: float) -> DoseResult:
        async with AsyncExitStack() as stack:
            upstream = await stack.enter_async_context(serve(SERVERS[self.protocol]))
            toxics = [Toxic(upstream, effect) for effect in (self.done, self.control)]
            ports = [await stack.enter_async_context(serve(toxic.handle)) for toxic in toxics]
            spec = Meter(
                kind="path", address=f"127.0.0.1:{ports[0]}", protocol=self.protocol,
                control=f"127.0.0.1:{ports[1]}", control_protocol=self.protocol,
            )  # fmt: skip
            meter = open_meter(spec, self.asked)
            assert meter is not None
            await meter.sample_baseline(0.6)
            for toxic in toxics:
                toxic.on = True
            meter.start()
            await asyncio.sleep(seconds)
            await meter.stop()
            return meter.result("s1", "lab/api-0")


def measure(serve: Any, cases: list[Case], seconds: float = 2.0) -> list[DoseResult]:
    """All cases at once; repeated where the meters themselves say that the machine was too busy to measure."""

    async def story() -> list[DoseResult]:
        return list(await asyncio.gather(*(case.measure(serve, seconds) for case in cases)))

    results: list[DoseResult] = []
    for _ in range(4):
        results = asyncio.run(story())
        if not any("meter itself" in result.note for result in results):
            break
    return results


def shape(direction: str = "both", **settings: Any) -> Shape:
    return Shape(peers=PEERS, direction=direction, **settings)


def test_latency_is_measured_in_every_protocol(serve: Any) -> None:
    results = measure(serve, [Case(protocol, shape("to", latency_s=0.1)) for protocol in SERVERS], 1.4)
    for result in results:
        assert (result.quantity, result.unit, result.asked) == ("added latency of an exchange", "ms", 100.0)
        assert result.measured is not None
        assert 80 < result.measured < 200  # the servers share the loop with the meters: a busy machine adds
        assert result.control is not None
        assert result.control < result.measured / 2
        assert result.felt
        assert result.n >= 20


def test_both_directions_are_asked_and_measured_twice(serve: Any) -> None:
    (result,) = measure(serve, [Case("echo", shape(latency_s=0.05))], 1.0)
    assert result.asked == 100.0
    assert result.measured == pytest.approx(100, abs=35)


def test_what_is_not_done_is_not_felt(serve: Any) -> None:
    asks = [
        shape(latency_s=0.1), shape(cut=True), shape(reset=True), shape(loss=0.3), shape(corrupt=0.3),
        shape(rate_bytes_per_s=100_000.0),
    ]  # fmt: skip
    for result in measure(serve, [Case("redis", shape(), asked) for asked in asks], 1.0):
        assert not result.felt, result
        assert result.measured is not None


def test_much_less_than_asked_is_not_felt(serve: Any) -> None:
    cases = [
        Case("echo", shape(latency_s=0.02), asked=shape(latency_s=0.1)),
        Case("echo", shape(reset=True, share=0.3), asked=shape(reset=True)),
        Case("echo", shape(rate_bytes_per_s=400_000.0), asked=shape(rate_bytes_per_s=40_000.0)),
    ]
    assert [result.felt for result in measure(serve, cases, 1.2)] == [False, False, False]


def test_a_control_path_hurt_alike_means_not_felt(serve: Any) -> None:
    effects = [shape(latency_s=0.05), shape(cut=True), shape(reset=True), shape(rate_bytes_per_s=64_000.0)]
    cases = [Case("redis", effect, control=effect) for effect in effects]
    assert [result.felt for result in measure(serve, cases, 1.2)] == [False] * 4


def test_a_cut_leaves_every_exchange_without_an_answer(serve: Any) -> None:
    cases = [Case("postgres", shape(direction, cut=True)) for direction in ("to", "from")]
    for result in measure(serve, cases, 1.2):
        assert (result.quantity, result.asked, result.measured) == ("exchanges without an answer", 1.0, 1.0)
        assert (result.control, result.felt) == (0.0, True)
        assert result.n >= 10


def test_shares_are_shares_of_exchanges(serve: Any) -> None:
    cases = [
        Case("http", shape(reset=True)),
        Case("echo", shape(reset=True, share=0.5)),
        Case("redis", shape(loss=0.3)),
        Case("postgres", shape("to", loss=0.1)),
    ]
    for case, result in zip(cases, measure(serve, cases, 2.5), strict=True):
        assert result.unit == "share"
        assert result.asked is not None
        assert result.measured == pytest.approx(result.asked, abs=0.25), case.done
        assert result.felt, result
    resets, _, stalled, rare = (ask(case.done) for case in cases)
    assert resets is not None
    assert stalled is not None
    assert rare is not None
    assert (resets.asked, stalled.asked, rare.asked) == pytest.approx((1.0, 0.51, 0.1))


def test_wrong_answers_and_slowed_connections_are_shares_too(serve: Any) -> None:
    cases = [
        Case("http", shape("to", corrupt=0.3)),
        Case("redis", shape("from", corrupt=0.3)),
        Case("echo", shape(latency_s=0.2, share=0.5)),
    ]
    for case, result in zip(cases, measure(serve, cases, 2.5), strict=True):
        assert result.measured == pytest.approx(result.asked, abs=0.25), case.done
        assert result.felt, result


def test_a_rate_is_measured_by_bulk_exchanges(serve: Any) -> None:
    ways = {"echo": "to", "redis": "both", "http": "from"}
    cases = [Case(protocol, shape(way, rate_bytes_per_s=40_000.0)) for protocol, way in ways.items()]
    for result in measure(serve, cases, 2.5):
        assert (result.quantity, result.unit, result.asked) == ("rate", "bytes/s", 40_000.0)
        assert result.measured == pytest.approx(40_000, rel=0.5)
        assert result.felt, result


def test_a_path_without_answers_before_the_fault_gives_no_measure(serve: Any) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def one(port: int, effect: Shape) -> DoseResult:
        meter = open_meter(Meter(kind="path", address=f"127.0.0.1:{port}", protocol="echo"), effect)
        assert meter is not None
        await meter.sample_baseline(0.5)
        meter.start()
        await asyncio.sleep(0.3)
        await meter.stop()
        return meter.result("s1", "x")

    async def story() -> list[DoseResult]:
        async with serve(mute) as port:
            return await asyncio.gather(one(port, shape(latency_s=0.1)), one(port, shape(cut=True)))

    for result in asyncio.run(story()):
        assert not result.felt
        assert "no control path" in result.note


def test_kinds_and_effects_without_a_dose_have_no_meter() -> None:
    path = Meter(kind="path", address="127.0.0.1:1", protocol="echo")
    assert open_meter(Meter(kind="state", slot="memory/x"), Kill()) is None
    assert open_meter(Meter(kind="none"), shape(cut=True)) is None
    assert open_meter(path, Noop()) is None
    assert open_meter(path, shape()) is None
    with pytest.raises(ValueError, match="no exchange is known"):
        open_meter(Meter(kind="path", address="127.0.0.1:1", protocol="smtp"), shape(cut=True))


def process_dose(effect: AnyEffect, harm: Callable[[int], None]) -> DoseResult:
    async def story(pid: int) -> DoseResult:
        meter = open_meter(Meter(kind="process", pid=pid), effect)
        assert meter is not None
        await meter.sample_baseline(0.1)
        harm(pid)
        meter.start()
        await asyncio.sleep(0.2)
        await meter.stop()
        return meter.result("s1", "host/x")

    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        return asyncio.run(story(child.pid))
    finally:
        os.kill(child.pid, signal.SIGCONT)
        child.kill()
        child.wait()


def test_a_stopped_process_is_seen_in_proc() -> None:
    result = process_dose(Freeze(), lambda pid: os.kill(pid, signal.SIGSTOP))
    assert (result.quantity, result.felt) == ("stopped", True)
    assert result.measured is not None
    assert result.measured > 0.7


@pytest.mark.parametrize("effect", [Kill(), Break()])
def test_a_killed_process_is_seen_in_proc(effect: AnyEffect) -> None:
    result = process_dose(effect, lambda pid: os.kill(pid, signal.SIGKILL))
    assert (result.quantity, result.felt) == ("gone", True)


@pytest.mark.parametrize("effect", [Kill(), Break(), Freeze()])
def test_an_unhurt_process_is_not_felt(effect: AnyEffect) -> None:
    result = process_dose(effect, lambda pid: None)
    assert (result.measured, result.felt) == (0.0, False)


def test_a_process_that_was_not_there_is_not_felt_to_be_gone() -> None:
    async def story() -> DoseResult:
        meter = open_meter(Meter(kind="process", pid=2**22 - 1), Kill())
        assert meter is not None
        await meter.sample_baseline(0.05)
        meter.start()
        await meter.stop()
        return meter.result("s1", "host/x")

    result = asyncio.run(story())
    assert not result.felt
    assert "was not running before the fault" in result.note
