"""The journal as a file: one line an entry, checksummed, fsynced; one lock, held by whoever works on the run.

A line is `crc32 json\\n`. The lock is flock(2) on the file itself: it goes with its holder, however that ends, so a
journal is *hot* when it holds unsettled effects and its lock is free. A torn last line is what a crash in mid-write
leaves: it is cut off by the next holder. A damaged line further up is a `Damage`; everything intact is still used, and
because each record carries its undo, a lost line costs at most a second, idempotent restore.

Architecture invariant: an entry is durable before `append` returns: data by fsync(2), the name by fsync of the folder.
"""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from squall._kit.errors import Conflict, JournalUnwritable
from squall.journal.api import AnyEntry, Record, unsettled_of

LINE_MAX = 64 * 1024 * 1024
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEntry] = msgspec.json.Decoder(AnyEntry)


class Damage(msgspec.Struct, frozen=True):
    """A line that cannot be read; `torn` where it is the unfinished last one."""

    line: int
    why: str
    torn: bool


class Contents(msgspec.Struct, frozen=True):
    """Everything read from a journal: intact entries, damaged lines, and the length of the intact head in bytes."""

    entries: tuple[AnyEntry, ...]
    damages: tuple[Damage, ...]
    good_bytes: int


def encode_line(entry: AnyEntry) -> bytes:
    """One entry as its line."""
    body = _encoder.encode(entry)
    return b"%08x %s\n" % (zlib.crc32(body), body)


def read(path: Path) -> Contents:
    """Read a journal without its lock. Never raises for what the file holds."""
    entries: list[AnyEntry] = []
    damages: list[Damage] = []
    good = offset = 0
    lines = [line + b"\n" for line in path.read_bytes().split(b"\n")]
    lines[-1] = lines[-1][:-1]  # what follows the last newline: nothing, or an unfinished line
    for number, line in enumerate(filter(None, lines), start=1):
        offset += len(line)
        parsed = _parse_line(line)
        if isinstance(parsed, str):
            damages.append(Damage(number, parsed, torn=False))
        else:
            entries.append(parsed)
            good = offset
    return Contents(tuple(entries), _with_torn_tail(damages, len(entries) + len(damages)), good)


def _with_torn_tail(damages: list[Damage], total: int) -> tuple[Damage, ...]:
    """A crash in mid-write tears one line, the last; a row of bad lines at the end is damage."""
    bad = {damage.line for damage in damages}
    if total not in bad or total - 1 in bad:
        return tuple(damages)
    return (*damages[:-1], Damage(total, damages[-1].why, torn=True))


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
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
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
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for folder in (path.parent, path.parent.parent):
                _sync_folder(folder)
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
        if contents.damages and contents.damages[-1].torn:
            os.ftruncate(fd, contents.good_bytes)
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


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
