"""Platforms and drivers by entry point, ours declared exactly as a stranger's; drivers are loaded when first named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import cast

from squall._kit.errors import InvalidCall
from squall._kit.plugins import Point, load_one, points
from squall.targets.api import AnyDriver, Platform, Settings


class Drivers(Mapping[str, AnyDriver]):
    """All installed drivers by name (`lab/shape`); each is loaded on first use, so that recovery imports little."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[str, AnyDriver] = {}

    @cached_property
    def _points(self) -> dict[str, Point]:
        return {point.name: point for point in points("squall.drivers")}

    def __getitem__(self, name: str) -> AnyDriver:
        if name not in self._made:
            if name not in self._points:
                raise KeyError(name)
            made = load_one(self._points[name], object)(self._settings)  # type: ignore[call-arg]
            self._made[name] = cast("AnyDriver", made)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)


def platform_names() -> tuple[str, ...]:
    """The installed platforms, sorted."""
    return tuple(sorted(point.name for point in points("squall.platforms")))


def open_platform(name: str, settings: Settings) -> Platform:
    """The platform of that name. Raises InvalidCall for an unknown one."""
    for point in points("squall.platforms"):
        if point.name == name:
            return cast("Platform", load_one(point, object)(settings))  # type: ignore[call-arg]
    raise InvalidCall(f"unknown platform '{name}'", hint="known: " + ", ".join(platform_names()))
