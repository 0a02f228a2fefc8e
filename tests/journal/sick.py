"""`squall` on a sick disk: `python -m tests.journal.sick SICKNESS APPEND run DOCUMENT`.

The real command line, whose disk falls ill just before the named append and, but for `stays-full`, is well after it.
The watchdog is the real one. `no-watchdog` names a module for it that does not exist.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from squall.app import run as app_run
from squall.cli import main
from squall.journal.api import AnyEntry, Record
from squall.journal.file import FileJournal

_write, _fsync = os.write, os.fsync


@contextmanager
def full(home: Path, fd: int, *, stays: bool = False) -> Iterator[None]:
    """Fill the file system to the last byte, for good or until the end of the block."""
    filler = home / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 512, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    try:
        yield
    finally:
        if not stays:
            filler.unlink()


@contextmanager
def limited(home: Path, fd: int) -> Iterator[None]:
    """No file may grow beyond the journal's size: EFBIG."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (os.fstat(fd).st_size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def shim(write: Callable[..., int], fsync: Callable[..., None], fd: int) -> Iterator[None]:
    """Another answer of the kernel's for the journal's descriptor alone."""
    os.write = lambda to, data: write(to, data) if to == fd else _write(to, data)  # type: ignore[assignment]
    os.fsync = lambda to: fsync(to) if to == fd else _fsync(to)  # type: ignore[assignment]
    try:
        yield
    finally:
        os.write, os.fsync = _write, _fsync


def fails(number: int) -> Callable[..., Any]:
    """A system call that fails."""

    def failing(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return failing


def short() -> Callable[..., int]:
    """A write of seven bytes, and then no more."""
    calls = iter([lambda to, data: _write(to, data[:7])])

    def some(to: int, data: bytes) -> int:
        written: int = next(calls, fails(errno.ENOSPC))(to, data)
        return written

    return some


def sickness(name: str, home: Path, fd: int) -> AbstractContextManager[None]:
    """The disk's state during one append."""
    made: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "enospc": lambda: full(home, fd),
        "stays-full": lambda: full(home, fd, stays=True),
        "efbig": lambda: limited(home, fd),
        "eio": lambda: shim(fails(errno.EIO), _fsync, fd),
        "short": lambda: shim(short(), _fsync, fd),
        "fsync": lambda: shim(_write, fails(errno.EIO), fd),
        "no-watchdog": nullcontext,
    }
    return made[name]()


def start(name: str, append: str) -> None:
    """Run the command line with that sickness."""
    home = Path(os.environ["SQUALL_HOME"])

    class SickJournal(FileJournal):
        def append(self, entry: AnyEntry) -> None:
            what = str(entry.state if isinstance(entry, Record) else type(entry).__name__)
            with sickness(name, home, self._fd) if what == append else nullcontext():
                try:
                    super().append(entry)
                except BaseException:
                    print(f"append of {what} failed", file=sys.stderr)
                    raise

    app_run.FileJournal = SickJournal  # type: ignore[misc]
    if name == "no-watchdog":
        app_run.WATCHDOG = "squall.no_such_module"
    main()


if __name__ == "__main__":
    wanted, point = sys.argv[1:3]
    sys.argv = ["squall", *sys.argv[3:]]
    start(wanted, point)
