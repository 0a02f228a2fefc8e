"""The report as JUnit XML for CI: one test case for each judgement, each recovery, and the receipt.

BROKEN is a `failure`, INCONCLUSIVE an `error`. Any outcome but HELD makes at least one case fail or err.
Shape: the Jenkins `junit-10.xsd` and Ant's `JUnit.xsd`, which share element order and attributes used here.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET  # writes only; nothing is parsed

from squall.report.model import JudgementView, ReceiptView, Report

_VERDICT_TAG = {"BROKEN": "failure", "INCONCLUSIVE": "error"}


def render(report: Report) -> str:
    """An XML document with one test suite."""
    suite = ET.Element("testsuite")
    _properties(suite, report)
    for judgement in report.judgements:
        _judgement(suite, report, judgement)
    for recovery in report.recoveries:
        case = _case(suite, f"{report.name}.recovery", f"recovery from {recovery.fault}", recovery.seconds or 0.0)
        if recovery.kept is False:
            _problem(case, "failure", "RecoveryTooSlow", recovery.text)
        elif recovery.seconds is None:
            _problem(case, "error", "RecoveryNotSeen", recovery.text)
    _receipt(suite, report)
    _outcome(suite, report)
    ET.SubElement(suite, "system-out").text = f"{report.headline.sentence}\n{report.reproduction.command}\n"
    ET.SubElement(suite, "system-err").text = "\n".join(e.text for e in report.events if e.level != "info")
    _counts(suite, report)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _properties(suite: ET.Element, report: Report) -> None:
    box = ET.SubElement(suite, "properties")
    known = {
        "run": report.run,
        "outcome": report.headline.outcome,
        "platform": report.platform,
        "digest": report.reproduction.digest,
        "seed": str(report.reproduction.seed),
        "scale": f"{report.reproduction.scale:g}",
        "squall.version": report.reproduction.version,
    }
    for name, value in known.items():
        ET.SubElement(box, "property", name=name, value=value)


def _judgement(suite: ET.Element, report: Report, j: JudgementView) -> None:
    length = next((p.end - p.start for p in report.phases if p.name == j.phase), 0.0)
    case = _case(suite, f"{report.name}.{j.phase}", f"{j.name}: {j.metric} {j.bound} ({j.phase})", length)
    tag = _VERDICT_TAG.get(j.verdict)
    if tag:
        interval = f", 95% interval {j.interval}" if j.interval else ""
        _problem(case, tag, j.verdict, f"measured {j.measured}{interval}, n = {j.n}" + (f": {j.why}" if j.why else ""))


def _receipt(suite: ET.Element, report: Report) -> None:
    receipt: ReceiptView = report.receipt
    case = _case(suite, f"{report.name}.receipt", "everything was put back", 0.0)
    if receipt.clean is None:
        tag = "skipped" if report.headline.outcome == "REFUSED" else "error"
        _problem(case, tag, "NoReceipt", receipt.summary)
    elif not receipt.clean:
        bad = [row for row in receipt.rows if row.kind in ("ours", "unreadable")]
        lines = [
            f"{row.word}: {row.slot}: {row.text}" + (f" (remedy: {row.remedy})" if row.remedy else "") for row in bad
        ]
        _problem(case, "failure", "NotRestored", "; ".join(lines))


def _outcome(suite: ET.Element, report: Report) -> None:
    """The run as a whole, so that no outcome but HELD leaves a green suite."""
    case = _case(suite, report.name, "the run as a whole", report.duration_s)
    said = f"{report.headline.outcome}: {report.headline.reason or report.headline.sentence}"
    red = suite.find("testcase/failure") is not None or suite.find("testcase/error") is not None
    if report.headline.outcome in ("ABORTED", "REFUSED", "INCONCLUSIVE") and not (
        red and report.headline.outcome == "INCONCLUSIVE"
    ):
        _problem(case, "error", report.headline.outcome, said)
    elif report.headline.outcome != "HELD" and not red:
        _problem(case, "failure", report.headline.outcome, said)


def _case(suite: ET.Element, classname: str, name: str, time_s: float) -> ET.Element:
    return ET.SubElement(suite, "testcase", name=name, classname=classname, time=f"{max(0.0, time_s):.3f}")


def _problem(case: ET.Element, tag: str, kind: str, text: str) -> None:
    if tag == "skipped":
        ET.SubElement(case, tag, message=text)
    else:
        ET.SubElement(case, tag, message=text, type=kind).text = text


def _counts(suite: ET.Element, report: Report) -> None:
    suite.attrib.update(
        name=report.name,
        tests=str(len(suite.findall("testcase"))),
        failures=str(len(suite.findall("testcase/failure"))),
        errors=str(len(suite.findall("testcase/error"))),
        skipped=str(len(suite.findall("testcase/skipped"))),
        time=f"{report.duration_s:.3f}",
        timestamp=report.started.removesuffix(" UTC").replace(" ", "T"),
        hostname=report.platform or "localhost",
        package=report.name,
        id="0",
    )
