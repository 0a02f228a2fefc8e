"""Plug-ins by entry point, and only so.

Reading all installed metadata takes tens of milliseconds: it is done once in a process, and only where needed.
Source: the entry points specification of the Python Packaging Authority.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from squall._kit.errors import InvalidCall, MissingExtra

T = TypeVar("T")


@cache
def _all() -> dict[str, tuple[EntryPoint, ...]]:
    found = entry_points()
    return {group: tuple(found.select(group=group)) for group in found.groups if group.startswith("squall.")}


def points(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of one group, not yet loaded."""
    return _all().get(group, ())


def load_group(group: str, base: type[T]) -> dict[str, type[T]]:
    """Every class of `group` by its entry point's name. Raises InvalidCall naming a plug-in that is no `base`."""
    return {point.name: load_one(point, base) for point in points(group)}


def load_one(point: EntryPoint, base: type[T]) -> type[T]:
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
