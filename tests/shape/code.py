"""The source as the shape tests see it: parsed once, with the exceptions that STYLE.md lists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "squall"
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    """One file of the package. `name` is its path below src/squall."""

    name: str
    text: str
    tree: ast.Module


class Place(NamedTuple):
    """A function or class with its module and its name as `file.py:Class.method`."""

    module: str
    where: str
    node: Function | ast.ClassDef


@cache
def modules() -> tuple[Module, ...]:
    texts = ((path, path.read_text()) for path in sorted(SRC.rglob("*.py")))
    return tuple(Module(str(path.relative_to(SRC)), text, ast.parse(text)) for path, text in texts)


@cache
def places() -> tuple[Place, ...]:
    return tuple(place for module in modules() for place in _within(module, module.tree, ""))


def _within(module: Module, node: ast.AST, outer: str) -> Iterator[Place]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            name = f"{outer}{child.name}"
            yield Place(module.name, f"{module.name}:{name}", child)
            yield from _within(module, child, f"{name}.")
        else:
            yield from _within(module, child, outer)


def functions() -> Iterator[tuple[str, Function]]:
    """Every function and method, with its place."""
    return ((place.where, place.node) for place in places() if isinstance(place.node, Function))


def length(node: Function) -> int:
    """Lines of a function without its decorators and its docstring."""
    first = node.body[0]
    has_doc = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    doc = (first.end_lineno or first.lineno) - first.lineno + 1 if has_doc else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - doc


@cache
def catalogue(rule: str) -> frozenset[str]:
    """The places that STYLE.md lists under a rule of its catalogue of violations: the first column of its table."""
    text = (ROOT / "STYLE.md").read_text()
    _, found, section = text.partition(f"### {rule}\n")
    assert found, f"STYLE.md has no section '### {rule}' in its catalogue"
    body = re.split(r"^#", section, maxsplit=1, flags=re.MULTILINE)[0]
    return frozenset(re.findall(r"^\| `([^`]+)` \|", body, re.MULTILINE))
