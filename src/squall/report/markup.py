"""HTML and SVG by small functions: every text and attribute is escaped unless it is already `Html`.

el("p", "a < b", class_="note")   ->   <p class="note">a &lt; b</p>
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

_VOID = frozenset({"meta", "br", "hr", "img", "link"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child: TypeAlias = "str | Html | Iterable[str | Html]"


def el(tag: str, *children: Child, **attributes: str | float | bool | None) -> Html:
    """One element. `class_` is `class`, other underscores are hyphens; None and False leave an attribute out."""
    attrs = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Html(f"<{tag}{attrs}>")
    return Html(f"<{tag}{attrs}>{join(*children)}</{tag}>")


def join(*children: Child) -> Html:
    """Children one after another, escaped where they are not `Html`."""
    parts: list[str] = []
    for child in children:
        if isinstance(child, str):
            parts.append(child if isinstance(child, Html) else escape(child))
        else:
            parts.extend(join(one) for one in child)
    return Html("".join(parts))


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-") if name not in ("viewBox", "preserveAspectRatio") else name
    if value is True:
        return f" {name}"
    text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f' {name}="{escape(text)}"'


def table(caption: str, heads: list[str], rows: list[list[Child]], kind: str = "") -> Html:
    """A table whose first column heads its rows. With kind `cards` each row becomes a card on a narrow page.

    The roles repeat what the elements say, for browsers that forget it when a card is not laid out as a table.
    """
    head = el("tr", (el("th", text, scope="col", role="columnheader") for text in heads), role="row")
    body = (
        el(
            "tr",
            el("th", cells[0], scope="row", role="rowheader"),
            (el("td", cell, data_label=label, role="cell") for label, cell in zip(heads[1:], cells[1:], strict=True)),
            role="row",
        )
        for cells in rows
    )
    inner = el(
        "table",
        el("caption", caption),
        el("thead", head, role="rowgroup"),
        el("tbody", body, role="rowgroup"),
        role="table",
    )
    return el("div", inner, class_=f"table {kind}".rstrip(), role="region", aria_label=caption, tabindex="0")
