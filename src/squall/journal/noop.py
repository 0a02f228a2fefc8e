"""A journal that forgets: for plans that touch nothing, and for tests of pure stages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from squall.journal.api import AnyEntry, Record, unsettled_of


class NoopJournal:
    """Keeps entries in memory only."""

    def __init__(self) -> None:
        self._entries: list[AnyEntry] = []

    def append(self, entry: AnyEntry) -> None:
        """Keep the entry until the process ends."""
        self._entries.append(entry)

    def unsettled(self) -> Sequence[Record]:
        """As in a real journal."""
        return unsettled_of(self._entries)

    def entries(self) -> Iterator[AnyEntry]:
        """As in a real journal."""
        return iter(tuple(self._entries))

    def close(self) -> None:
        """Nothing to let go of."""
