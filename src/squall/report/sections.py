"""The sections of the HTML page, one function each, in the order in which they stand."""

from __future__ import annotations

from squall.report import charts, timeline, whisker
from squall.report.markup import Child, Html, el, join, table
from squall.report.model import EventView, PlanRow, ReceiptRow, Report, SeriesView
from squall.report.text import measures
from squall.report.words import MISSING, at, plural, seconds

_ICONS = {
    "HELD": "M14 25l7.5 7.5L35 18",
    "BROKEN": "M17 17l14 14M31 17L17 31",
    "INCONCLUSIVE": "M18.5 19.5a5.5 5.5 0 1 1 8 5c-2 1-2.500 2-2.500 4.200M24 33.800v.4",
    "ABORTED": "M18 18h12v12H18z",
    "REFUSED": "M15 24h18",
    "NOT_RESTORED": "M24 14v13M24 33v.5",
}
_EVENTS_OPEN = 12
_CHART_MIN = 5
"""With fewer readings a course is no picture: the table says it all."""
_PLAN_MAX = 200


def _section(title: str, anchor: str, *children: Child, lead: str = "", kind: str = "") -> Html:
    said = el("p", lead, class_="lead") if lead else Html("")
    head = el("h2", title, id=f"{anchor}-title")
    return el("section", head, said, *children, id=anchor, aria_labelledby=f"{anchor}-title", class_=kind or None)


def _pill(word: str, tone: str) -> Html:
    """A verdict as a word with a sign of its own shape, so that colour is not needed."""
    sign = {"good": "✓", "bad": "✕", "warn": "?", "plain": "–"}[tone]
    return el("span", el("span", sign, aria_hidden="true", class_="sign"), word, class_=f"pill p-{tone}")


def head(report: Report) -> Html:
    """Verdict, sentence, reason, and what was run."""
    top = report.headline
    disc = el("circle", cx=24, cy=24, r=22, class_="disc")
    icon = el(
        "svg",
        disc,
        el("path", d=_ICONS[top.outcome], class_="stroke"),
        viewBox="0 0 48 48",
        class_="icon",
        aria_hidden="true",
    )
    facts = [
        ("Run", report.run), ("Platform", report.platform), ("Started", report.started),
        ("Duration", seconds(report.duration_s)), ("Exit code", str(top.exit_code)),
    ]  # fmt: skip
    return el(
        "header",
        el("p", "Squall", el("span", " chaos experiment report"), class_="brand"),
        el("h1", report.name),
        el("p", report.description, class_="description") if report.description else "",
        el(
            "div",
            icon,
            el(
                "div",
                el("p", top.word, class_="word"),
                el("p", top.sentence, class_="sentence"),
                _reason(top.reason),
                class_="said",
            ),
            class_=f"verdict t-{top.tone}",
        ),
        el("dl", (el("div", el("dt", name), el("dd", value)) for name, value in facts), class_="facts"),
        (el("p", note, class_="note") for note in report.notes),
    )


def _reason(reason: str) -> Html:
    return el("p", reason, class_="reason") if reason else Html("")


def figures(report: Report) -> Html:
    """The tiles."""
    tiles = (
        el(
            "div",
            el("dt", figure.label),
            el(
                "dd",
                el("span", figure.value, class_=f"value t-{figure.tone}"),
                el("span", figure.note, class_="tile-note"),
            ),
            class_="tile",
        )
        for figure in report.figures
    )
    return _section("Key figures", "figures", el("dl", tiles, class_="tiles"))


def weaknesses(report: Report) -> Html:
    """What is missing in the system, with the evidence."""
    if not report.weaknesses:
        return Html("")
    items = (el("li", el("h3", w.text), el("p", w.evidence)) for w in report.weaknesses)
    return _section(
        "Weaknesses", "weaknesses", el("ol", items, class_="weaknesses"), lead="What the readings show to be missing."
    )


def course(report: Report) -> Html:
    """Timeline, then each probe with its table and charts."""
    drawn = timeline.render(report)
    if not drawn:
        return Html("")
    signs = (
        el("li", el("svg", timeline.mark(level, 7, 7), viewBox="0 0 14 14", aria_hidden="true"), word)
        for level, word in (("info", "event"), ("warning", "warning"), ("error", "error"))
    )
    return _section("Timeline", "timeline", drawn, el("ul", signs, class_="legend"))


def probes(report: Report) -> Html:
    """One block per series."""
    if not report.series:
        return (
            Html("")
            if report.headline.outcome == "REFUSED"
            else _section("What users felt", "probes", el("p", MISSING))
        )
    end = max([report.duration_s, *(b.end for s in report.series for b in s.bins), 1e-6])
    frame = charts.Frame(end=end, phases=report.phases, faults=report.faults)
    blocks = (_probe(series, frame) for series in report.series)
    return _section(
        "What users felt", "probes", charts.key(), blocks, lead="Each probe over baseline, fault and recovery."
    )


def _probe(series: SeriesView, frame: charts.Frame) -> Html:
    width = f", {seconds(series.bin_s)} to each point" if series.bin_s else ""
    kind = el("span", f"{series.kind}, {plural(series.n, 'reading')}{width}", class_="unit")
    title = el("h3", series.name, " ", kind)
    if not series.n:
        return el("div", title, el("p", f"There are {MISSING} of this probe.", class_="missing"), class_="probe")
    if series.n < _CHART_MIN:
        return el("div", title, el("div", _measures(series), class_="plots"), class_="probe")
    plots = [charts.availability(series, frame)]
    if any(b.value is not None for b in series.bins):
        plots.append(charts.value(series, frame))
    elif any(b.p50 is not None for b in series.bins):
        plots.append(charts.latency(series, frame))
    plots.append(charts.errors(series, frame))
    return el("div", title, el("div", _measures(series), plots, class_="plots"), class_="probe")


def _measures(series: SeriesView) -> Html:
    if not series.stats:
        return Html("")
    heads = ["", *(stat.phase for stat in series.stats)]
    rows: list[list[Child]] = [[label, *cells] for label, cells in measures(series.stats)]
    return table(f"{series.name} by phase", heads, rows, "measures")


_TONES = {"HELD": "good", "BROKEN": "bad", "INCONCLUSIVE": "warn"}


def judgements(report: Report) -> Html:
    """Every bound with its measurement, interval and verdict."""
    if not report.judgements:
        return _section("Checks", "checks", el("p", "No checks were made.", class_="missing"))
    heads = ["Check", "Phase", "Bound", "Measured", "Against the bound", "n", "Verdict", "Why"]
    rows: list[list[Child]] = [
        [
            join(el("b", j.name), " ", el("span", j.metric, class_="unit")), j.phase, el("code", j.bound, class_="nb"),
            join(el("b", j.measured), el("span", j.interval, class_="under nb") if j.interval else ""),
            whisker.draw(j) or "–", str(j.n), _pill(j.verdict, _TONES.get(j.verdict, "plain")), j.why or "–",
        ]
        for j in report.judgements
    ]  # fmt: skip
    lead = "Measured value with its 95% interval. The tinted side of the dashed bound is where the check holds."
    return _section("Checks", "checks", table("Checks", heads, rows, "cards"), lead=lead)


def doses(report: Report) -> Html:
    """How strong each fault really was."""
    if not report.doses:
        return Html("")
    heads = ["Target", "What", "Asked", "Measured", "Control", "n", "Felt", "Note"]
    rows: list[list[Child]] = [
        [d.target, d.quantity, d.asked, el("b", d.measured), d.control, str(d.n),
         _pill("felt", "good") if d.felt else _pill("not felt", "warn"),
         "; ".join(x for x in (d.note, d.driver) if x) or "–"]
        for d in report.doses
    ]  # fmt: skip
    lead = "Measured as a client, by a meter that shares no code with the fault; the control is a path left alone."
    return _section("Dose", "dose", table("Dose", heads, rows, "cards"), lead=lead)


def recoveries(report: Report) -> Html:
    """How soon the system was back."""
    if not report.recoveries:
        return Html("")
    tones = {True: ("kept", "good"), False: ("not kept", "bad"), None: ("no bound", "plain")}
    rows: list[list[Child]] = [[r.fault, r.text, _pill(*tones[r.kept])] for r in report.recoveries]
    return _section("Recovery", "recovery", table("Recovery", ["Fault", "Back to normal", "Bound"], rows, "cards"))


_KIND_TONES = {"restored": "good", "loss": "plain", "foreign": "plain", "ours": "bad", "unreadable": "bad"}


def receipt(report: Report) -> Html:
    """Proof of restoration."""
    seen = report.receipt
    stamp = {
        True: ("everything is back", "good"),
        False: ("not everything is back", "bad"),
        None: ("no receipt", "plain"),
    }
    lead = el("p", _pill(*stamp[seen.clean]), " ", seen.summary, class_="lead")
    rows: list[list[Child]] = [
        [
            el("code", row.slot),
            _pill(row.word, _KIND_TONES[row.kind]),
            _receipt_text(row),
            _state(row.before),
            _state(row.after),
        ]
        for row in seen.rows
    ]
    heads = ["Claimed slot", "Outcome", "What came back", "Before", "After"]
    body = table("Receipt", heads, rows, "cards") if rows else Html("")
    return _section("Receipt", "receipt", lead, body)


def _receipt_text(row: ReceiptRow) -> Html:
    remedy = (
        el("span", "Remove it with " if row.kind == "ours" else "Next: ", el("code", row.remedy), class_="remedy")
        if row.remedy
        else ""
    )
    return join(row.text, remedy)


def _state(state: str) -> Html:
    return el("code", state) if state else Html("–")


def events(report: Report) -> Html:
    """The important events in view, all of them behind a fold where they are many."""
    if not report.events:
        return Html("")
    if len(report.events) <= _EVENTS_OPEN:
        return _section("Events", "events", _event_list(report.events))
    loud = tuple(e for e in report.events if e.level != "info")[:_EVENTS_OPEN]
    fold = el("details", el("summary", f"All {len(report.events)} events"), _event_list(report.events[:1000]))
    return _section("Events", "events", _event_list(loud) if loud else "", fold)


def _event_list(shown: tuple[EventView, ...]) -> Html:
    items = (
        el(
            "li",
            el("span", at(e.t), class_="when"),
            el("svg", timeline.mark(e.level, 7, 7), viewBox="0 0 14 14", role="img", aria_label=e.level),
            el("span", e.text),
        )
        for e in shown
    )
    return el("ol", items, class_="events")


def reproduction(report: Report) -> Html:
    """The command and all that it depends on."""
    again = report.reproduction
    facts = [
        ("Plan digest", again.digest), ("Seed", str(again.seed)), ("Scale", f"{again.scale:g}"),
        ("Lease", seconds(again.lease_s)), ("Squall", again.version),
    ]  # fmt: skip
    box = el("pre", el("code", again.command), tabindex="0")
    return _section(
        "Do it again", "again", box, el("dl", (el("div", el("dt", k), el("dd", v)) for k, v in facts), class_="facts")
    )


def appendix(report: Report) -> Html:
    """The plan: who, what, when, how undone."""
    if not report.plan:
        return Html("")
    heads = ["Fault", "Target", "When", "Effect", "Ended at the latest by", "How undone", "Claims"]
    rows = [_plan_row(row) for row in report.plan[:_PLAN_MAX]]
    more = len(report.plan) - len(rows)
    rest = el("p", f"and {more} more steps in the JSON report") if more > 0 else ""
    return _section("Appendix: the plan", "plan", table("Plan", heads, rows, "cards"), rest, kind="appendix")


def _plan_row(row: PlanRow) -> list[Child]:
    undo = row.undo if row.restores else f"{row.undo} (declared loss)"
    fault = join(el("b", row.fault), el("span", row.says or row.type, class_="under"))
    return [
        fault,
        el("code", row.target),
        row.when,
        join(row.effect, el("span", row.driver, class_="under")),
        row.ends_by,
        undo,
        el("code", ", ".join(row.claims)),
    ]
