"""The local repository of runs: an SQLite index in `squall.db` and, for each run, files in `runs/<run>/`.

The files are the truth and the index can be rebuilt from them: `run.json` says what is known of the run, `result.json`
holds its whole result. Both are replaced atomically. Every call opens its own connection, so that any number of
processes and threads may use one home at a time.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal

import msgspec

from squall._kit.errors import InvalidCall, SquallError, TargetNotFound, Unreachable, Unsupported, Unwritable
from squall._kit.files import sync_folder
from squall.run.result import RunResult

State = Literal["running", "finished", "interrupted", "restored"]
LAST = "last"
BUSY_S = 10.0

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE runs (
        run TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, state TEXT NOT NULL, pid INTEGER NOT NULL,
        started REAL NOT NULL, duration_s REAL, outcome TEXT, exit_code INTEGER, note TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX runs_by_start ON runs (started DESC);
    CREATE INDEX runs_by_name ON runs (name, started DESC);
    """,
)
"""One script for each schema version, in order; a script that has been released is never changed."""

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class StoreDamaged(SquallError):
    """The index cannot be read; the runs themselves are intact: move it away, it is rebuilt."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What the repository knows of one run. `interrupted` ended without a result; `restored` was healed afterwards."""

    run: str
    name: str
    digest: str
    state: State
    pid: int
    started: float
    duration_s: float | None = None
    outcome: str | None = None
    exit_code: int | None = None
    note: str = ""


_FIELDS = Row.__struct_fields__
_INSERT = f"INSERT OR REPLACE INTO runs ({', '.join(_FIELDS)}) VALUES ({', '.join('?' * len(_FIELDS))})"  # noqa: S608
_SELECT = f"SELECT {', '.join(_FIELDS)} FROM runs "  # noqa: S608


class Store:
    """The repository in one home folder. Making one touches nothing; the first call creates what is missing."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / "squall.db"
        self.folder = home / "runs"

    # ------------------------------------------------------------ writing

    def begin(self, run: str, name: str, digest: str, started_wall: float) -> None:
        """Note that `run` has begun in this process."""
        row = Row(run=_checked(run), name=name, digest=digest, state="running", pid=os.getpid(), started=started_wall)
        self._put(row)

    def finish(self, result: RunResult) -> None:
        """Keep the result, durably, and note the outcome."""
        folder = self.folder / _checked(result.run)
        _replace(folder / "result.json", msgspec.json.encode(result))
        self._put(_finished(result, os.getpid()))

    def add(self, result: RunResult) -> None:
        """Keep a result from elsewhere, such as an import. The same as `finish` for a run that has begun here."""
        self.finish(result)

    def healed(self, result: RunResult, *, restored: bool) -> None:
        """Keep what recovery found of a run whose engine was gone. A run that finished stays as it is."""
        known = self._row(_checked(result.run))
        if known is not None and known.state == "finished":
            return
        _replace(self.folder / result.run / "result.json", msgspec.json.encode(result))
        row = _finished(result, known.pid if known else 0)
        state: State = "restored" if restored else "interrupted"
        self._put(msgspec.structs.replace(row, state=state, note=result.reason))

    def interrupted(self, run: str, restored: bool, note: str = "") -> None:
        """Note that a run ended without a result; `restored`: it was healed since. A finished run stays as it is."""
        known = self._row(_checked(run))
        row = known or Row(run=run, name="", digest="", state="running", pid=0, started=time.time())
        if row.state != "finished":
            self._put(msgspec.structs.replace(row, state="restored" if restored else "interrupted", note=note))

    # ------------------------------------------------------------ reading

    def runs(self, limit: int = 50, name: str | None = None) -> tuple[Row, ...]:
        """The newest runs first, of one experiment where `name` is given."""
        where, values = ("WHERE name = ? ", [name]) if name is not None else ("", [])
        with self._open() as db:
            found = db.execute(
                _SELECT + where + "ORDER BY started DESC, rowid DESC LIMIT ?", [*values, limit]
            ).fetchall()
        return tuple(_row(cells) for cells in found)

    def result(self, run: str = LAST) -> RunResult:
        """The result of a run by its id, a prefix that only it has, or `last`. Raises TargetNotFound."""
        row = self._latest() if run == LAST else self._find(run)
        path = self.folder / row.run / "result.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=RunResult)
        except FileNotFoundError as error:
            hint = "it is still running" if row.state == "running" else "it ended without a result; see its journal"
            raise TargetNotFound(f"run {row.run} is {row.state} and has no result", hint=hint) from error
        except (msgspec.DecodeError, OSError) as error:
            raise StoreDamaged(
                f"{path}: {error}", hint=f"remove {path.parent} if the run is no longer needed"
            ) from error

    def _latest(self) -> Row:
        with self._open() as db:
            found = db.execute(
                _SELECT + "WHERE state != 'running' ORDER BY started DESC, rowid DESC LIMIT 1"
            ).fetchone()
        if found is None:
            raise TargetNotFound("there is no finished run yet", hint="squall drill lists what can be run at once")
        return _row(found)

    def _find(self, prefix: str) -> Row:
        with self._open() as db:
            matching = _SELECT + "WHERE substr(run, 1, ?) = ? ORDER BY started DESC LIMIT 6"
            found = [_row(cells) for cells in db.execute(matching, [len(prefix), prefix])]
        exact = [row for row in found if row.run == prefix]
        if exact or (len(found) == 1 and prefix):
            return exact[0] if exact else found[0]
        if not found or not prefix:
            raise TargetNotFound(f"there is no run {prefix!r}", hint="squall runs lists them")
        names = ", ".join(row.run for row in found[:5]) + (" ..." if len(found) > 5 else "")
        raise TargetNotFound(f"{prefix!r} begins more than one run", hint=f"which one: {names}")

    def _row(self, run: str) -> Row | None:
        with self._open() as db:
            found = db.execute(_SELECT + "WHERE run = ?", [run]).fetchone()
        return _row(found) if found else None

    # ------------------------------------------------------------ the index

    def rebuild(self) -> int:
        """Make the index anew from the runs' folders; the old file is kept beside it. Returns the number of runs."""
        for suffix in ("", "-wal", "-shm"):
            old = self.path.with_name(self.path.name + suffix)
            with suppress(FileNotFoundError):
                old.rename(old.with_name(f"{old.name}.damaged-{time.time_ns()}"))
        with self._open():
            return len(self.runs(limit=10**9))  # opening a missing index fills it

    def _put(self, row: Row) -> None:
        _replace(self.folder / row.run / "run.json", msgspec.json.encode(row))
        with self._open() as db, db:
            db.execute(_INSERT, [getattr(row, field) for field in _FIELDS])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            with closing(sqlite3.connect(self.path, timeout=BUSY_S)) as db:
                if db.execute("PRAGMA user_version").fetchone()[0] != len(MIGRATIONS):
                    self._migrate(db)
                yield db
        except sqlite3.OperationalError as error:
            raise Unreachable(
                f"{self.path}: {error}", hint="another process may hold it, or the disk is full or read-only"
            ) from error
        except sqlite3.DatabaseError as error:
            hint = f"move {self.path} away: it is rebuilt from {self.folder} at the next call"
            raise StoreDamaged(f"{self.path}: {error}", hint=hint) from error
        except OSError as error:
            raise Unreachable(
                f"{self.home}: {error.strerror}", hint="set SQUALL_HOME to a folder that can be written"
            ) from error

    def _migrate(self, db: sqlite3.Connection) -> None:
        """Bring the schema up to date under the write lock; a new index is filled from the folders."""
        _use_wal(db)
        db.isolation_level = None
        db.execute("BEGIN IMMEDIATE")
        try:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > len(MIGRATIONS):
                message = f"{self.path} has schema {version}, this Squall knows up to {len(MIGRATIONS)}"
                raise Unsupported(message, hint="upgrade Squall, or set SQUALL_HOME to another folder")
            for script in MIGRATIONS[version:]:
                for statement in script.split(";"):
                    db.execute(statement)
            if version == 0:
                db.executemany(_INSERT, ([getattr(row, field) for field in _FIELDS] for row in self._on_disk()))
            db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
            db.isolation_level = "DEFERRED"

    def _on_disk(self) -> Iterator[Row]:
        """Every run whose folder can be read; others are left where they are."""
        for folder in sorted(self.folder.glob("*/")):
            row = _read_row(folder)
            if row is not None and row.run == folder.name:
                yield row


def _read_row(folder: Path) -> Row | None:
    """What a run's own files say of it."""
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((folder / "run.json").read_bytes(), type=Row)
    with suppress(OSError, msgspec.DecodeError):
        return _finished(msgspec.json.decode((folder / "result.json").read_bytes(), type=RunResult), pid=0)
    return None


def _finished(result: RunResult, pid: int) -> Row:
    return Row(
        run=result.run, name=result.name, digest=result.digest, state="finished", pid=pid, started=result.started_wall,
        duration_s=result.duration_s, outcome=result.outcome, exit_code=result.exit_code, note=result.reason,
    )  # fmt: skip


def _row(cells: tuple[object, ...]) -> Row:
    return msgspec.convert(dict(zip(_FIELDS, cells, strict=True)), Row)


def _checked(run: str) -> str:
    if not _RUN.fullmatch(run) or run == LAST:
        raise InvalidCall(f"{run!r} cannot name a run", hint="letters, digits, dot, hyphen and underscore, up to 128")
    return run


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to write-ahead logging. SQLite does not wait here when two processes create the index at once: we do."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that a reader, and a crash, see the old or the new one whole. Raises Unwritable."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise Unwritable(f"{path} cannot be written: {error.strerror}", hint="free or mend the disk") from error
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
