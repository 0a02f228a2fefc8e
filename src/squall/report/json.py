"""The report as stable JSON: `format` rises when a field changes its meaning or goes; fields may be added.

Numbers are in base units (seconds, fractions); what was not read is null. A percentile that is null where
`n` is not 0 and the availability is known lies among the readings that failed: it is infinite.
"""

from __future__ import annotations

import msgspec

from squall.report.model import Report


def render(report: Report) -> str:
    """One JSON object with sorted keys, indented, with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(report, order="sorted"), indent=2).decode() + "\n"
