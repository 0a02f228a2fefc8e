"""`squall rollback`: remove everything that is owner-marked, journal or not. Live runs are left alone unless forced."""

from __future__ import annotations

import asyncio

import msgspec

from squall._kit.errors import SquallError, Unreachable
from squall.app.claims import live_headers
from squall.app.home import home, settings
from squall.targets.api import Platform, Residue
from squall.targets.registry import open_platform, platform_names


class Swept(msgspec.Struct, frozen=True):
    """What was removed, what could not be, and what belongs to live runs."""

    removed: tuple[str, ...]
    left: tuple[str, ...]
    live: tuple[str, ...]


def rollback(*, force: bool) -> Swept:
    """Sweep every platform that answers."""
    return asyncio.run(_rollback(force=force))


async def _rollback(*, force: bool) -> Swept:
    live = set() if force else {header.run for header in live_headers(home())}
    removed: list[str] = []
    left: list[str] = []
    spared: list[str] = []
    for name in platform_names():
        platform = open_platform(name, settings())
        for residue in await platform.inspector().owned():
            if residue.owner.split("/")[0] in live:
                spared.append(residue.what)
            elif why := await _sweep(platform, residue):
                left.append(f"{residue.what}: {why}")
            else:
                removed.append(residue.what)
    return Swept(tuple(removed), tuple(left), tuple(spared))


async def _sweep(platform: Platform, residue: Residue) -> str:
    """Remove one thing and look again; why it is left, or nothing."""
    try:
        await platform.sweep(residue)
        still = await platform.inspector().owned()
    except SquallError as error:
        return str(error)
    return "it is still there" if residue in still else ""


def answers(name: str) -> str:
    """Why a platform does not answer, or nothing."""
    try:
        asyncio.run(open_platform(name, settings()).snapshot([]))
    except Unreachable as error:
        return f"{error}" + (f" (hint: {error.hint})" if error.hint else "")
    return ""
