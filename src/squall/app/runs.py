"""`squall runs` and `squall report`: what the local repository holds. Dead runs are healed first."""

from __future__ import annotations

import msgspec

from squall._kit.errors import InvalidCall
from squall.app.home import home, journal_of
from squall.journal.file import is_live
from squall.report.build import build
from squall.run.result import RunResult
from squall.store.local import Row, Store


def past_runs(limit: int, name: str | None) -> tuple[Row, ...]:
    """Newest first. A run that counts as going on while nobody holds its journal is shown as interrupted."""
    return tuple(_as_it_is(row) for row in Store(home()).runs(limit, name))


def _as_it_is(row: Row) -> Row:
    path = journal_of(home(), row.run)
    if row.state != "running" or (path.exists() and is_live(path)):
        return row
    return msgspec.structs.replace(row, state="interrupted", note="its engine is gone: squall recover")


def result(run: str) -> RunResult:
    """One run's result. Raises TargetNotFound."""
    return Store(home()).result(run)


def rendered(run: str, kind: str) -> str:
    """The report of a run as `text html json junit`."""
    report = build(result(run))
    if kind == "text":
        from squall.report.text import render
    elif kind == "html":
        from squall.report.html import render
    elif kind == "json":
        from squall.report.json import render
    elif kind == "junit":
        from squall.report.junit import render
    else:
        raise InvalidCall(f"there is no report format '{kind}'", hint="text, html, json or junit")
    return render(report)
