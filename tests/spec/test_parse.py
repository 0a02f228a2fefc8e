"""Whole documents: what is read, and what is said of mistakes."""

# ruff: noqa: E501  a table is read by the line
from __future__ import annotations

import time

import pytest
import spec_samples as samples
from spec_samples import NetworkLatency, PodFailure, PodKill, document, problems, read, says, with_fault

from squall._kit.errors import InvalidDocument
from squall.spec.model import PeerSpec
from squall.spec.parse import parse, parse_file, parse_many
from squall.spec.scalars import Amount, Bound

T = samples.TARGET


def test_the_seeds_pod_failure_parses_verbatim():
    experiment = read(samples.POD_FAILURE)
    (entry,) = experiment.spec.faults
    assert (entry.name, entry.settings, entry.count) == ("podFailure", PodFailure(), 1)
    assert entry.duration == Amount(300.0, 300.0)
    assert experiment.spec.schedule.time_window.start == "2023-06-01T01:00:00Z"
    assert experiment.spec.monitoring.alerts[0].threshold == 0.01


def test_the_seeds_network_latency_parses_verbatim():
    experiment = read(samples.NETWORK_LATENCY)
    (entry,) = experiment.spec.faults
    assert entry.settings == NetworkLatency(latency=0.5)
    assert (entry.percentage, entry.count) == (0.5, None)
    assert experiment.spec.schedule.cron == "0 1 * * 2"


def test_every_key_of_the_document_is_read():
    spec = read(samples.EVERYTHING).spec
    cut, slow, hog, kill = spec.faults
    assert cut.duration == Amount(180.0, 300.0)
    assert cut.settings.peer == PeerSpec(selector={"app": "db"})
    assert (slow.start_after, slow.start_delay, slow.settings.rate) == (("cut",), 10.0, 1_250_000.0)
    assert (hog.settings.size, hog.settings.pick, hog.percentage) == (268_435_456.0, Amount(1, 3), 0.25)
    assert (kill.name, kill.settings, kill.target.value) == ("podKill", PodKill(), Amount(1, 1))
    assert spec.target.value == Amount(0.25, 0.5, percent=True)
    assert spec.steady_state[0].expect.bounds["p95"] == Bound("<", 0.8, "duration")
    assert spec.steady_state[1].expect.bounds == {"value": Bound("<", 0.25, "percent")}
    assert (spec.safety.stop_when[0].hold, spec.safety.stop_when[0].every) == (15.0, 2.0)


MISTAKES = [
    (T + "\naction: {type: podKill, duraton: 5m}", "x.yaml:6: spec.action.duraton: unknown key\nhint: did you mean 'duration'?"),
    (T + "\naction: {type: podKil}", "x.yaml:6: spec.action.type: unknown fault \"podKil\"\nhint: did you mean 'podKill'?"),
    (T + "\naction: {type: podKill, latency: 5ms}", "x.yaml:6: spec.action.latency: unknown key of podKill\nhint: 'latency' belongs to networkLatency"),
    (T + "\naction: {duration: 5m}", "x.yaml:6: spec.action.type: is missing\nhint: add `type`: memoryStress, networkBandwidth, networkLatency, podFailure, podKill"),
    (T + "\naction: {type: podFailure}", "x.yaml:6: spec.action.duration: is missing: podFailure lasts until it is ended\nhint: add `duration: 5m`"),
    (T + "\naction: {type: podFailure, duration: 0}", 'x.yaml:6: spec.action.duration: must be more than 0, not "0"\nhint: write a larger value'),
    (T + "\naction: {type: podFailure, duration: 50%}", 'x.yaml:6: spec.action.duration: "50%" is not a duration\nhint: write it as 30s, 5m, 1h30m, 250ms or PT30S'),
    (T + "\naction: {type: podKill, count: 1, percentage: 5}", "x.yaml:6: spec.action.percentage: stands beside `count`: both say how many targets\nhint: keep one of them"),
    (T + "\naction: {type: podKill, count: 0}", "x.yaml:6: spec.action.count: must be at least 1, not the number 0\nhint: write a value within the bounds"),
    (T + "\naction: {type: podKill, count: '1'}", 'x.yaml:6: spec.action.count: must be a whole number, not the text "1"\nhint: take the quotes away'),
    (T + "\naction: {type: networkLatency, duration: 5m}", "x.yaml:6: spec.action.latency: is missing\nhint: add `latency: 30s`"),
    (T + "\naction: {type: memoryStress, size: 1GB, duration: 5m, factor: 13}", "x.yaml:6: spec.action: factor brings bad luck"),
    (T + "\naction: {type: memoryStress, size: 1GB, duration: 5m, ballast: yes}", 'x.yaml:6: spec.action.ballast: must be true or false, not the text "yes"\nhint: write true'),
    (T + "\naction: {type: memoryStress, size: 1GB, duration: 5m, volumes: /data}", 'x.yaml:6: spec.action.volumes: must be a list, not the text "/data"\nhint: write [/data]'),
    (T, "x.yaml:5: spec.action: is missing\nhint: add `action: {type: ...}` or a list of `faults`"),
    (T + "\naction: {type: podKill}\nfaults: [{type: podKill}]", "x.yaml:7: spec.faults: stands beside `action`: the harm is written twice\nhint: keep `action` for one fault, `faults` for several"),
    (T + "\nfaults: []", "x.yaml:6: spec.faults: has no entry\nhint: add `- type: ...`"),
    (T + "\nfaults:\n- {type: podKill}\n- {type: podKill}", 'x.yaml:8: spec.faults[1].name: the name "podKill" is taken by the fault in line 7\nhint: add a `name` of its own'),
    (T + "\nfaults: [{name: cut, type: podKill, startAfter: [cat]}]", "x.yaml:6: spec.faults[0].startAfter[0]: no fault is named \"cat\"\nhint: did you mean 'cut'?"),
    (T + "\nfaults:\n- {name: a, type: podKill, startAfter: [b]}\n- {name: b, type: podKill, startAfter: [a]}", "x.yaml:7: spec.faults[0].startAfter: waits for itself: a -> b -> a\nhint: take one of these names out of its startAfter"),
    ("action: {type: podKill}", "x.yaml:5: spec.target: is missing\nhint: add `target: {selector: {app: ...}}`"),
    ("target: {namespace: production}\naction: {type: podKill}", "x.yaml:5: spec.target: selects by no label and no name\nhint: add `selector: {app: ...}`, `expressions` or `refs`"),
    ("target: {selector: {app: 1}}\naction: {type: podKill}", 'x.yaml:5: spec.target.selector.app: must be text, not the number 1\nhint: write "1"'),
    ("target: {selector: {version: 1.10}}\naction: {type: podKill}", 'x.yaml:5: spec.target.selector.version: must be text, not the number 1.10\nhint: write "1.10"'),
    ("target: {refs: [a/b], mode: fixed}\naction: {type: podKill}", "x.yaml:5: spec.target.value: is missing: mode fixed needs it\nhint: add `value: 1`"),
    ("target: {refs: [a/b], mode: fixed, value: 50%}\naction: {type: podKill}", "x.yaml:5: spec.target.value: must be a whole number of 1 or more with mode fixed\nhint: write 1, or `mode: fixed-percent`"),
    ("target: {refs: [a/b], mode: fixed-percent, value: 150}\naction: {type: podKill}", "x.yaml:5: spec.target.value: must be a percentage above 0 and up to 100 with mode fixed-percent\nhint: write 50%"),
    ("target: {refs: [a/b], mode: all, value: 1}\naction: {type: podKill}", "x.yaml:5: spec.target.value: has no place with mode all\nhint: take it away, or write `mode: fixed` or `mode: fixed-percent`"),
    ("target: {refs: [a/b], value: 1}\naction: {type: podKill}", "x.yaml:5: spec.target.value: stands without a mode\nhint: add `mode: fixed`"),
    ("target: {refs: [a/b], mode: most}\naction: {type: podKill}", 'x.yaml:5: spec.target.mode: must be one of one, all, fixed, fixed-percent, random-max-percent, not "most"\nhint: known: one, all, fixed, fixed-percent, random-max-percent'),
    ("target: {expressions: [{key: a, operator: In}]}\naction: {type: podKill}", "x.yaml:5: spec.target.expressions[0].values: is missing: the operator In needs it\nhint: add `values: [...]`"),
    (T + "\naction: {type: podKill}\nschedule: {timeWindow: {start: 2030-01-02T00:00:00Z, end: 2030-01-01T00:00:00Z}}", "x.yaml:7: spec.schedule.timeWindow.end: is not after the start, 2030-01-02T00:00:00Z\nhint: write a later moment"),
    (T + "\naction: {type: podKill}\nsteadyState: [{name: a, probe: {htp: {}}, expect: '> 1'}]", "x.yaml:7: spec.steadyState[0].probe.htp: unknown probe\nhint: did you mean 'http'?"),
    (T + "\naction: {type: podKill}\nsteadyState: [{name: a, probe: {}, expect: '> 1'}]", "x.yaml:7: spec.steadyState[0].probe: must have exactly one probe's name as its key, not 0\nhint: write {http: {url: ...}}"),
    (T + "\naction: {type: podKill}\nsteadyState: [{name: a, probe: {prometheus: {query: q}}, expect: {p96: '< 1s'}}]", "x.yaml:7: spec.steadyState[0].expect.p96: unknown metric\nhint: did you mean 'p99'?"),
    (T + "\naction: {type: podKill}\nsteadyState: [{name: a, probe: {prometheus: {query: q}}, expect: '> 1', faults: [cut]}]", 'x.yaml:7: spec.steadyState[0].faults[0]: no fault is named "cut"\nhint: known: podKill'),
    (T + "\naction: {type: podKill}\nsafety:", "x.yaml:7: spec.safety: has no value\nhint: write a value, or take the key away"),
    (T + "\naction: {type: podKill}\naction: {type: podKill}", "x.yaml:7: spec.action: is written twice, in line 6 and in line 7\nhint: keep one of them"),
    (T + "\naction: {type: podKill, target: *t}", "x.yaml:6: spec.action.target: the alias *t stands for an anchor that is not set above\nhint: set &t before it, or quote text that begins with *"),
    (T + "\naction: !!python/name:os.system x", "x.yaml:6: spec.action: has the tag !!python/name:os.system, which has no place here\nhint: take the tag away"),
    (T + "\n<<: {a: b}\naction: {type: podKill}", 'x.yaml:6: spec["<<"]: is a merge key, which YAML 1.2 does not have\nhint: write the keys out'),
    (T + "\n\taction: x", "x.yaml:6: <document>: is not YAML: found character that cannot start any token\nhint: indent with spaces, not tabs, and quote text that begins with @, ` or %"),
    (T + "\ndescription: \x01\naction: {type: podKill}", "x.yaml:6: <document>: holds the control character U+0001\nhint: take it away"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "said"), MISTAKES, ids=[said.splitlines()[0][:70] for _, said in MISTAKES])
def test_a_mistake_is_said_exactly_once(spec, said):
    text = document(spec)
    assert says(text) == [said]


HEADERS = [
    ("", "x.yaml:1: <document>: is empty\nhint: begin with `apiVersion: chaos.example.com/v1`"),
    ("- a", "x.yaml:1: <document>: must be a mapping, not a list\nhint: begin with `apiVersion: chaos.example.com/v1`"),
    ("a: b", "x.yaml:1: <document>: is not an experiment\nhint: begin with `apiVersion: chaos.example.com/v1`"),
    (
        "apiVersion: litmuschaos.io/v1alpha1\nkind: ChaosExperiment",
        "x.yaml:1: apiVersion: is Litmus's litmuschaos.io/v1alpha1, not chaos.example.com/v1; "
        "Litmus has a kind of the same name\nhint: write apiVersion: chaos.example.com/v1",
    ),
    (
        "apiVersion: chaos-mesh.org/v1alpha1\nkind: PodChaos\nspec: {}",
        "x.yaml:1: apiVersion: is Chaos Mesh's chaos-mesh.org/v1alpha1, not chaos.example.com/v1\n"
        "hint: write it as a ChaosExperiment: `squall init` makes one to start from",
    ),
    ("{title: a, method: []}", "x.yaml:1: <document>: is a document of Chaos Toolkit\nhint: write it as a ChaosExperiment: `squall init` makes one to start from"),
    (b"a: \xff", "x.yaml:1: <document>: is not UTF-8: byte 0xff\nhint: save it as UTF-8"),
    (b"a\nb\0", "x.yaml:2: <document>: is binary, not text\nhint: give a YAML or JSON document"),
    ("a\ud800", "x.yaml:1: <document>: holds the control character U+D800\nhint: take it away"),
    ("x" * (1 << 20) + "y", "x.yaml:1: <document>: is larger than 1 MiB\nhint: split it into several documents"),
    ("[" * 100, "x.yaml:1: <document>: is nested deeper than 64 levels\nhint: flatten it"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), HEADERS, ids=[said.splitlines()[0][:60] for _, said in HEADERS])
def test_what_is_no_experiment_is_said_in_one_line(text, said):
    assert says(text) == [said]


def test_all_mistakes_come_at_once_in_the_order_of_the_text():
    found = problems(document("target: {}\naction: {type: podKil}\nsafety: {lease: 5 minutes, maxTarget: 1}\nnope: 1"))
    assert [(problem.line, problem.field) for problem in found] == [
        (5, "spec.target"),
        (6, "spec.action.type"),
        (7, "spec.safety.lease"),
        (7, "spec.safety.maxTarget"),
        (8, "spec.nope"),
    ]


def test_a_hundred_mistakes_are_enough():
    found = problems(document(T + "\naction: {type: podKill}\n" + "\n".join(f"bad{i}: 1" for i in range(5000))))
    assert len(found) == 100


def test_yaml_is_read_by_the_core_schema_of_1_2():
    entry = read(with_fault("{type: podKill, count: 010, gracePeriod: 0x1f}")).spec.faults[0]
    assert (entry.count, entry.settings.grace_period) == (10, 31.0)
    assert read(with_fault("{type: podKill, count: 0o17}")).spec.faults[0].count == 15
    assert read(with_fault("{type: memoryStress, size: 1GB, duration: 1, volumes: [12:30, yes, off, 1_000, 2023-01-01]}")).spec.faults[0].settings.volumes == ("12:30", "yes", "off", "1_000", "2023-01-01")  # fmt: skip


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan", "9" * 400, "1" + "0" * 30])
def test_numbers_beyond_reason_are_refused(number):
    assert [p.field for p in problems(with_fault(f"{{type: podKill, count: {number}}}"))] == ["spec.action.count"]
    assert [p.field for p in problems(with_fault(f"{{type: podKill, gracePeriod: {number}}}"))] == [
        "spec.action.gracePeriod"
    ]


def test_json_is_read_with_its_escapes():
    text = (
        '{"apiVersion": "chaos.example.com/v1", "kind": "ChaosExperiment", "metadata": {"name": "x"}, "spec": {\n'
        '\t"description": "\\ud83d\\ude00 \\u00e9 \\/", "target":{"refs":["a/b"]}, "action": {"type": "podKill"}}}'
    )
    assert read(text).spec.description == "😀 é /"


def test_anchors_work_and_bombs_do_not():
    spec = "target: &t {selector: {app: api}}\nfaults: [{name: a, type: podKill, target: *t}]"
    assert read(document(spec)).spec.faults[0].target.selector == {"app": "api"}
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for i in range(1, 9):
        bomb += f"{'abcdefghi'[i]}: &{'abcdefghi'[i]} [{', '.join(['*' + 'abcdefghi'[i - 1]] * 9)}]\n"
    assert problems(bomb)[0].fact == "holds more than 50000 values, aliases written out"
    deep = "a: &a0 " + "[" * 50 + "]" * 50 + "\nb: " + "[" * 50 + "*a0" + "]" * 50
    assert problems(deep)[0].fact == "is nested deeper than 64 levels"
    assert "the alias *a stands for itself" in [problem.fact for problem in problems("a: &a [*a]")]


def test_what_the_api_server_adds_is_read_over():
    meta = "{name: x, uid: 1, resourceVersion: 5, creationTimestamp: null, managedFields: [{}], generation: 2}"
    text = document(T + "\naction: {type: podKill}", meta) + "status: {phase: Done, on: [1, {}]}\n"
    assert read(text).metadata.name == "x"


def test_the_source_names_the_file():
    assert read(samples.POD_FAILURE).source == "x.yaml"


def test_many_documents_know_their_lines():
    text = samples.POD_FAILURE + "---\n---\n" + samples.NETWORK_LATENCY
    first, second = parse_many(text, samples.REGISTRY, file="x.yaml")
    assert (first.source, second.source) == ("x.yaml:1", "x.yaml:26")
    assert says(text) == [
        "x.yaml:26: <document>: holds 2 documents where one is wanted; the second begins in line 26\n"
        "hint: give each experiment a file of its own"
    ]


def test_many_documents_have_names_of_their_own():
    with pytest.raises(InvalidDocument) as caught:
        parse_many(samples.POD_FAILURE + "---\n" + samples.POD_FAILURE, samples.REGISTRY, file="x.yaml")
    assert [str(problem) for problem in caught.value.problems] == [
        'x.yaml:28: metadata.name: the name "pod-failure-test" is taken by the experiment in line 4\n'
        "hint: give each experiment a name of its own"
    ]


def test_files_that_cannot_be_read_are_said_so(tmp_path):
    good = tmp_path / "experiment.yaml"
    good.write_text(samples.POD_FAILURE)
    assert parse_file(good, samples.REGISTRY).source == str(good)
    wrong = tmp_path / "experimnt.yaml"
    for path, said in (
        (wrong, f"{wrong}:1: <document>: no such file\nhint: did you mean '{good}'?"),
        (tmp_path, f"{tmp_path}:1: <document>: is a directory\nhint: name a file in it"),
        ("/dev/zero", "/dev/zero:1: <document>: is larger than 1 MiB\nhint: split it into several documents"),
        ("a\0b", "a\\x00b:1: <document>: cannot be read: embedded null byte\nhint: name a readable file"),
    ):
        with pytest.raises(InvalidDocument) as caught:
            parse_file(path, samples.REGISTRY)
        assert [str(problem) for problem in caught.value.problems] == [said]


HOSTILE = {
    "brackets": "[" * 1_000_000,
    "braces": "{" * 1_000_000,
    "dashes": "- " * 500_000,
    "questions": "? " * 500_000,
    "keys": "".join(f"k{i}: 1\n" for i in range(80_000)),
    "doubles": "k: 1\n" * 80_000,
    "long number": "a: " + "9" * 1_000_000,
    "long key": "? " + "k" * 500_000 + "\n: 1\n",
    "long cron": document(T + '\nschedule: {cron: "' + "1," * 400_000 + '"}'),
    "documents": "---\na: b\n" * 100_000,
    "ring": document(T + "\nfaults:\n" + "\n".join(f"- {{type: podKill, name: n{i}, startAfter: [n{(i + 1) % 100}]}}" for i in range(100))),
    "unknown keys": document("\n".join(f"unk{i}: 1" for i in range(24_000))),
    "labels": document(T + "\naction: {type: podKill}", "{name: x, labels: {" + ", ".join(f"a{i}: b c" for i in range(20_000)) + "}}"),
    "escapes": '{"a": "' + "\\\\" * 400_000 + '\\ud83d"}',
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_in_under_a_second(name):
    before = time.process_time()
    assert problems(HOSTILE[name])
    assert time.process_time() - before < 1.0


def test_a_fault_may_not_take_the_name_of_a_common_key():
    class Bad(samples.Fault, frozen=True, kw_only=True, tag="bad"):
        count: int = 1

    registry = samples.Registry({"bad": Bad}, {})
    with pytest.raises(
        TypeError, match="the setting count of the fault bad has the name of a key that all faults share"
    ):
        parse(with_fault("{type: bad}"), registry)
