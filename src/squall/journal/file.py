"""The journal as a file: one line an entry, checksummed, fsynced; one lock, held by whoever works on the run.

A line is `crc32 json\\n`. The lock is flock(2) on the file itself: it goes with its holder, however that ends, so a
journal is *hot* when it holds unsettled effects and its lock is free. An unfinished last line is what a crash in
mid-write leaves: it is cut off by the next holder. Any other line that cannot be read is damage, which is reported;
everything intact is still used, also where a damaged newline has joined two lines into one.

Architecture invariant: an entry is durable before `append` returns: data by fsync(2), the name by fsync of the folder.
"""

from __future__ import annotations

import fcntl
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from squall._kit.errors import Conflict, JournalUnwritable
from squall._kit.files import sync_folder
from squall.journal.api import AnyEntry, Record, unsettled_of

_encoder = msgspec.json.Encoder()
_START = re.compile(rb"[0-9a-f]{8} \{")
_decoder: msgspec.json.Decoder[AnyEntry] = msgspec.json.Decoder(AnyEntry)


class Damage(msgspec.Struct, frozen=True):
    """A line that cannot be read; `torn` where it is the unfinished last one."""

    line: int
    why: str
    torn: bool


class Contents(msgspec.Struct, frozen=True):
    """Everything read from a journal: intact entries, damaged lines, and its length in bytes without a torn tail."""

    entries: tuple[AnyEntry, ...]
    damages: tuple[Damage, ...]
    whole_bytes: int


def encode_line(entry: AnyEntry) -> bytes:
    """One entry as its line."""
    body = _encoder.encode(entry)
    return b"%08x %s\n" % (zlib.crc32(body), body)


def read(path: Path) -> Contents:
    """Read a journal without its lock. Never raises for what the file holds."""
    entries: list[AnyEntry] = []
    damages: list[Damage] = []
    whole = 0
    lines = [line + b"\n" for line in path.read_bytes().split(b"\n")]
    lines[-1] = lines[-1][:-1]  # what follows the last newline: nothing, or an unfinished line
    for number, line in enumerate(filter(None, lines), start=1):
        parsed = _parse_line(line)
        found = _salvaged(line) if isinstance(parsed, str) else [parsed]
        entries.extend(found)
        torn = not line.endswith(b"\n") and not found
        if isinstance(parsed, str):
            damages.append(Damage(number, parsed, torn))
        whole += 0 if torn else len(line)
    return Contents(tuple(entries), tuple(damages), whole)


def _salvaged(line: bytes) -> list[AnyEntry]:
    """The intact entries within a line that is none: two whose newline was hit, or one whose newline is missing."""
    starts = [match.start() for match in _START.finditer(line)]
    ends = [*(start - 1 for start in starts), len(line) - 1, len(line)]
    parsed = [_parse_line(line[start:end] + b"\n") for start in starts for end in ends if end > start]
    return [entry for entry in parsed if not isinstance(entry, str)]


def _parse_line(line: bytes) -> AnyEntry | str:
    """The entry, or why it cannot be read."""
    if not line.endswith(b"\n"):
        return "unfinished line"
    if len(line) < 10 or line[8:9] != b" ":
        return "no checksum"
    body = line[9:-1]
    if line[:8] != b"%08x" % zlib.crc32(body):
        return "checksum does not match"
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"not an entry: {error}"


def is_live(path: Path) -> bool:
    """Whether some process holds the journal's lock."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


class FileJournal:
    """A journal on disk, opened for work; holds the lock until closed or until its process ends."""

    def __init__(self, path: Path, fd: int, contents: Contents) -> None:
        self.path = path
        self.damages = contents.damages
        self._fd = fd
        self._entries = list(contents.entries)

    @classmethod
    def create(cls, path: Path) -> FileJournal:
        """A new journal; its folder's entry is durable too. Raises JournalUnwritable."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(fd, fcntl.LOCK_EX)  # it is new: whoever has the lock only asks `is_live`, for a moment
            for folder in (path.parent, path.parent.parent):
                sync_folder(folder)
        except OSError as error:
            raise JournalUnwritable(
                f"journal {path} cannot be made: {error.strerror}", hint="free or mend the disk, or set SQUALL_HOME"
            ) from error
        return cls(path, fd, Contents((), (), 0))

    @classmethod
    def adopt(cls, path: Path, *, wait: bool = False) -> FileJournal:
        """Take over a journal whose holder is gone; cuts off a torn tail. Raises Conflict while it is held."""
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(fd)
            raise Conflict(f"journal {path} is held by a live run", hint="squall stop, or wait for it") from None
        contents = read(path)
        _best_effort_finish(fd, contents)
        return cls(path, fd, contents)

    def append(self, entry: AnyEntry) -> None:
        """Write one entry; return once it would survive power loss. Raises JournalUnwritable."""
        line = encode_line(entry)
        start = os.fstat(self._fd).st_size
        try:
            written = os.write(self._fd, line)
            while written < len(line):
                written += os.write(self._fd, line[written:])
            os.fsync(self._fd)
        except OSError as error:
            self._forget_from(start)
            raise JournalUnwritable(
                f"journal {self.path} cannot be written: {error.strerror}", hint="free or mend the disk"
            ) from error
        self._entries.append(entry)

    def _forget_from(self, size: int) -> None:
        """A half-written line must not stand before later ones; where even this fails the checksum tells."""
        try:
            os.ftruncate(self._fd, size)
        except OSError:
            return

    def unsettled(self) -> Sequence[Record]:
        """The last record of every effect that is not settled, newest intent first."""
        return unsettled_of(self._entries)

    def entries(self) -> Iterator[AnyEntry]:
        """Every intact entry, oldest first."""
        return iter(tuple(self._entries))

    def close(self) -> None:
        """Let go of the lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _best_effort_finish(fd: int, contents: Contents) -> None:
    """Make the next entry begin a line. Healing goes on without it: on a full disk nothing can be appended anyway."""
    size = os.fstat(fd).st_size
    try:
        if contents.whole_bytes < size:
            os.ftruncate(fd, contents.whole_bytes)
        elif size and os.pread(fd, 1, size - 1) != b"\n":
            os.write(fd, b"\n")
    except OSError:
        return
