"""An estimate and its 95 % interval drawn against the bound."""

from __future__ import annotations

from squall.report.markup import Html, el, join
from squall.report.model import JudgementView


def draw(j: JudgementView) -> Html:
    """Estimate and interval against the bound; the side that holds is shaded. Empty where there is nothing to draw."""
    points = [x for x in (j.low, j.high, j.estimate) if x is not None]
    if j.limit is None or not points:
        return Html("")
    low, high = min([*points, j.limit]), max([*points, j.limit])
    pad = (high - low or abs(high) or 1.0) * 0.12
    low, high = low - pad, high + pad

    def x(v: float) -> float:
        return 4 + (v - low) / (high - low) * 132

    edge = x(j.limit)
    good = {">": (edge, 136.0), "<": (4.0, edge)}.get(j.op[:1], (edge - 3, edge + 3))  # `==` holds at the bound alone
    drawn = [el("rect", x=good[0], y=5, width=good[1] - good[0], height=18, class_="w-good")]
    drawn.append(el("line", x1=edge, x2=edge, y1=2, y2=26, class_="limit"))
    if j.low is not None and j.high is not None:
        a, b = x(j.low), x(j.high)
        drawn.append(el("path", d=f"M{a:.1f} 14H{b:.1f}M{a:.1f} 9v10M{b:.1f} 9v10", class_="w-bar"))
    if j.estimate is not None:
        drawn.append(el("circle", cx=x(j.estimate), cy=14, r=4, class_=f"w-dot v-{j.verdict}"))
    said = f"measured {j.measured}" + (f", 95% interval {j.interval}" if j.interval else "") + f", bound {j.bound}"
    return el(
        "svg", el("title", said), join(drawn), viewBox="0 0 140 28", class_="whisker", role="img", aria_label=said
    )
