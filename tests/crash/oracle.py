"""What is still hurt, found without a line of Squall's: /proc, the world's file parsed by hand, raw sockets.

Architecture invariant: imports nothing of `squall`.
"""

from __future__ import annotations

import json
import os
import socket
import time
import zlib
from pathlib import Path
from typing import Any

ECHO_S = 3.0
"""An echo that takes longer is hurt: the faults of the suite are so strong that they cannot be missed."""


def process_is_stopped(pid: int) -> bool:
    """Whether the kernel says that it stands still."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] in "Tt"


def memory_effects(path: Path) -> list[str]:
    """The effects in a world's file whose deadline has not passed."""
    try:
        world = json.loads(path.read_text())
    except FileNotFoundError:
        return []
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    return [f"{mark}: {live['kind']}" for mark, live in world["effects"].items() if live["until"] > now]


def lab_world(folder: Path) -> dict[str, Any]:
    """What the lab's supervisor answers on its socket."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect(f"/proc/self/fd/{fd}/lab.sock")
            link.sendall(b'{"op": "world"}\n')
            with link.makefile("rb") as answers:
                world: dict[str, Any] = json.loads(answers.readline())
                return world
    finally:
        os.close(fd)


def lab_harm(folder: Path, instance: str) -> list[str]:
    """What the lab admits of one instance, and what the kernel says of its process."""
    world = lab_world(folder)
    row = next(row for row in world["instances"] if row["name"] == instance)
    links = [link for link in world["links"] if instance in (link["src"], link["dst"])]
    found = [f"{link['id']}: {link['toxics']['mark']}" for link in links if link["toxics"]]
    found += [f"{instance} is held by {row['owner']['mark']}"] if row["owner"] else []
    return found + ([f"{instance} stands still"] if row["pid"] and process_is_stopped(row["pid"]) else [])


def echo_works(address: str) -> str:
    """Send bytes through a link and compare what comes back; what is wrong, or nothing."""
    host, port = address.rsplit(":", 1)
    sent = os.urandom(4096)
    try:
        with socket.create_connection((host, int(port)), timeout=ECHO_S) as link:
            link.sendall(sent)
            got = b""
            while len(got) < len(sent):
                part = link.recv(len(sent) - len(got))
                if not part:
                    return f"the link to {address} closed after {len(got)} bytes"
                got += part
    except OSError as error:
        return f"the link to {address}: {error}"
    return "" if got == sent else f"the link to {address} changes bytes"


def open_journals(home: Path) -> list[str]:
    """Journals with content whose last readable entry is not `closed`, or that name an effect without its end."""
    found: list[str] = []
    for path in sorted((home / "runs").glob("*/journal")):
        entries = [entry for line in path.read_bytes().split(b"\n") if (entry := _entry(line)) is not None]
        last = {(entry["step"], entry["n"]): entry["state"] for entry in entries if entry["entry"] == "record"}
        loose = [f"{step}/{n} is {state}" for (step, n), state in last.items() if state != "RESTORED"]
        if entries and (entries[-1]["entry"] != "closed" or loose):
            found.append(f"{path}: ends with {entries[-1]['entry']}; {', '.join(loose)}")
    return found


def _entry(line: bytes) -> dict[str, Any] | None:
    checksum, _, body = line.partition(b" ")
    if not body or int(checksum, 16) != zlib.crc32(body):
        return None
    entry: dict[str, Any] = json.loads(body)
    return entry


def command_line(pid: int) -> bytes:
    """The arguments of a process; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def processes_naming(text: str) -> list[int]:
    """Live processes, others than this one, with the text in their command line."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid != os.getpid() and text.encode() in command_line(pid)]
