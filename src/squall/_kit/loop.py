"""Running a coroutine from synchronous code."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


def run(work: Coroutine[object, object, T]) -> T:
    """`asyncio.run` that is quick with a large result.

    Taking its signal handler off, CPython forms an error text that nobody reads, with the finished task in it, result
    and all: `signal._int_to_enum`. So the task that it runs returns nothing.
    """
    import asyncio

    kept: list[T] = []

    async def keep() -> None:
        kept.append(await work)

    asyncio.run(keep())
    return kept[0]
