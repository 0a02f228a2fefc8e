"""The report as one HTML file: no request leaves it, only its own tool-tips run in it, and it reads without them.

The content security policy names the hashes of the style sheet and the script, so that text which slipped through
escaping could neither load, style nor run anything.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from squall.report import sections
from squall.report.markup import Html, el
from squall.report.model import Report

_SECTIONS = (
    sections.figures,
    sections.weaknesses,
    sections.course,
    sections.probes,
    sections.judgements,
    sections.recoveries,
    sections.doses,
    sections.receipt,
    sections.events,
    sections.reproduction,
    sections.appendix,
)


def render(report: Report) -> str:
    """The whole page."""
    style, script = _asset("style.css"), _asset("hover.js")
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", f"{report.headline.word}: {report.name}"),
        el("style", Html(style)),
    )
    main = el("main", (section(report) for section in _SECTIONS))
    foot = el(
        "footer",
        el("p", f"Written by Squall {report.reproduction.version}. This page is complete in itself and loads nothing."),
    )
    body = el("body", el("div", sections.head(report), main, foot, class_="page"), el("script", Html(script)))
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def _policy(style: str, script: str) -> str:
    closed = "base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; {closed}"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
