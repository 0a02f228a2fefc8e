"""Plug-ins by entry point, and only so.

Where packages lie in plain folders, their `entry_points.txt` are read directly: importlib.metadata gives the same, but
importing it brings the e-mail parser and costs more than all the reading. It is asked where a package may lie in an
archive or come from a finder of its own. Either way once in a process, and only where needed.
Source: the entry points specification of the Python Packaging Authority.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple, TypeVar

from squall._kit.errors import InvalidCall, MissingExtra

T = TypeVar("T")
OURS = "squall."
INFO = (".dist-info", ".egg-info")


class Point(NamedTuple):
    """One line of an `entry_points.txt`: `name = value` under `[group]`; `value` is `module:attribute`."""

    group: str
    name: str
    value: str

    def load(self) -> object:
        """Import what it names. Raises ImportError, AttributeError."""
        module, _, attribute = self.value.partition("[")[0].strip().partition(":")
        loaded = import_module(module.strip())
        return attrgetter(attribute.strip())(loaded) if attribute else loaded


@cache
def _all() -> dict[str, tuple[Point, ...]]:
    groups: dict[str, list[Point]] = {}
    for point in _read() if _in_folders_only() else _asked():
        groups.setdefault(point.group, []).append(point)
    return {group: tuple(found) for group, found in groups.items()}


def _in_folders_only() -> bool:
    """Whether every installed package lies in a folder: no archive on the path, no finder but Python's own."""
    finders = (finder for finder in sys.meta_path if hasattr(finder, "find_distributions"))
    return all(finder is PathFinder for finder in finders) and not any(map(os.path.isfile, sys.path))


def _asked() -> Iterator[Point]:
    from importlib.metadata import entry_points

    found = entry_points()
    for group in filter(lambda name: name.startswith(OURS), found.groups):
        yield from (Point(group, point.name, point.value) for point in found.select(group=group))


def _read() -> Iterator[Point]:
    """All of ours; of two installations of one package the first on the path counts, as when it is imported."""
    seen: set[str] = set()
    for folder in dict.fromkeys(sys.path):
        for info in _infos(folder or "."):
            name = info.name.rpartition(".")[0].partition("-")[0].lower().replace(".", "_")
            if name not in seen:
                seen.add(name)
                yield from _points_in(info)


def _infos(folder: str) -> list[Path]:
    try:
        names = os.listdir(folder)  # noqa: PTH208 - a tenth of iterdir's time over hundreds of entries
    except OSError:
        return []
    return [Path(folder, name) for name in names if name.endswith(INFO)]


def _points_in(info: Path) -> Iterator[Point]:
    try:
        text = (info / "entry_points.txt").read_text("utf-8")
    except OSError:
        return
    if f"[{OURS}" not in text:
        return
    group = ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("["):
            group = line[1:-1]
        elif group.startswith(OURS) and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield Point(group, name.strip(), value.strip())


def points(group: str) -> tuple[Point, ...]:
    """The entry points of one group, not yet loaded."""
    return _all().get(group, ())


def load_group(group: str, base: type[T]) -> dict[str, type[T]]:
    """Every class of `group` by its entry point's name. Raises InvalidCall naming a plug-in that is no `base`."""
    return {point.name: load_one(point, base) for point in points(group)}


def load_one(point: Point, base: type[T]) -> type[T]:
    """Load one plug-in. Raises MissingExtra where a package is missing, InvalidCall where it is not a `base`."""
    try:
        loaded = point.load()
    except ImportError as error:
        raise MissingExtra(
            f"plug-in {point.name} ({point.value}) cannot be loaded: {error}",
            hint="install the extra that brings the missing package, or uninstall the plug-in",
        ) from error
    if not isinstance(loaded, type) or not (base is object or issubclass(loaded, base)):
        raise InvalidCall(f"plug-in {point.name} ({point.value}) is no {base.__name__}", hint="uninstall it")
    return loaded
