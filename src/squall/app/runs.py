"""`squall runs` and `squall report`: what the local repository holds. Dead runs are healed first."""

from __future__ import annotations

from squall._kit.errors import InvalidCall
from squall.app.home import home
from squall.report.build import build
from squall.run.result import RunResult
from squall.store.local import Row, Store


def past_runs(limit: int, name: str | None) -> tuple[Row, ...]:
    """Newest first."""
    return Store(home()).runs(limit, name)


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
