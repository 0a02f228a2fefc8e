"""The live displays tell what happens and cost the run nothing."""

from __future__ import annotations

import importlib.util
import io
import time
from pathlib import Path
from types import ModuleType

from rich.console import Console

from squall.observe.api import Reading
from squall.report.live import PlainLive, RichLive, spark, trends
from squall.run.result import Event


def _load_samples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("samples", Path(__file__).with_name("samples.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


samples = _load_samples()


def test_plain_lines_are_one_for_each_event_with_relative_moments() -> None:
    lines: list[str] = []
    live = PlainLive(lines.append, now=iter([100.0, 100.0, 110.0]).__next__)
    live.phase("baseline", 10.0)
    live.event(Event(t=0.1, kind="phase", text="baseline: reading the steady state"))
    live.reading("checkout", Reading(at=1.0, ok=True))
    live.phase("fault", 30.0)
    live.event(Event(t=10.4, kind="applied", text="podKill on lab/api-1\x1b[2J", level="warning"))
    live.finish(samples.held())
    assert lines == [
        "   +0.0 s  baseline phase, 10 s\n",
        "  +10.0 s  fault phase, 30 s\n",
        "  +10.4 s  WARNING: podKill on lab/api-1\ufffd[2J\n",
        "  +50.0 s  HELD: slow-database (50 s, availability under fault 99.40%)\n",
    ]


def _shown(live: RichLive) -> str:
    console = Console(file=io.StringIO(), width=110, color_system=None)
    with console.capture() as captured:
        console.print(live._draw())
    return captured.get()


def test_the_terminal_shows_phase_faults_probes_stop_condition_and_events() -> None:
    clock = [0.0]
    live = RichLive(
        "slow [bold]database",
        {"s0": "slow-database on lab/api-0"},
        Console(file=io.StringIO(), force_terminal=True, width=110),
        lambda: clock[0],
    )
    try:
        live.phase("fault", 25.0)
        clock[0] = 5.0
        live.event(Event(t=10.4, kind="applied", text="shape", step="s0"))
        live.event(Event(t=12.0, kind="stop", text="errors: 18% of 25%", level="warning"))
        for i in range(100):
            live.reading("checkout", Reading(at=i / 20, ok=i % 10 > 0, latency_s=0.04))
        shown = _shown(live)
        assert "slow [bold]database" in shown
        assert "20 s left" in shown and "slow-database on lab/api-0" in shown
        assert "errors: 18% of 25%" in shown and "checkout" in shown and "90.0%" in shown and "40 ms" in shown
        live.event(Event(t=14.0, kind="restored", text="clean", step="s0"))
        assert "nothing is being hurt" in _shown(live)
    finally:
        live.finish(samples.held())


def test_a_reading_costs_microseconds_and_a_drawing_little() -> None:
    live = RichLive("x", console=Console(file=io.StringIO(), width=110))
    try:
        began = time.perf_counter()
        for i in range(20_000):
            live.reading(f"probe {i % 5}", Reading(at=i / 100, ok=True, latency_s=0.02))
        assert (time.perf_counter() - began) / 20_000 < 100e-6
        assert "probe 4" in _shown(live)
    finally:
        live.close()


def test_sparklines_leave_gaps_where_nothing_was_read() -> None:
    assert spark([0.0, None, 0.5, 1.0], 1.0) == "▁ ▅█"
    assert spark([None, None]) == "  "
    ok, slow, p95 = trends([Reading(at=0.0, ok=True, latency_s=0.1), Reading(at=59.0, ok=False)])
    assert ok[-1] == 0.0 and ok[-2] is None and slow[-1] is None and p95 == 0.1
