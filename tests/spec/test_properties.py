"""Properties: what is written is read back, and nothing but InvalidDocument ever comes out."""

from __future__ import annotations

import contextlib
import json

import spec_samples as samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall._kit.errors import InvalidDocument
from squall.spec import model
from squall.spec.parse import parse, parse_many
from squall.spec.render import document, render
from squall.spec.scalars import Amount, Bound

QUIET = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)

words = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,8}[A-Za-z0-9])?", fullmatch=True).filter(str.isascii)
dns = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True).filter(str.isascii)
text = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Co"), blacklist_characters="\u2028\u2029\ufeff"), max_size=20
)
title = text.filter(lambda line: any(c > " " for c in line)).map(lambda line: "t" + line)
labels = st.dictionaries(words, st.one_of(st.just(""), words), max_size=3)
some_labels = st.dictionaries(words, words, min_size=1, max_size=3)
fractions = st.integers(1, 1000).map(lambda n: n / 1000)
seconds = st.floats(0.001, 1e6, allow_nan=False).map(lambda s: round(s, 6))
counts = st.integers(1, 1000)
share_bounds = st.builds(Bound, st.sampled_from([">=", "<", "=="]), fractions, st.just("percent"))
time_bounds = st.builds(Bound, st.sampled_from(["<", ">="]), seconds, st.just("duration"))
value_bounds = st.one_of(
    st.builds(Bound, st.sampled_from(["<", "!="]), st.integers(-99, 99).map(float), st.just("")),
    st.builds(Bound, st.sampled_from(["==", "!="]), dns.map(lambda w: "x" + w), st.just("text")),
    share_bounds,
)
expects = st.fixed_dictionaries(
    {}, optional={"successRate": share_bounds, "p95": time_bounds, "value": value_bounds, "status": value_bounds}
).filter(bool)


@st.composite
def ranges(draw, numbers, percent):
    low, high = sorted([draw(numbers), draw(numbers)])
    return Amount(float(low), float(high), percent)


spans = ranges(seconds, percent=False)
shares, whole = ranges(fractions, percent=True), ranges(counts, percent=False)
fixed_amounts = st.one_of(
    counts.map(lambda n: Amount(float(n), float(n))), fractions.map(lambda f: Amount(f, f, percent=True))
)
probes = st.one_of(
    st.builds(samples.Http, url=text, timeout=seconds, headers=st.dictionaries(text, text, max_size=2)),
    st.builds(samples.Prometheus, query=text),
    st.builds(samples.Command, argv=st.lists(text, max_size=3).map(tuple)),
)
peers = st.builds(model.PeerSpec, namespace=dns, selector=labels)
fault_settings = st.one_of(
    st.builds(samples.PodKill, grace_period=seconds),
    st.just(samples.PodFailure()),
    st.builds(
        samples.NetworkLatency, latency=seconds, share=fractions, peer=peers, direction=st.sampled_from(["to", "both"])
    ),
    st.builds(samples.NetworkBandwidth, rate=st.floats(1, 1e9)),
    st.builds(
        samples.MemoryStress,
        size=st.integers(1, 10**12).map(float),
        load=fractions,
        workers=st.integers(1, 64),
        factor=st.floats(-1e9, 1e9).filter(lambda f: f != 13),
        ballast=st.booleans(),
        volumes=st.lists(text, max_size=2).map(tuple),
        pick=st.one_of(st.none(), shares, whole),
    ),
)


@st.composite
def targets(draw):
    mode = draw(st.sampled_from([None, "one", "all", "fixed", "fixed-percent", "random-max-percent"]))
    value = draw(whole) if mode == "fixed" else draw(shares) if mode and mode.endswith("percent") else None
    return model.TargetSpec(
        namespace=draw(st.none() | dns), selector=draw(some_labels), exclude=draw(labels), mode=mode, value=value
    )


@st.composite
def entries(draw, name, earlier):
    how_many = draw(st.sampled_from(["count", "percentage", ""]))
    return model.FaultEntry(
        name=name,
        settings=draw(fault_settings),
        duration=draw(spans),
        start_after=tuple(draw(st.lists(st.sampled_from(earlier), unique=True))) if earlier else (),
        start_delay=draw(seconds),
        target=draw(st.none() | targets()),
        count=draw(counts) if how_many == "count" else None,
        percentage=draw(fractions) if how_many == "percentage" else None,
    )


@st.composite
def experiments(draw):
    names = draw(st.lists(words, min_size=1, max_size=3, unique=True))
    faults = tuple(draw(entries(name, names[:i])) for i, name in enumerate(names))
    titles = draw(st.lists(title, max_size=2, unique=True))
    steady = tuple(
        model.SteadyState(
            name=name,
            probe=draw(probes),
            expect=model.Expect(draw(expects)),
            during=draw(st.booleans()),
            reveals=draw(text),
        )
        for name in titles
    )
    safety = model.Safety(min_healthy=draw(st.none() | fixed_amounts), lease=draw(seconds))
    spec = model.Spec(target=draw(targets()), faults=faults, description=draw(text), steady_state=steady, safety=safety)
    return model.Experiment(model.Metadata(name=draw(dns), labels=draw(labels)), spec)


@given(experiments())
@QUIET
def test_a_rendered_experiment_is_read_as_itself(experiment):
    written = render(experiment, samples.REGISTRY)
    assert parse(written, samples.REGISTRY, file="") == experiment
    assert parse(json.dumps(document(experiment, samples.REGISTRY)), samples.REGISTRY, file="") == experiment


def test_the_long_document_is_rendered_and_read_as_itself():
    experiment = parse(samples.EVERYTHING, samples.REGISTRY, file="")
    assert parse(render(experiment, samples.REGISTRY), samples.REGISTRY, file="") == experiment


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
keys = st.sampled_from(
    [
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "spec",
        "target",
        "action",
        "faults",
        "type",
        "selector",
        "mode",
        "value",
        "expect",
        "probe",
    ]
) | st.text(max_size=5)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=20
)
punctuation = st.text(st.sampled_from("{}[]:,-?&*!|>'\"%@`# \t\n\r~<=ab01\\u\x00\x85\ufeff"), max_size=60)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200), punctuation, punctuation.map(str.encode)))
@settings(QUIET, max_examples=600)
def test_only_invalid_document_comes_out_of_any_bytes_and_text(data):
    for door in (parse, parse_many):
        with contextlib.suppress(InvalidDocument):
            door(data, samples.REGISTRY)


@given(
    trees, st.sampled_from(["metadata", "spec", "target", "action", "faults", "steadyState", "safety", "schedule", ""])
)
@settings(QUIET, max_examples=400)
def test_only_invalid_document_comes_out_of_any_tree(tree, where):
    body = {"target": {"refs": ["a/b"]}, "action": {"type": "podKill"}}
    whole_document = {"apiVersion": model.API_VERSION, "kind": model.KIND, "metadata": {"name": "x"}, "spec": body}
    if where in ("metadata", "spec"):
        whole_document[where] = tree
    elif where:
        body[where] = tree
    else:
        whole_document = tree
    with contextlib.suppress(InvalidDocument):
        parse(json.dumps(whole_document), samples.REGISTRY)
