"""From text to positioned trees: the C parser's events, folded without recursion, within limits.

Events, not `yaml.compose`: composing recurses in C as deep as the text says, before anybody can count.
Anchors and aliases are read within the limits (what an alias stands for counts each time); merge keys (`<<`), which
YAML 1.2 does not have, and tags outside the core schema are refused.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec
import yaml

from squall.spec.problems import START, Place, Report, Spot, quoted
from squall.spec.tree import Branch, Leaf, Node, Twig, Value, resolve

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 50_000
MAX_DOCUMENTS = 1000

_CORE = "tag:yaml.org,2002:"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HIGH_SURROGATE = re.compile(r"\\u[dD][89abAB]")
_SURROGATE_PAIRS = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_REMEDIES = {
    "cannot start any token": "indent with spaces, not tabs, and quote text that begins with @, ` or %",
    "mapping values are not allowed": 'quote text that holds ": ", and look at the indentation of this line',
    "could not find expected ':'": "write `key: value`, and quote text that goes over several lines",
    "did not find expected key": "look at the indentation and the quotes of this line and the one before",
    "did not find expected '-'": "give each entry of the list the same indentation",
    "unexpected end of stream": "close the quote",
    "did not find expected ',' or": "close the bracket, and put a comma between entries",
    "unknown escape character": r"write \\ for a backslash, or use single quotes",
    "did not find expected alphabetic": "quote text that begins with * or &",
    "undefined tag handle": "take the tag away, or quote text that begins with !",
}

Event: TypeAlias = yaml.events.Event


class Document(msgspec.Struct, frozen=True):
    """One document of a text: its root and the line where it begins."""

    root: Node
    line: int


class _Open(msgspec.Struct):
    """A mapping or list whose end has not come yet. `size` and `height` count what aliases stand for."""

    node: Branch | Twig
    place: Place
    anchor: str | None = None
    key: Leaf | None = None
    lines: dict[Value, int] = {}
    size: int = 1
    height: int = 1


class _Anchored(msgspec.Struct, frozen=True, gc=False):
    node: Node
    size: int
    height: int


def decode(data: bytes, report: Report) -> str:
    """The text of a file's bytes. Raises InvalidDocument."""
    if len(data) > MAX_BYTES:
        report.stop("limit", START, Place(), "is larger than 1 MiB", "split it into several documents")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        report.stop("file", START, Place(), "is UTF-16, not UTF-8", "save it as UTF-8")
    if (zero := data.find(b"\0")) >= 0:
        report.stop("file", _spot_of_byte(data, zero), Place(), "is binary, not text", "give a YAML or JSON document")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fact = f"is not UTF-8: byte 0x{data[error.start]:02x}"
        report.stop("file", _spot_of_byte(data, error.start), Place(), fact, "save it as UTF-8")


def _spot_of_byte(data: bytes, index: int) -> Spot:
    before = data[:index]
    return Spot(before.count(b"\n") + 1, index - before.rfind(b"\n"))


def compose(text: str, report: Report) -> tuple[Document, ...]:
    """All documents of `text`. Duplicate keys and the like go to `report`; InvalidDocument where none can be read."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        report.stop("limit", START, Place(), "is larger than 1 MiB", "split it into several documents")
    if bad := _UNPRINTABLE.search(text):
        before = text[: bad.start()]
        spot = Spot(before.count("\n") + 1, bad.start() - before.rfind("\n"))
        report.stop("syntax", spot, Place(), f"holds the control character U+{ord(bad.group()):04X}", "take it away")
    if _HIGH_SURROGATE.search(text) and text.lstrip()[:1] in ("{", "["):
        text = _SURROGATE_PAIRS.sub(_join_surrogates, text)
    folder = _Folder(report)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            folder.take(event)
    except yaml.MarkedYAMLError as error:
        _stop_at(error, report)
    except yaml.YAMLError as error:
        report.stop("syntax", START, Place(), f"is not YAML: {quoted(str(error))[1:-1]}")
    return tuple(folder.documents)


def _join_surrogates(match: re.Match[str]) -> str:
    """JSON writes characters beyond U+FFFF as two escapes, which YAML does not know."""
    high, low = (int(match.group(i), 16) for i in (2, 3))
    return f"{match.group(1)}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _stop_at(error: yaml.MarkedYAMLError, report: Report) -> None:
    mark = error.problem_mark
    spot = START if mark is None else Spot(mark.line + 1, mark.column + 1)
    fact = str(error.problem or error.context)
    remedy = next((remedy for part, remedy in _REMEDIES.items() if part in fact), "")
    begins = error.context_mark
    if error.context and begins is not None and begins.line + 1 != spot.line:
        fact = f"{fact} ({error.context} that begins in line {begins.line + 1})"
    report.stop("syntax", spot, Place(), f"is not YAML: {fact}", remedy)


def _spot(event: Event) -> Spot:
    mark = event.start_mark
    return Spot(mark.line + 1, mark.column + 1) if mark is not None else START


class _Folder:
    """Folds events into trees."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.documents: list[Document] = []
        self.stack: list[_Open] = []
        self.anchors: dict[str, _Anchored] = {}
        self.nodes = 0

    def take(self, event: Event) -> None:
        """One event further."""
        if isinstance(event, yaml.ScalarEvent):
            leaf = self._leaf(event)
            self._count(event, 1, 0)
            self._place(event, _Anchored(leaf, 1, 0), event.anchor)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._begin(event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            done = self.stack.pop()
            self._place(event, _Anchored(done.node, done.size, done.height), done.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.anchors = {}

    def _here(self) -> Place:
        if not self.stack:
            return Place()
        top = self.stack[-1]
        if isinstance(top.node, Twig):
            return top.place.child(len(top.node.items))
        return top.place if top.key is None else top.place.child(top.key.text)

    def _count(self, event: Event, size: int, height: int) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            fact = f"holds more than {MAX_NODES} values, aliases written out"
            self.report.stop("limit", _spot(event), self._here(), fact, "split it into several documents")
        if len(self.stack) + height > MAX_DEPTH:
            self.report.stop("limit", _spot(event), Place(), f"is nested deeper than {MAX_DEPTH} levels", "flatten it")

    def _leaf(self, event: yaml.ScalarEvent) -> Leaf:
        text, spot = str(event.value), _spot(event)
        tag = event.tag
        if tag is None or tag == "!":
            plain = event.implicit[0] and tag is None
            return Leaf(resolve(text) if plain else text, text, spot)
        if tag == _CORE + "str":
            return Leaf(text, text, spot)
        value = resolve(text)
        if tag not in _OF_TYPE or type(value) not in _OF_TYPE[tag]:
            self._refuse_tag(event, tag)
            return Leaf(None, text, spot, broken=True)
        return Leaf(value, text, spot)

    def _refuse_tag(self, event: Event, tag: str) -> None:
        shown = quoted(tag.replace(_CORE, "!!"))[1:-1]
        fact = f"has the tag {shown}, which has no place here"
        self.report.add("syntax", _spot(event), self._here(), fact, "take the tag away")

    def _begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        self._count(event, 1, 1)
        mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in (None, "!", _CORE + ("map" if mapping else "seq")):
            self._refuse_tag(event, str(event.tag))
        node: Branch | Twig = Branch(_spot(event), []) if mapping else Twig(_spot(event), [])
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
        self.stack.append(_Open(node, self._here(), event.anchor))

    def _alias(self, event: yaml.AliasEvent) -> None:
        known = self.anchors.get(str(event.anchor))
        if known is None:
            inside = any(event.anchor == frame.anchor for frame in self.stack)
            fact = "stands for itself" if inside else "stands for an anchor that is not set above"
            name = quoted(str(event.anchor))[1:-1]
            remedy = "write the value out" if inside else f"set &{name} before it, or quote text that begins with *"
            self.report.add("syntax", _spot(event), self._here(), f"the alias *{name} {fact}", remedy)
            known = _Anchored(Leaf(None, "", _spot(event), broken=True), 1, 0)
        self._count(event, known.size, known.height)
        self._place(event, known, None)

    def _place(self, event: Event, done: _Anchored, anchor: str | None) -> None:
        """Put a finished node where it belongs."""
        if anchor:
            self.anchors[anchor] = done
        if not self.stack:
            self._finish(event, done.node)
            return
        top = self.stack[-1]
        top.size += done.size
        top.height = max(top.height, done.height + 1)
        if isinstance(top.node, Twig):
            top.node.items.append(done.node)
        elif top.key is None:
            self._key(event, top, done.node)
        else:
            if top.key is not _DROPPED:
                top.node.items.append((top.key, done.node))
            top.key = None

    def _key(self, event: Event, top: _Open, node: Node) -> None:
        if not isinstance(node, Leaf):
            self.report.add("syntax", node.spot, top.place, "has a list or mapping as a key", "write a text as the key")
            top.key = _DROPPED
            return
        top.key = node
        place = top.place.child(node.text)
        if node.value == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
            fact = "is a merge key, which YAML 1.2 does not have"
            self.report.add("syntax", node.spot, place, fact, "write the keys out")
            top.key = _DROPPED
        elif node.value in top.lines:
            fact = f"is written twice, in line {top.lines[node.value]} and in line {node.spot.line}"
            self.report.add("duplicate", node.spot, place, fact, "keep one of them")
            top.key = _DROPPED
        else:
            top.lines[node.value] = node.spot.line

    def _finish(self, event: Event, root: Node) -> None:
        if len(self.documents) >= MAX_DOCUMENTS:
            fact = f"holds more than {MAX_DOCUMENTS} documents"
            self.report.stop("limit", _spot(event), Place(), fact, "split the file")
        self.documents.append(Document(root, root.spot.line))


_DROPPED = Leaf("", "", START)
"""Stands for a key whose value is read and thrown away, because the key was refused."""

_OF_TYPE: dict[str, tuple[type, ...]] = {
    _CORE + "null": (type(None),),
    _CORE + "bool": (bool,),
    _CORE + "int": (int,),
    _CORE + "float": (float, int),
}
