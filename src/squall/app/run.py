"""`squall run`: from a plan to a result. Composes engine, journal, watchdog, repository and report."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from squall._kit import loop, proc
from squall._kit.clock import SystemClock, boot_id
from squall._kit.errors import Refused, SquallError
from squall.app.claims import claiming
from squall.app.home import home, journal_of
from squall.app.openruns import closed, opened
from squall.app.plan import Choice, Planned, make_plan
from squall.app.recover import heal_one, heal_open
from squall.journal.api import Closed, Header, Journal
from squall.journal.file import FileJournal
from squall.observe.api import Surroundings
from squall.plan.model import digest
from squall.run.engine import Engine, Gear, for_ever
from squall.run.events import Listener
from squall.run.leases import Beat
from squall.run.result import RunResult
from squall.run.stop import StopSwitch
from squall.run.watchdog import Watchdog
from squall.safety.api import Finding
from squall.spec.model import Experiment
from squall.store.local import Store
from squall.targets.api import AnyDriver

WATCHDOG = "squall.app.watchdog"


class Finished(msgspec.Struct, frozen=True):
    """A run's result, what the checks said, and where its HTML report lies (None: `trouble` says why)."""

    result: RunResult
    findings: tuple[Finding, ...]
    html: Path | None
    trouble: str = ""


class Prepared(msgspec.Struct, frozen=True):
    """A run that has claimed its slots and may begin. Tests wrap `journal` and `drivers`."""

    run: str
    planned: Planned
    journal: Journal
    drivers: Mapping[str, AnyDriver]
    beat: Beat
    watchdog: Watchdog | None


def prepare(experiment: Experiment, choice: Choice, *, guarded: bool = True) -> Prepared:
    """Plan, examine, claim. Raises Refused where a check says no; nothing has been touched then."""
    base = home()
    with claiming(base):
        _heal_before()
        planned = make_plan(experiment, choice)
        if planned.refused:
            raise refusal(planned.findings)
        run = new_id()
        path = journal_of(base, run)
        opened(base, run)
        journal = FileJournal.create(path)
        journal.append(_header(run, planned))
    try:
        beat = Beat(path.parent / "beat", create=True)
        watchdog = Watchdog(WATCHDOG, path, path.parent / "beat") if guarded else None
    except SquallError:
        journal.close()
        heal_one(path, wait=False)
        raise
    return Prepared(run, planned, journal, planned.drivers, beat, watchdog)


def _heal_before() -> None:
    """Dead runs are healed before anybody is hurt again. Raises Refused where one cannot be."""
    sick = [healed.run for healed in heal_open() if not healed.clean]
    if sick:
        raise Refused(f"run {', '.join(sick)} left something that is not put back", hint="squall recover")


def refusal(findings: tuple[Finding, ...]) -> Refused:
    """All refusals as one error."""
    refusing = [finding for finding in findings if finding.level == "refuse"]
    text = "; ".join(f"{finding.check}: {finding.text}" for finding in refusing)
    hints = dict.fromkeys(finding.hint for finding in refusing if finding.hint)
    return Refused(f"refused, nothing was touched: {text}", hint="; ".join(hints) or None)


def new_id() -> str:
    """A run's id: sortable by its second, unique by chance: `20261122-035401-3f9c`."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + "-" + secrets.token_hex(2)


def run_experiment(experiment: Experiment, choice: Choice, listener: Listener) -> Finished:
    """The whole of `squall run`."""
    prepared = prepare(experiment, choice)
    try:
        result = carry_out(prepared, listener)
    except BaseException as error:
        _close_failed(prepared, error)
        raise
    return finish(prepared, result)


def _close_failed(prepared: Prepared, error: BaseException) -> None:
    """A run that ended in an error is closed where nothing of it is left; else recovery has it."""
    try:
        if not prepared.journal.unsettled():
            prepared.journal.append(Closed(outcome="failed", at_wall=time.time(), note=str(error)))
            Store(home()).interrupted(prepared.run, restored=True, note=f"it ended in an error: {error}")
            closed(home(), prepared.run)
    except SquallError:  # the error that ended the run is the one to tell; recovery finds the rest
        return
    finally:
        prepared.journal.close()


def carry_out(prepared: Prepared, listener: Listener) -> RunResult:
    """Run the engine to its end."""
    return loop.run(_carry_out(prepared, listener))


async def _carry_out(prepared: Prepared, listener: Listener) -> RunResult:
    stop = StopSwitch()
    stop.on_signals()
    plan = prepared.planned.plan
    gear = Gear(
        run=prepared.run, plan=plan, journal=prepared.journal, drivers=prepared.drivers,
        inspector=prepared.planned.platform.inspector(), surroundings=surroundings(prepared.planned),
        clock=SystemClock(), listener=listener, stop=stop, beat=prepared.beat,
        source=prepared.planned.source, guarded=_guard(prepared),
        unguarded=prepared.watchdog.ended if prepared.watchdog else for_ever,
    )  # fmt: skip
    store = Store(home())
    store.begin(prepared.run, plan.name, digest(plan), time.time())
    return await Engine(gear).run()


def _guard(prepared: Prepared) -> Callable[[], Awaitable[None]]:
    async def guarded() -> None:
        import squall.report.build  # what `finish` needs, while the watchdog comes up
        import squall.report.html
        import squall.report.text  # noqa: F401

        if prepared.watchdog is not None:
            await prepared.watchdog.stands()

    return guarded


def surroundings(planned: Planned) -> Surroundings:
    """Service names as the platform resolves them: `name.namespace`, and the longer forms of cluster DNS."""
    services = planned.world.services

    def resolve(host: str) -> tuple[str, ...]:
        name = host.removesuffix(".").removesuffix(".cluster.local").removesuffix(".svc")
        return services.get(name, ())

    prometheus = planned.plan.experiment.spec.monitoring.prometheus
    return Surroundings(resolve, prometheus.endpoint if prometheus else "")


def finish(prepared: Prepared, result: RunResult) -> Finished:
    """Keep the result and its report; let go of the journal last, when nothing is left to heal."""
    html, trouble = _keep(prepared.run, result)
    if not prepared.journal.unsettled():
        closed(home(), prepared.run)
    prepared.journal.close()
    if prepared.watchdog is not None:
        prepared.watchdog.forget()
    return Finished(result, prepared.planned.findings, html, trouble)


def _keep(run: str, result: RunResult) -> tuple[Path | None, str]:
    """The result in the repository and its HTML report; why not, where the disk does not take them."""
    from squall.report.build import build
    from squall.report.html import render

    path = journal_of(home(), run).parent / "report.html"
    try:
        Store(home()).finish(result)
        path.write_text(render(build(result)))
    except (OSError, SquallError) as error:
        return None, f"the result could not be kept: {error}"
    return path, ""


def _header(run: str, planned: Planned) -> Header:
    clock = SystemClock()
    own = proc.stat(os.getpid())
    plan = planned.plan
    return Header(
        run=run, name=plan.name, platform=plan.platform, digest=digest(plan), seed=plan.seed, scale=plan.scale,
        lease_s=plan.lease_s, pid=os.getpid(), pid_ticks=own.start_ticks if own else 0, boot_id=boot_id(),
        at_boot=clock.now(), at_wall=clock.wall(), claims=tuple(plan.claims), plan=msgspec.to_builtins(plan),
    )  # fmt: skip
