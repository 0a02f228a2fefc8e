"""What is not to be seen here, and the few places that STYLE.md allows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.shape.code import Function, catalogue, modules, places

FORBIDDEN_CALLS = ("eval", "exec", "compile", "__import__")
FORBIDDEN_MODULES = ("pickle", "marshal", "shelve", "dill")


def _calls() -> Iterator[tuple[str, ast.Call, str]]:
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                yield f"{module.name}:{node.lineno}", node, ast.unparse(node.func)


def test_there_is_no_shell() -> None:
    shells = [where for where, call, _ in _calls() if any(k.arg == "shell" for k in call.keywords)]
    named = [w for w, _, name in _calls() if name in ("os.system", "os.popen", "asyncio.create_subprocess_shell")]
    assert shells + named == []


def test_nothing_is_evaluated() -> None:
    assert [where for where, _, name in _calls() if name in FORBIDDEN_CALLS] == []


def test_nothing_is_unpickled() -> None:
    imports = [
        f"{module.name}:{node.lineno}" for module in modules() for node in ast.walk(module.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(alias.name.split(".")[0] in FORBIDDEN_MODULES for alias in node.names)
    ]  # fmt: skip
    assert imports == []


def test_yaml_is_read_by_a_safe_loader_that_is_named() -> None:
    loads = [(where, call) for where, call, name in _calls() if name in ("yaml.load", "yaml.load_all")]
    unsafe = [w for w, c in loads if not any(k.arg == "Loader" and "Safe" in ast.unparse(k.value) for k in c.keywords)]
    assert unsafe == []
    assert {where.split(":")[0] for where, _ in loads} <= catalogue("yaml.load")


def test_only_the_command_line_prints() -> None:
    printers = {
        where.split(":")[0] for where, _, name in _calls() if name in ("print", "click.echo", "sys.stdout.write")
    }
    exits = {where.split(":")[0] for where, _, name in _calls() if name in ("sys.exit", "exit", "quit", "os._exit")}
    beyond = {name for name in printers | exits if not name.startswith("cli/")}
    assert beyond == catalogue("Printing and exiting outside cli")


def test_broad_excepts_are_the_listed_ones() -> None:
    broad: set[str] = set()
    for place in places():
        if isinstance(place.node, Function):
            broad |= {place.where for h in _handlers(place.node) if _is_broad(h) and not _raises_again(h)}
    assert broad == catalogue("Broad excepts")


def test_errors_that_are_swallowed_are_named_best_effort_or_listed() -> None:
    quiet = {
        place.where for place in places()
        if isinstance(place.node, Function) and "best_effort" not in place.node.name
        and any(len(h.body) == 1 and isinstance(h.body[0], ast.Pass) for h in _handlers(place.node))
    }  # fmt: skip
    assert quiet == catalogue("Swallowed errors")


def _handlers(node: ast.AST) -> Iterator[ast.ExceptHandler]:
    """Handlers of this function, without those of functions within it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            continue
        if isinstance(child, ast.ExceptHandler):
            yield child
        yield from _handlers(child)


def _is_broad(handler: ast.ExceptHandler) -> bool:
    names = ast.unparse(handler.type) if handler.type else "BaseException"
    return bool(re.search(r"\b(Base)?Exception\b", names))


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None


def test_no_public_signature_says_any() -> None:
    loose = {
        place.where for place in places()
        if isinstance(place.node, Function) and not any(p.startswith("_") for p in place.where.split(":")[1].split("."))
        and any(re.search(r"\bAny\b", ast.unparse(note)) for note in _annotations(place.node))
    }  # fmt: skip
    assert loose == catalogue("Any in public signatures")


def _annotations(node: Function) -> Iterator[ast.expr]:
    args = node.args
    for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
        if arg is not None and arg.annotation is not None:
            yield arg.annotation
    if node.returns is not None:
        yield node.returns


def test_there_is_no_dry_run_flag() -> None:
    assert [m.name for m in modules() if re.search(r"\bif (?:\w+\.)*dry_run\b", m.text)] == []


def test_no_module_is_named_for_nothing() -> None:
    empty = ("manager", "helper", "helpers", "utils", "util", "common", "misc")
    assert [m.name for m in modules() if m.name.rsplit("/", 1)[-1].removesuffix(".py") in empty] == []
    assert [p.where for p in places() if re.search(r"(Manager|Helper|Utils)$", p.where)] == []
