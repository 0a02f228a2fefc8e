"""tcp, command, process and prometheus, each against the real thing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from squall._kit.clock import boottime
from squall.observe.api import ProbeKind, Reading, Surroundings
from squall.observe.command import Command
from squall.observe.process import Process
from squall.observe.prometheus import Prometheus
from squall.observe.tcp import Tcp


async def once(settings: ProbeKind, surroundings: Surroundings) -> Reading:
    probe = settings.open(surroundings)
    reading = await probe.read(boottime())
    await probe.close()
    return reading


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(b"hello " + line)


def test_tcp_connects_and_waits_for_the_expected_text(serve: Any, nowhere: Surroundings) -> None:
    async def story() -> list[Reading]:
        async with serve(greet) as port:
            address = f"127.0.0.1:{port}"
            known = Surroundings(lambda host: (address,) if host == "db" else ())
            return [
                await once(Tcp(address=address), nowhere),
                await once(Tcp(address="db:5432", send="you\n", expect="hello you"), known),
                await once(Tcp(address=address, send="you\n", expect="bye", timeout=0.2), nowhere),
            ]

    plain, named, wrong = asyncio.run(story())
    assert (plain.ok, plain.value) == (True, 1.0)
    assert (named.ok, named.value) == (True, "hello you")
    assert (wrong.ok, wrong.value, wrong.error) == (False, None, "no answer within 0.2s")


def test_a_tcp_answer_that_ends_without_the_text_says_so(serve: Any, nowhere: Surroundings) -> None:
    async def curt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"no")

    async def story() -> Reading:
        async with serve(curt) as port:
            return await once(Tcp(address=f"127.0.0.1:{port}", expect="yes"), nowhere)

    assert asyncio.run(story()).error == "the answer does not contain 'yes'"


def test_a_command_gives_its_last_line_and_its_exit_code(nowhere: Surroundings) -> None:
    script = "import sys; print('noise'); print('12.5'); sys.exit(int(sys.argv[1]))"
    good = asyncio.run(once(Command(argv=(sys.executable, "-c", script, "0")), nowhere))
    bad = asyncio.run(once(Command(argv=(sys.executable, "-c", script, "3")), nowhere))
    assert (good.ok, good.value, good.code, good.error) == (True, 12.5, 0, None)
    assert (bad.ok, bad.value, bad.code, bad.error) == (False, 12.5, 3, "exit 3")


def test_a_command_knows_no_shell(nowhere: Surroundings) -> None:
    reading = asyncio.run(once(Command(argv=("/bin/echo", "$HOME;", "`id`")), nowhere))
    assert reading.value == "$HOME; `id`"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"probe": "command", "argv": "echo hello"}, Command)
    with pytest.raises(msgspec.ValidationError, match="must be a list"):
        msgspec.convert({"probe": "command", "argv": []}, Command)


def test_a_command_that_takes_too_long_is_killed_with_its_children(nowhere: Surroundings, tmp_path: Path) -> None:
    note = tmp_path / "child"
    script = (
        "import subprocess, sys; child = subprocess.Popen(['sleep', '60']); "
        f"open({str(note)!r}, 'w').write(str(child.pid)); child.wait()"
    )
    begin = time.monotonic()
    reading = asyncio.run(once(Command(argv=(sys.executable, "-c", script), timeout=0.7), nowhere))
    assert time.monotonic() - begin < 3.0
    assert (reading.ok, reading.code, reading.error) == (False, None, "no end within 0.7s, killed")
    assert gone(int(note.read_text()))


def test_a_cancelled_reading_ends_its_command(nowhere: Surroundings, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"

    async def story() -> None:
        probe = Command(argv=(sys.executable, "-c", script), timeout=50.0).open(nowhere)
        task = asyncio.ensure_future(probe.read(boottime()))
        while not (note.exists() and note.read_text()):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(story())
    assert gone(int(note.read_text()))


def test_a_command_that_is_not_there_is_a_failed_reading(nowhere: Surroundings) -> None:
    reading = asyncio.run(once(Command(argv=("/nowhere/tool",)), nowhere))
    assert (reading.ok, reading.code) == (False, None)
    assert reading.error == "cannot run /nowhere/tool: No such file or directory"


def test_processes_are_counted_by_name_pid_and_command_line(nowhere: Surroundings) -> None:
    word = f"squall-test-{os.getpid()}"
    children = [subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", word]) for _ in range(2)]
    try:
        time.sleep(0.1)
        both = asyncio.run(once(Process(cmdline=word), nowhere))
        one = asyncio.run(once(Process(pid=children[0].pid, cmdline=word), nowhere))
        none = asyncio.run(once(Process(cmdline=word, name="no-such-name"), nowhere))
        children[0].kill()
        time.sleep(0.1)  # a zombie now: nobody has waited for it
        left = asyncio.run(once(Process(cmdline=word), nowhere))
        dead = asyncio.run(once(Process(pid=children[0].pid), nowhere))
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert [reading.value for reading in (both, one, none, left, dead)] == [2.0, 1.0, 0.0, 1.0, 0.0]
    assert (none.ok, none.error) == (False, "no such process")


@pytest.mark.parametrize(
    ("data", "value", "error"),
    [
        ({"resultType": "vector", "result": [{"metric": {}, "value": [1.5, "0.25"]}]}, 0.25, None),
        ({"resultType": "scalar", "result": [1.5, "3"]}, 3.0, None),
        ({"resultType": "vector", "result": []}, None, "no data"),
        ({"resultType": "vector", "result": [{"metric": {}, "value": [1.5, "NaN"]}]}, None, "no data"),
        (
            {"resultType": "vector", "result": [{"metric": {}, "value": [1, "1"]}] * 3},
            None,
            "the query gives 3 series: aggregate them to one, as in sum(...)",
        ),
        ({"resultType": "matrix", "result": []}, None, "the query gives a matrix, not one number"),
    ],
)
def test_prometheus_gives_one_number_or_no_data(
    data: dict[str, Any], value: float | None, error: str | None, site: Any, nowhere: Surroundings
) -> None:
    path = "/prom/api/v1/query?query=sum%28up%29"
    site.answers = {path: (200, msgspec.json.encode({"status": "success", "data": data}), {})}
    reading = asyncio.run(once(Prometheus(endpoint=site.url + "/prom/", query="sum(up)"), nowhere))
    assert (reading.value, reading.error, reading.ok) == (value, error, error is None)


def test_a_refused_query_and_a_foreign_server_say_what_is_wrong(site: Any, nowhere: Surroundings) -> None:
    bad = msgspec.json.encode({"status": "error", "errorType": "bad_data", "error": "parse error"})
    site.answers = {"/api/v1/query?query=%29": (400, bad, {}), "/api/v1/query?query=x": (404, b"not found", {})}
    refused = asyncio.run(once(Prometheus(endpoint=site.url, query=")"), nowhere))
    foreign = asyncio.run(once(Prometheus(endpoint=site.url, query="x"), nowhere))
    assert refused.error == "the query failed: parse error"
    assert foreign.error == "status 404, and not an answer of Prometheus"


def test_the_settings_of_probes_import_nothing_heavy() -> None:
    """Start-up is paid by every command, reading is not."""
    names = ["http", "tcp", "command", "process", "sql", "prometheus", "dose", "judge", "recovery", "stats"]
    script = (
        f"import sys; [__import__('squall.observe.' + name) for name in {names!r}]; "
        "print(sorted({'asyncio', 'ssl', 'json', 'http.client', 'asyncpg', 'numpy', 'statistics'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def gone(pid: int) -> bool:
    """Whether a process has ended, given a moment for init to reap it."""
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(") ")[2][0] in "ZX":
            return True
        time.sleep(0.02)
    return False
