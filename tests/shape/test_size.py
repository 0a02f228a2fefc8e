"""Budgets on functions, files, parameters and nesting."""

from __future__ import annotations

import ast
import statistics

from tests.shape.code import SRC, Function, catalogue, functions, length, modules

FUNCTION_LINES_MAX = 70
FUNCTION_LINES_WANTED = 40
FILE_LINES_MAX = 400
PARAMETERS_MAX = 6
NESTING_MAX = 3
NESTS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def test_no_function_is_longer_than_the_hard_limit(record_property: object) -> None:
    lines = {where: length(node) for where, node in functions()}
    ordered = sorted(lines.values())
    print(
        f"{len(ordered)} functions: median {statistics.median(ordered):g} lines, "
        f"90th percentile {ordered[len(ordered) * 9 // 10]}, longest {ordered[-1]}"
    )
    assert {where for where, count in lines.items() if count > FUNCTION_LINES_MAX} == set()


def test_functions_over_the_wanted_length_are_listed() -> None:
    long = {where for where, node in functions() if length(node) > FUNCTION_LINES_WANTED}
    assert long == catalogue("Functions over 40 lines")


def test_no_file_is_longer_than_the_limit() -> None:
    assert {m.name for m in modules() if m.text.count("\n") > FILE_LINES_MAX} == set()


def test_functions_have_few_parameters() -> None:
    many = {w for w, node in functions() if _parameters(node) > PARAMETERS_MAX and not _is_command(node)}
    assert many == catalogue("More than six parameters")


def test_code_nests_at_most_three_deep() -> None:
    deep = {where for where, node in functions() if _depth(node) > NESTING_MAX}
    assert deep == catalogue("Nesting over three")


def test_the_package_is_where_we_look() -> None:
    assert (SRC / "py.typed").exists()
    assert len(modules()) > 100


def _parameters(node: Function) -> int:
    args = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return len([arg for arg in args if arg.arg not in ("self", "cls")])


def _is_command(node: Function) -> bool:
    return any("command(" in ast.unparse(decorator) for decorator in node.decorator_list)


def _depth(node: ast.AST, depth: int = 0) -> int:
    """Blocks within blocks; an elif is no deeper than its if, and a nested function counts for itself."""
    deepest = depth
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, Function | ast.ClassDef | ast.Lambda):
                continue
            is_elif = field == "orelse" and isinstance(node, ast.If) and isinstance(child, ast.If) and len(value) == 1
            deeper = isinstance(child, NESTS) and not is_elif
            deepest = max(deepest, _depth(child, depth + deeper))
    return deepest
