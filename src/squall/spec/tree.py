"""The positioned tree that a text is read into: every value knows its line and column.

Plain scalars follow the core schema of YAML 1.2 (yaml.org/spec/1.2.2, section 10.3.2), not YAML 1.1: `12:30`, `yes`,
`off` and `1_000` are text, `010` is ten, `0o17` is fifteen.
"""

from __future__ import annotations

import math
import re
from typing import TypeAlias

import msgspec

from squall.spec.problems import Spot, quoted

Value: TypeAlias = "bool | int | float | str | None"


class Leaf(msgspec.Struct, frozen=True, gc=False):
    """One scalar. `text` is what was written; a number too large to count with is an infinite `value`.

    `broken`: what stood here was refused and reported already, so nobody need say more.
    """

    value: Value
    text: str
    spot: Spot
    broken: bool = False


class Twig(msgspec.Struct):
    """A list."""

    spot: Spot
    items: list[Node]


class Branch(msgspec.Struct):
    """A mapping; each key stands once."""

    spot: Spot
    items: list[tuple[Leaf, Node]]

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None."""
        return next((node for leaf, node in self.items if leaf.value == key), None)


Node: TypeAlias = Leaf | Twig | Branch

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NAN = frozenset({".nan", ".NaN", ".NAN"})
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INT_DIGITS = 18
_FLOAT_CHARACTERS = 60
_NUMBER_STARTS = frozenset("0123456789+-.")


def resolve(text: str) -> Value:
    """What a plain scalar means in the core schema of YAML 1.2."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    return _number(text)


def _number(text: str) -> int | float | str:
    if _INT.fullmatch(text):
        return int(text) if len(text) <= _INT_DIGITS else math.inf
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8) if len(text) <= _INT_DIGITS else math.inf
    if _HEX.fullmatch(text):
        return int(text[2:], 16) if len(text) <= _INT_DIGITS else math.inf
    if _FLOAT.fullmatch(text):
        return float(text) if len(text) <= _FLOAT_CHARACTERS else math.inf
    if sign := _INFINITE.fullmatch(text):
        return -math.inf if sign.group(1) == "-" else math.inf
    return math.nan if text in _NAN else text


def describe(node: Node) -> str:
    """What a node is, for a sentence: `the number 1`, `a list`, `nothing`."""
    if isinstance(node, Branch):
        return "a mapping"
    if isinstance(node, Twig):
        return "a list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, str):
        return f"the text {quoted(node.value)}"
    shown = quoted(node.text)[1:-1]
    return f"the truth value {shown}" if isinstance(node.value, bool) else f"the number {shown}"
