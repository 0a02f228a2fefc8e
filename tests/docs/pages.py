"""The pages of this project as the tests see them: text, code blocks with their marks, links."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^(?:<!-- (run[a-z ]*) -->\n)?( *)```(\w+)\n(.*?)^\2```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block. `mark` is what a comment above it says: `run` or `run on the lab`."""

    page: str
    line: int
    language: str
    text: str
    mark: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def calls(self) -> list[str]:
        """The lines that call squall, without prompt and comment."""
        lines = [line.split(" #")[0].strip().removeprefix("$ ") for line in self.text.splitlines()]
        return [line for line in lines if line.startswith("squall ")]


@cache
def pages() -> tuple[Path, ...]:
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    return tuple(sorted(found))


@cache
def blocks() -> tuple[Block, ...]:
    return tuple(block for page in pages() for block in _blocks(page))


def _blocks(page: Path) -> list[Block]:
    text = page.read_text()
    found = []
    for match in BLOCK.finditer(text):
        mark, indent, language, body = match.groups()
        lines = [line.removeprefix(indent) for line in body.splitlines()]
        number = text.count("\n", 0, match.start()) + 1
        found.append(Block(str(page.relative_to(ROOT)), number, language, "\n".join(lines) + "\n", mark or ""))
    return found


def section(page: str, title: str) -> str:
    """The text under a heading of the second level."""
    _, found, rest = (ROOT / page).read_text().partition(f"\n## {title}\n")
    assert found, f"{page} has no section {title}"
    return rest.partition("\n## ")[0]


def table(text: str) -> dict[str, list[str]]:
    """The rows of the first table by what stands in backticks in their first column."""
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    cells = ([cell.strip() for cell in row.strip("|").split(" | ")] for row in rows)
    return {row[0].strip("` "): row[1:] for row in cells}


def anchors(page: Path) -> set[str]:
    """The headings of a page as the fragments of links."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
