"""Labs for the tests: the default one, and a tiny one with a single echo service and the link that leads to it."""

from __future__ import annotations

import contextlib
import socket
import statistics
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from squall import lab as lab_api
from squall.lab import processes, rpc

ECHO = """
namespaces:
  demo:
    labels: {chaos-engineering: enabled}
    services:
      mirror: {kind: echo}
"""


class Answer(NamedTuple):
    """What a user saw."""

    status: int
    text: str
    served_by: str | None
    seconds: float


class RunningLab:
    """A lab that is up, driven by its socket and used through its user links."""

    def __init__(self, state: Path, info: lab_api.LabInfo) -> None:
        self.state = state
        self.info = info

    def ask(self, op: str, **arguments: object) -> dict[str, Any]:
        return rpc.call(self.state, "lab.sock", {"op": op, **arguments})

    def do(self, op: str, **arguments: object) -> dict[str, Any]:
        reply = self.ask(op, **arguments)
        assert reply["ok"], reply
        return reply

    def instance(self, name: str) -> dict[str, Any]:
        return next(one for one in self.do("world")["instances"] if one["name"] == name)

    def links(self, wanted: Callable[[dict[str, Any]], bool]) -> list[str]:
        return [link["id"] for link in self.do("world")["links"] if wanted(link)]

    def link(self, id_: str) -> dict[str, Any]:
        return next(link for link in self.do("world")["links"] if link["id"] == id_)

    def http(self, path: str, method: str = "GET", service: str = "api-gateway.production") -> Answer:
        url = f"http://{self.info.services[service][0]}{path}"
        started = time.monotonic()
        request = urllib.request.Request(url, method=method, data=b"" if method == "POST" else None)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                text, status, headers = reply.read().decode(), reply.status, reply.headers
        except urllib.error.HTTPError as error:
            with error:
                text, status, headers = error.read().decode(), error.code, error.headers
        return Answer(status, text, headers.get("X-Served-By"), time.monotonic() - started)

    @contextlib.contextmanager
    def toxics(self, links: list[str], *toxics: dict[str, object], **more: object) -> Iterator[str]:
        mark = f"test/{time.monotonic_ns()}"
        for link in links:
            self.do("toxics.set", **{"link": link, "mark": mark, "ttl_s": 30, "toxics": toxics, **more})
        try:
            yield mark
        finally:
            for link in links:
                self.do("toxics.clear", link=link, mark=mark)


class Echo(RunningLab):
    """The tiny lab: `connect` goes through its only user link."""

    LINK = "user--mirror-0"

    @contextlib.contextmanager
    def connect(self) -> Iterator[socket.socket]:
        host, port = self.info.services["mirror.demo"][0].split(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield client

    @contextlib.contextmanager
    def poisoned(self, *toxics: dict[str, object], **more: object) -> Iterator[str]:
        with self.toxics([self.LINK], *toxics, **more) as mark:
            yield mark

    def counters(self, mark: str) -> dict[str, int]:
        return self.do("toxics.counters", link=self.LINK, mark=mark)["counters"]


def round_trip(client: socket.socket, data: bytes = b"x" * 1024) -> float:
    """Seconds until all of it came back."""
    started = time.perf_counter()
    client.sendall(data)
    receive(client, len(data))
    return time.perf_counter() - started


def receive(client: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        got = client.recv(size - len(data))
        assert got, f"closed after {len(data)} of {size} bytes"
        data += got
    return data


def median(work: Callable[[], float], times: int) -> float:
    return statistics.median(work() for _ in range(times))


def eventually(claim: Callable[[], bool], within_s: float) -> None:
    """Fail unless the claim becomes true in time."""
    deadline = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline, f"still not so after {within_s} s"
        time.sleep(0.05)


@contextlib.contextmanager
def running(state: Path, kind: type[RunningLab] = RunningLab, **settings: Any) -> Iterator[Any]:
    """A lab for the length of a block; nothing of it may be left afterwards."""
    info = lab_api.up(state, **settings)
    try:
        yield kind(state, info)
    finally:
        lab_api.down(state)
    assert not state.exists()
    assert processes.left_over(state) == []


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """The default lab with its user."""
    with running(tmp_path_factory.mktemp("lab") / "state") as up:
        yield up


@pytest.fixture(scope="session")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Echo]:
    """The tiny lab."""
    folder = tmp_path_factory.mktemp("echo")
    (folder / "echo.yaml").write_text(ECHO)
    with running(folder / "state", Echo, topology=folder / "echo.yaml") as up:
        yield up


@pytest.fixture(scope="session")
def tools() -> Any:
    """The helpers above, for the test modules."""

    class Tools:
        pass

    for helper in (round_trip, receive, median, eventually, running):
        setattr(Tools, helper.__name__, staticmethod(helper))
    Tools.RunningLab, Tools.Echo, Tools.ECHO = RunningLab, Echo, ECHO  # type: ignore[attr-defined]
    return Tools
