"""Docstrings, messages and words."""

from __future__ import annotations

import ast
import re
import subprocess

from tests.shape.code import ROOT, Function, catalogue, modules, places

ERRORS = re.compile(
    r"^(InvalidDocument|InvalidCall|Refused|TargetNotFound|Unreachable|MissingExtra|Unsupported|Conflict"
    r"|Unwritable|JournalUnwritable|SquallError)$"
)
# Assembled, so that this file does not hold the names that it looks for.
HOSTS = ["py" + "pi.org", "python" + "hosted.org", "proxy.go" + "lang.org", "npm" + "js.org", "crates" + ".io"]


def test_every_module_has_a_docstring() -> None:
    assert [m.name for m in modules() if not ast.get_docstring(m.tree)] == []


def test_every_public_name_has_a_docstring() -> None:
    missing = [
        place.where for place in places()
        if not ast.get_docstring(place.node) and _is_public(place.where) and not _says_it_above(place.node)
        and not _is_nested(place.where)
    ]  # fmt: skip
    assert missing == []


def _is_public(where: str) -> bool:
    return not any(part.startswith("_") for part in where.partition(":")[2].split("."))


def _is_nested(where: str) -> bool:
    """A function within a function is private; a method is not."""
    kinds = {place.where: place.node for place in places()}
    outer = where.rpartition(".")[0]
    return isinstance(kinds.get(outer), Function) if ":" in outer else False


def _says_it_above(node: ast.AST) -> bool:
    """A method that keeps a contract of a protocol, driver, fault, check or probe is documented there."""
    return isinstance(node, Function) and node.name in CONTRACT_METHODS


CONTRACT_METHODS = {
    # Driver
    "refuses", "claims", "describe_undo", "capture", "apply", "renew", "restore", "look", "dose",
    # Fault, network faults, toxics, clocks, meters
    "effects", "shape", "now", "wall", "sleep", "inspector", "snapshot", "sweep",
    # what a meter reads of a plan
    "kind", "address", "protocol", "control", "control_protocol", "pid",
}  # fmt: skip


def test_messages_and_hints_of_errors_end_without_a_full_stop() -> None:
    wrong = [f"{where}: {text}" for where, text in _messages() if text.rstrip().endswith((".", "!")) and text != "..."]
    assert wrong == []


def test_messages_begin_with_the_subject_and_not_with_a_capital() -> None:
    wrong = [f"{where}: {text}" for where, text in _messages() if re.match(r"[A-Z][a-z]+ ", text)]
    assert set(wrong) - catalogue("Messages that begin with a name") == set()


def _messages() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for module in modules():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            values = [keyword.value for keyword in node.keywords if keyword.arg in ("hint", "remedy")]
            if ERRORS.match(name):
                values += node.args[:1]
            found += [(f"{module.name}:{node.lineno}", text) for value in values if (text := _literal(value))]
    return found


def _literal(node: ast.expr) -> str:
    """The text of a string or f-string; a placeholder becomes `{}`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def test_no_tracked_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wrong: list[str] = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file():
            text = path.read_text(errors="ignore")
            wrong += [f"{name}: {host}" for host in HOSTS if host in text]
    assert wrong == []
