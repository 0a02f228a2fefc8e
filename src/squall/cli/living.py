"""`squall status`, `squall stop`, `squall recover`, `squall rollback`."""

from __future__ import annotations

import click

from squall.app import recover as app_recover
from squall.app import rollback as app_rollback
from squall.app import stop as app_stop
from squall.cli.output import emit, output_option, tell


@click.command(epilog="example: squall status")
@output_option
def status(output: str) -> int:
    """The runs that are going on, and how many effects each holds in place."""
    live = app_stop.live_runs()
    lines = [f"{r.run}  {r.name}  on {r.platform}  {r.seconds:g} s  holds {r.holding} effect(s)" for r in live]
    emit(output, live, "\n".join(lines) or "no run is live")
    return 0


@click.command(epilog="example: squall stop 20261122-0354")
@click.argument("run", required=False)
@click.option("--within", type=float, default=60.0, show_default=True, help="Seconds to wait until it is restored.")
@output_option
def stop(run: str | None, within: float, output: str) -> int:
    """End a live RUN now (its id or how it begins; `all`; none where only one is live); wait until restored."""
    stopped = app_stop.stop(run, within)
    emit(
        output, {"stopped": stopped}, "\n".join(f"stopped and restored: {name}" for name in stopped) or "no run is live"
    )
    return 0


@click.command(epilog="example: squall recover")
@click.option("--abandon", metavar="RUN", help="Give up on what RUN left; needs --because.")
@click.option("--because", help="Why it is given up; recorded.")
@output_option
def recover(abandon: str | None, because: str | None, output: str) -> int:
    """Heal what dead runs have left. A live run is not touched."""
    if abandon:
        if not because:
            raise click.UsageError("--abandon needs --because REASON")
        given_up = app_recover.abandon(abandon, because)
        emit(output, {"abandoned": given_up}, "\n".join(f"abandoned: {what}" for what in given_up))
        return 6
    healed = app_recover.recover()
    lines: list[str] = []
    for one in healed:
        lines += [f"{one.run}: {'clean' if one.clean else 'NOT CLEAN'}"]
        lines += [f"  {text}" for text in (*one.restored, *one.stuck)]
        lines += [f"  damaged: {text}" for text in one.damage]
    data = [
        {"run": h.run, "clean": h.clean, "restored": h.restored, "stuck": h.stuck, "damage": h.damage} for h in healed
    ]
    emit(output, data, "\n".join(lines) or "nothing to heal")
    return 0 if all(one.clean for one in healed) else 6


@click.command(epilog="example: squall rollback")
@click.option("--force", is_flag=True, help="Also what belongs to live runs.")
@output_option
def rollback(force: bool, output: str) -> int:
    """Remove everything that carries Squall's mark, journal or not."""
    healed = app_recover.recover()
    swept = app_rollback.rollback(force=force)
    lines = [f"removed: {text}" for text in swept.removed]
    lines += [f"left, of a live run: {text}" for text in swept.live]
    for text in swept.left:
        tell(f"NOT REMOVED: {text}")
    emit(output, swept, "\n".join(lines) or "nothing carries Squall's mark")
    return 6 if swept.left or not all(one.clean for one in healed) else 0
