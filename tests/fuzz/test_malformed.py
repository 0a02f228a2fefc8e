"""Ten thousand malformed documents, and not one traceback.

Only InvalidDocument comes out; each document costs under a second; each problem names file, line and field. What sorts of mistakes
are found is compared with `histogram.json`; `SQUALL_FUZZ_UPDATE=1` writes it anew. The documents that the histogram counts are made
from the bases here, with the small faults of `tests/spec`, so that neither a new example nor a new fault changes it.
"""

# ruff: noqa: E501  a table is read by the line
from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import spec_samples as samples
from mutate import Mutant, Mutator

from squall._kit.errors import InvalidDocument
from squall.app.load import registry
from squall.spec.model import Registry
from squall.spec.parse import parse_many

SEED = 20_240_004
NUMBER = 10_000
NUMBER_OF_EXAMPLES = 1_000
HISTOGRAM = Path(__file__).parent / "histogram.json"
EXAMPLES = Path(__file__).parents[2] / "examples"
BASES = (samples.POD_FAILURE, samples.NETWORK_LATENCY, samples.EVERYTHING)


def judge(mutant: Mutant, registry: Registry) -> frozenset[str]:
    """The kinds of mistakes in one document; none where it is accepted. Anything but InvalidDocument fails the test."""
    before = time.process_time()
    kinds: set[str] = set()
    try:
        parse_many(mutant.data, registry, file="mutant.yaml")
    except InvalidDocument as error:
        assert error.problems
        for problem in error.problems:
            assert problem.file == "mutant.yaml"
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.field
            assert problem.fact
            assert str(problem).count("\n") <= 1
            assert len(str(problem)) < 2000
            kinds.add(problem.kind)
    assert time.process_time() - before < 1.0
    return frozenset(kinds)


def count(mutants: Iterable[Mutant], registry: Registry) -> dict[str, dict[str, int]]:
    """How many documents of each make have each kind of mistake."""
    counts: dict[str, Counter[str]] = {}
    for mutant in mutants:
        kinds = judge(mutant, registry)
        counts.setdefault(mutant.how, Counter()).update(["documents", *(kinds or ["accepted"])])
    return {how: dict(sorted(counter.items())) for how, counter in sorted(counts.items())}


def test_ten_thousand_malformed_documents_give_no_traceback():
    started = time.perf_counter()
    counts = count(Mutator(BASES, SEED).mutants(NUMBER), samples.REGISTRY)
    accepted = sum(of.get("accepted", 0) for of in counts.values())
    print(f"\n{NUMBER} documents in {time.perf_counter() - started:.1f} s, {accepted} accepted, seed {SEED}")
    print(json.dumps(counts, indent=1))
    assert accepted <= NUMBER * 0.4
    written = {"seed": SEED, "documents": NUMBER, "accepted": accepted, "kinds": counts}
    if os.environ.get("SQUALL_FUZZ_UPDATE"):
        HISTOGRAM.write_text(json.dumps(written, indent=2) + "\n")
    assert written == json.loads(HISTOGRAM.read_text()), "mistakes are found otherwise: look, then SQUALL_FUZZ_UPDATE=1"


def test_malformed_examples_give_no_traceback():
    bases = [
        path.read_text() for path in sorted(EXAMPLES.glob("**/*.yaml")) if "kind: ChaosExperiment" in path.read_text()
    ]
    assert bases
    count(Mutator(bases, SEED).mutants(NUMBER_OF_EXAMPLES), registry())
