"""Malformed documents through the command line: never a traceback, always file, line and field."""

from __future__ import annotations

import re

from tests.calling import Cli
from tests.fuzz.mutate import Mutator

LINE = re.compile(r"^mutant-\d+\.yaml:\d+: \S.*: .+")
NUMBER = 300


def test_three_hundred_malformed_documents_are_told_file_line_and_field(squall: Cli) -> None:
    bases = (squall("drill", "pod-kill", "--show").out, squall("drill", "network-partition", "--show").out)
    mutants = Mutator(bases, seed=7).mutants(NUMBER)
    names = [f"mutant-{n}.yaml" for n in range(NUMBER)]
    for name, mutant in zip(names, mutants, strict=True):
        (squall.cwd / name).write_bytes(as_bytes(mutant.data))
    said = squall("validate", *names, "-o", "json")
    assert said.code == 2
    assert "Traceback" not in said.err
    results = said.data
    assert [result["file"] for result in results] == names
    assert sum(not result["valid"] for result in results) > NUMBER / 2
    for result in results:
        assert result["valid"] or all(LINE.match(problem) for problem in result["problems"])


def as_bytes(data: str | bytes) -> bytes:
    """The document as it lies on disk; what no encoding can hold is noise too."""
    return data if isinstance(data, bytes) else data.encode("utf-8", errors="surrogatepass")
