"""Makes malformed documents out of good ones, the same ones for the same seed.

Three quarters are structured: the tree of a good document with one to three wounds, or its lines with one. The rest is noise
in the bytes, and horrors written by hand.
"""

# ruff: noqa: E501  a table is read by the line
from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import yaml


class Mutant(NamedTuple):
    """One document, and the way it was made: `tree`, `lines`, `noise` or `horror`."""

    data: str | bytes
    how: str


ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, 1e308, -0.5, 10**30, float("inf"), float("nan"), "", " ", "yes", "off", "0", "-5s",
    "5 minutes", "1e9h", "25-50%", "250%", "50%", "1-3", ">= 99%", "< up", "=> 1", "a b", "A", "x" * 300, "\u202e", "é", "\x07",
    "2030-13-01T00:00:00Z", "* * * * * *", "0 0 31 2 *", "Mars/Base", "../../etc/passwd", "$(reboot)", "!!python/object:os.system",
    [], {}, [[]], [None], {"": ""}, {"a": {"b": {"c": []}}}, ["a", 1, None], {"type": "podKill"}, {"http": {}}, {"on": True},
)  # fmt: skip
ODD_KEYS = (
    "duraton", "Type", "TYPE", "start_after", "latency", "gracePeriod", "on", "yes", "", "a b", "<<", "null", "é", "k" * 100, "status",
    "selector", "mode", "value", "count", "percentage", "faults", "action", "apiVersion", "1",
)  # fmt: skip
SNIPPETS = (
    ": ", "- ", "\t", "{", "}", "[", "]", "&a ", "*a ", "!!int ", "|", ">", "'", '"', "#", "---\n", "...\n", "%YAML 1.2\n", "\\u", "? ",
    "\x00", "\ufeff", "\x85", "\u2028", "\ud800", "<<: ", "~", ", ", "\r", "@", "`",
)  # fmt: skip


class _Core(yaml.CSafeLoader):
    """Dates stay text."""


_Core.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if not tag.endswith("timestamp")]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class Mutator:
    """An endless supply, from good texts and a seed."""

    def __init__(self, bases: Sequence[str], seed: int) -> None:
        self.bases = list(bases)
        self.trees = [yaml.load(base, _Core) for base in bases]
        self.random = random.Random(seed)

    def mutants(self, number: int) -> Iterator[Mutant]:
        """`number` documents: 75 % structured, 15 % noise, 10 % horrors."""
        ways: list[Callable[[], Mutant]] = [self.tree] * 55 + [self.lines] * 20 + [self.noise] * 15 + [self.horror] * 10
        for _ in range(number):
            yield self.random.choice(ways)()

    def tree(self) -> Mutant:
        """A good tree with one to three wounds, as JSON or YAML."""
        tree = json.loads(json.dumps(self.random.choice(self.trees)))
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self._wound(tree)
        if self.random.random() < 0.3:
            return Mutant(json.dumps(tree, ensure_ascii=self.random.random() < 0.5), "tree")
        return Mutant(yaml.dump(tree, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False), "tree")

    def _wound(self, tree: Any) -> None:
        holders = list(_holders(tree))
        if not holders:
            return
        holder, key = self.random.choice(holders)
        wound = self.random.choice(
            (self._replace, self._replace, self._remove, self._rename, self._add, self._wrap, self._move)
        )
        wound(holder, key, holders)

    def _replace(self, holder: Any, key: Any, _: Any) -> None:
        holder[key] = self.random.choice(ODD_VALUES)

    def _remove(self, holder: Any, key: Any, _: Any) -> None:
        del holder[key]

    def _rename(self, holder: Any, key: Any, _: Any) -> None:
        if isinstance(holder, dict):
            holder[self._typo(str(key))] = holder.pop(key)

    def _typo(self, word: str) -> str:
        at = self.random.randrange(max(len(word), 1))
        return self.random.choice((word[:at] + word[at + 1 :], word[:at] + "x" + word[at:], word.lower(), word + "s"))

    def _add(self, holder: Any, key: Any, _: Any) -> None:
        if isinstance(holder, dict):
            holder[self.random.choice(ODD_KEYS)] = self.random.choice(ODD_VALUES)
        else:
            holder.insert(0, self.random.choice(ODD_VALUES))

    def _wrap(self, holder: Any, key: Any, _: Any) -> None:
        holder[key] = self.random.choice(([holder[key]], {"wrapped": holder[key]}, [holder[key], holder[key]]))

    def _move(self, holder: Any, key: Any, holders: Sequence[tuple[Any, Any]]) -> None:
        other, there = self.random.choice(holders)
        if key in other if isinstance(other, dict) else False:
            return
        other[there] = json.loads(json.dumps(holder[key]))

    def lines(self) -> Mutant:
        """A good text with one line doubled, lost, swapped, indented otherwise, or with a snippet in it."""
        lines = self.random.choice(self.bases).splitlines(keepends=True)
        at, other = self.random.randrange(len(lines)), self.random.randrange(len(lines))
        match self.random.randrange(6):
            case 0:
                lines.insert(at, lines[at])
            case 1:
                del lines[at]
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines[at] = self.random.choice((" ", "  ", "\t", "-")) + lines[at]
            case 4:
                lines[at] = lines[at].lstrip()
            case _:
                column = self.random.randrange(len(lines[at]))
                lines[at] = lines[at][:column] + self.random.choice(SNIPPETS) + lines[at][column:]
        return Mutant("".join(lines), "lines")

    def noise(self) -> Mutant:
        """Bytes changed, lost, cut off or thrown in."""
        data = bytearray(self.random.choice(self.bases).encode())
        for _ in range(self.random.choice((1, 2, 5, 50))):
            at = self.random.randrange(len(data))
            match self.random.randrange(4):
                case 0:
                    data[at] = self.random.randrange(256)
                case 1:
                    data[at] ^= 1 << self.random.randrange(8)
                case 2:
                    del data[at : at + self.random.randrange(1, 5)]
                case _:
                    data[at:at] = self.random.randbytes(self.random.randrange(1, 5))
            data = data or bytearray(b"x")
        if self.random.random() < 0.2:
            del data[self.random.randrange(len(data)) :]
        return Mutant(bytes(data), "noise")

    def horror(self) -> Mutant:
        """Something that no careless person writes."""
        size = self.random.choice((1, 10, 63, 64, 65, 1000, 20_000))
        return Mutant(self.random.choice(HORRORS)(size, self.random.choice(self.bases)), "horror")


def _holders(tree: Any) -> Iterator[tuple[Any, Any]]:
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(pairs):
        yield tree, key
        yield from _holders(value)


def _bomb(size: int, _: str) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, min(size, 30))]
    return "\n".join(lines)


def _ring(size: int, base: str) -> str:
    size = min(size, 1000)
    faults = "".join(f"  - {{type: podKill, name: n{i}, startAfter: [n{(i + 1) % size}]}}\n" for i in range(size))
    return base.split("spec:", maxsplit=1)[0] + "spec:\n  target: {refs: [a/b]}\n  faults:\n" + faults


HORRORS: tuple[Callable[[int, str], str | bytes], ...] = (
    _bomb,
    _ring,
    lambda n, base: "[" * n,
    lambda n, base: "{a: " * n + "}" * n,
    lambda n, base: "- " * n + "x",
    lambda n, base: "? " * n,
    lambda n, base: base + "".join(f"extra{i}: 1\n" for i in range(n)),
    lambda n, base: base + "apiVersion: again\n" * n,
    lambda n, base: base + "---\n" * n + base,
    lambda n, base: base.replace("5m", "9" * n),
    lambda n, base: base.replace("name: ", "name: " + "x" * n, 1),
    lambda n, base: base.replace("app:", "&a app: &a *a :"),
    lambda n, base: base.replace("spec:", "spec: &s\n  self: *s\n  rest:"),
    lambda n, base: base.replace("type: ", "type: !!python/object/apply:os.system "),
    lambda n, base: base.encode("utf-16"),
    lambda n, base: base.encode("utf-16-le"),
    lambda n, base: b"\xef\xbb\xbf" + base.encode() + b"\x00" * n,
    lambda n, base: base.replace("\n", "\r"),
    lambda n, base: base.replace("  ", "\t"),
    lambda n, base: '"' + "\\ud83d" * n + '"',
    lambda n, base: "&" * n + "*" * n,
    lambda n, base: "%TAG ! tag:evil.example,2000:\n---\n" + base,
    lambda n, base: "\u2028" * n + base,
    lambda n, base: "",
    lambda n, base: "# nothing but a comment\n" * n,
    lambda n, base: "apiVersion: litmuschaos.io/v1alpha1\nkind: ChaosExperiment\n" + base,
    lambda n, base: json.dumps({"title": "t", "description": "d", "method": [{"type": "action"}] * min(n, 100)}),
)
