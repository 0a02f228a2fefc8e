"""The picture beside the table: how much of its goal each figure uses up; left of the line it is met."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.bench.table import Line

GREEN, RED = "#2f7d4f", "#b3261e"
SHARE_MIN = 1e-2


def draw(lines: Sequence[Line], path: Path) -> bool:
    """Write the picture. False: matplotlib is not installed, or there is nothing to draw."""
    judged = [line for line in reversed(lines) if line.share_of_goal is not None]
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    if not judged:
        return False
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(11, 1.4 + 0.5 * len(judged)), layout="constrained")
    shares = [max(line.share_of_goal or 0.0, SHARE_MIN) for line in judged]
    axes.barh(range(len(judged)), shares, color=[GREEN if line.met else RED for line in judged], height=0.6)
    axes.set_yticks(range(len(judged)), [f"{line.what} ({line.peer})" for line in judged])
    axes.axvline(1.0, color="black", linewidth=1.2)
    axes.set_xscale("log")
    axes.set_xlim(SHARE_MIN, 12 * max(1.0, *shares))
    for place, (line, share) in enumerate(zip(judged, shares, strict=True)):
        text = f" {line.judged:.3g}, goal: {line.goal}{'' if line.met else ', MISSED'}"
        axes.text(share, place, text, va="center", fontsize=8, bbox={"color": "white", "pad": 1})
    axes.set_xlabel("share of what the goal allows that is used up; the line is the goal")
    axes.set_title("Squall against its goals: medians of interleaved rounds")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return True
