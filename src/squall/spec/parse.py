"""The door of this package: text in, typed experiments out, or InvalidDocument with every mistake at once.

Nothing that a document names is run, opened or looked up. A document costs well under a second, whatever it holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import msgspec

from squall.spec.checks import BAD, Bad, check_graph, faults_of, refer, unique
from squall.spec.compose import MAX_BYTES, Document, compose, decode
from squall.spec.entries import read_entries, read_entry
from squall.spec.kinds import Record, record_of
from squall.spec.model import API_VERSION, KIND, Experiment, FaultEntry, Metadata, Registry, Spec
from squall.spec.problems import START, Place, Report, nearest, quoted
from squall.spec.read import Reader
from squall.spec.tree import Branch, Leaf, Node, Twig, describe

_LIFECYCLE = ("finalizers", "ownerReferences", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds")
_STORED = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
SERVER_KEYS = frozenset((*_STORED, *_LIFECYCLE))
"""What a Kubernetes API server adds to `metadata`; read over, as is `status`."""

_ROOT_KEYS = ("apiVersion", "kind", "metadata", "spec", "status")
_FOREIGN = {"litmuschaos.io/": "Litmus", "chaos-mesh.org/": "Chaos Mesh"}


def parse(text: str | bytes, registry: Registry, *, file: str = "<text>") -> Experiment:
    """The one experiment that `text` (YAML 1.2 or JSON) describes. Raises InvalidDocument with all problems.

    `file` is only a name for messages; it becomes the experiment's `source`.
    """
    report = Report(file)
    documents = _documents(text, report)
    if len(documents) > 1:
        fact = f"holds {len(documents)} documents where one is wanted; the second begins in line {documents[1].line}"
        report.stop("limit", documents[1].root.spot, Place(), fact, "give each experiment a file of its own")
    experiment = _experiment(documents[0].root, Reader(report, registry), file)
    return _finished((experiment,), report)[0]


def parse_many(text: str | bytes, registry: Registry, *, file: str = "<text>") -> tuple[Experiment, ...]:
    """All experiments of a text with `---` between them; empty documents are left out.

    Each one's `source` is `file:line`, the line where its document begins. Raises InvalidDocument with all problems.
    """
    report = Report(file)
    reader = Reader(report, registry)
    documents = _documents(text, report)
    experiments = tuple(_experiment(document.root, reader, f"{file}:{document.line}") for document in documents)
    _check_names(documents, report)
    return _finished(experiments, report)


def parse_file(path: str | Path, registry: Registry) -> Experiment:
    """The one experiment in a file. Raises InvalidDocument, also where the file cannot be read."""
    return parse(read_file(path), registry, file=str(path))


def read_file(path: str | Path) -> bytes:
    """The bytes of a document's file, at most a little over the limit. Raises InvalidDocument."""
    try:
        with Path(path).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        _unreadable(str(path), error)


def _unreadable(path: str, error: OSError | ValueError) -> NoReturn:
    report = Report(quoted(path)[1:-1] if not path.isprintable() else path)
    if isinstance(error, FileNotFoundError):
        report.stop("file", START, Place(), "no such file", _neighbour(Path(path)))
    if isinstance(error, IsADirectoryError):
        report.stop("file", START, Place(), "is a directory", "name a file in it")
    if isinstance(error, PermissionError):
        report.stop("file", START, Place(), "may not be read", "give yourself permission: chmod u+r")
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    report.stop("file", START, Place(), f"cannot be read: {why}", "name a readable file")


def _neighbour(path: Path) -> str:
    try:
        names = [entry.name for _, entry in zip(range(1000), path.parent.iterdir(), strict=False)]
    except OSError:
        return "look at the path"
    near = nearest(path.name, names)
    return f"did you mean '{path.parent / near}'?" if near else "look at the path"


def _documents(text: str | bytes, report: Report) -> tuple[Document, ...]:
    found = compose(decode(text, report) if isinstance(text, bytes) else text, report)
    full = tuple(document for document in found if not _is_empty(document.root))
    if not full:
        report.stop("missing", START, Place(), "is empty", f"begin with `apiVersion: {API_VERSION}`")
    return full


def _is_empty(root: Node) -> bool:
    return isinstance(root, Leaf) and root.value is None


def _finished(experiments: tuple[Experiment | Bad, ...], report: Report) -> tuple[Experiment, ...]:
    good = tuple(experiment for experiment in experiments if not isinstance(experiment, Bad))
    if report.problems or len(good) != len(experiments):
        raise report.error()
    return good


def _check_names(documents: tuple[Document, ...], report: Report) -> None:
    lines: dict[tuple[object, object], int] = {}
    for document in documents:
        metadata = document.root.get("metadata") if isinstance(document.root, Branch) else None
        name = metadata.get("name") if isinstance(metadata, Branch) else None
        if not isinstance(metadata, Branch) or not isinstance(name, Leaf):
            continue
        namespace = metadata.get("namespace")
        key = (name.value, namespace.value if isinstance(namespace, Leaf) else "")
        if key in lines:
            fact = f"the name {quoted(name.text)} is taken by the experiment in line {lines[key]}"
            place = Place().child("metadata").child("name")
            report.add("duplicate", name.spot, place, fact, "give each experiment a name of its own")
        lines.setdefault(key, name.spot.line)


def _experiment(root: Node, reader: Reader, source: str) -> Experiment | Bad:
    top = Place()
    if not isinstance(root, Branch):
        remedy = f"begin with `apiVersion: {API_VERSION}`"
        return reader.bad("type", root, top, f"must be a mapping, not {describe(root)}", remedy)
    if not any(leaf.value in _ROOT_KEYS for leaf, _ in root.items) and not _tool(root):
        return reader.bad("foreign", root, top, "is not an experiment", f"begin with `apiVersion: {API_VERSION}`")
    if not _is_ours(root, reader):
        return BAD
    parts: dict[str, Node] = {}
    for key, leaf, child in reader.keys(root, top):
        parts[key] = child
        if key not in _ROOT_KEYS:
            reader.unknown(leaf, top.child(key), "unknown key", _ROOT_KEYS)
    metadata = _part(parts, "metadata", reader, root)
    spec = _part(parts, "spec", reader, root)
    if metadata is None or spec is None:
        return BAD
    named = reader.record(metadata, record_of(Metadata), top.child("metadata"), SERVER_KEYS)
    body = _spec(spec, reader, top.child("spec"))
    if not isinstance(named, Metadata) or not isinstance(body, Spec):
        return BAD
    return Experiment(named, body, source)


def _part(parts: dict[str, Node], key: str, reader: Reader, root: Branch) -> Node | None:
    if key not in parts:
        remedy = "add `metadata: {name: ...}`" if key == "metadata" else "add `spec: {target: ..., action: ...}`"
        reader.bad("missing", root, Place().child(key), "is missing", remedy)
    return parts.get(key) or None


def _is_ours(root: Branch, reader: Reader) -> bool:
    """Whether this is an experiment at all; for another tool's document that is the only problem reported."""
    version, kind = root.get("apiVersion"), root.get("kind")
    said = quoted(version.text)[1:-1] if isinstance(version, Leaf) else ""
    if tool := _tool(root):
        place = Place().child("apiVersion") if version else Place()
        same = isinstance(kind, Leaf) and kind.text == KIND
        start = "write it as a ChaosExperiment: `squall init` makes one to start from"
        remedy = f"write apiVersion: {API_VERSION}" if same else start
        fact = f"is {tool}'s {said}, not {API_VERSION}" if said else f"is a document of {tool}"
        fact += f"; {tool} has a kind of the same name" if same else ""
        reader.bad("foreign", version or root, place, fact, remedy)
        return False
    good = _must_be(root, "apiVersion", API_VERSION, reader)
    return _must_be(root, "kind", KIND, reader) and good


def _tool(root: Branch) -> str:
    """The other tool whose document this is, or nothing."""
    version = root.get("apiVersion")
    if version is None and root.get("method") is not None and root.get("title") is not None:
        return "Chaos Toolkit"
    said = version.text if isinstance(version, Leaf) else ""
    return next((name for prefix, name in _FOREIGN.items() if said.startswith(prefix)), "")


def _must_be(root: Branch, key: str, wanted: str, reader: Reader) -> bool:
    node, place = root.get(key), Place().child(key)
    if node is None:
        reader.bad("missing", root, place, "is missing", f"add `{key}: {wanted}`")
    elif not isinstance(node, Leaf) or node.value != wanted:
        reader.bad("foreign", node, place, f"must be {wanted}, not {describe(node)}", f"write {key}: {wanted}")
        return not isinstance(node, Leaf) or key != "kind" or bool(nearest(node.text, (wanted,)))
    return True


def _spec(node: Node, reader: Reader, place: Place) -> Spec | Bad:
    if not isinstance(node, Branch):
        remedy = "write {target: ..., action: ...}"
        return reader.bad("type", node, place, f"must be a mapping, not {describe(node)}", remedy)
    harm = [(leaf, child) for leaf, child in node.items if leaf.value in ("action", "faults")]
    body = reader.record(node, spec_record(), place)
    faults = _faults(node, harm, reader, place)
    _references(node, reader, place)
    if isinstance(faults, Bad) or not isinstance(body, Spec):
        return BAD
    return msgspec.structs.replace(body, faults=faults)


def spec_record() -> Record:
    """`spec` as a record; the keys that hold faults are read by `entries`."""
    fields = {key: field for key, field in record_of(Spec).fields.items() if key != "faults"}
    return Record(Spec, fields, ("action", "faults"))


def _faults(node: Branch, harm: list[tuple[Leaf, Node]], reader: Reader, place: Place) -> tuple[FaultEntry, ...] | Bad:
    if not harm:
        remedy = "add `action: {type: ...}` or a list of `faults`"
        return reader.bad("missing", node, place.child("action"), "is missing", remedy)
    if len(harm) == 2:
        second = harm[1][0]
        fact = f"stands beside `{harm[0][0].text}`: the harm is written twice"
        remedy = "keep `action` for one fault, `faults` for several"
        return reader.bad("conflict", second, place.child(second.text), fact, remedy)
    leaf, child = harm[0]
    where = place.child(leaf.text)
    nodes = [(child, where)]
    if leaf.text == "faults":
        nodes = [(item, where.child(i)) for i, item in enumerate(child.items)] if isinstance(child, Twig) else []
        entries = read_entries(reader, child, where)
    else:
        entry = read_entry(reader, child, where)
        entries = BAD if isinstance(entry, Bad) else (entry,)
    check_graph(faults_of(nodes), reader.report)
    return entries


def _references(node: Branch, reader: Reader, place: Place) -> None:
    """Names of observations and stop conditions are unique, and observations name existing faults."""
    action, faults = node.get("action"), node.get("faults")
    nodes = [(item, place) for item in faults.items] if isinstance(faults, Twig) else []
    nodes += [(action, place)] if action is not None else []
    known = [fault.name for fault in faults_of(nodes)]
    steady = _branches(node.get("steadyState"), place.child("steadyState"))
    for item, where in steady:
        refer(item.get("faults"), where.child("faults"), known, reader.report)
    unique(_names(steady), "observation", reader.report)
    safety = node.get("safety")
    stops = safety.get("stopWhen") if isinstance(safety, Branch) else None
    unique(_names(_branches(stops, place.child("safety").child("stopWhen"))), "stop condition", reader.report)


def _branches(node: Node | None, place: Place) -> list[tuple[Branch, Place]]:
    items = node.items if isinstance(node, Twig) else []
    return [(item, place.child(i)) for i, item in enumerate(items) if isinstance(item, Branch)]


def _names(branches: list[tuple[Branch, Place]]) -> list[tuple[str, Branch, Place, bool]]:
    found = []
    for item, where in branches:
        leaf = item.get("name")
        if isinstance(leaf, Leaf) and isinstance(leaf.value, str):
            found.append((leaf.value, item, where, True))
    return found
