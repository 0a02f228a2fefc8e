"""The local repository keeps what it was given, for any number of processes, and survives damage."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from squall._kit.errors import InvalidCall, TargetNotFound, Unreachable, Unsupported
from squall.run.result import RunResult
from squall.store.local import MIGRATIONS, Store, StoreDamaged

SAMPLES = Path(__file__).parents[1] / "report" / "samples.py"


def _load_samples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("samples", SAMPLES)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HELD: RunResult = _load_samples().held()


def _result(run: str, started: float = 1000.0, name: str = "slow") -> RunResult:
    return msgspec.structs.replace(HELD, run=run, started_wall=started, name=name, series=())


def test_a_result_comes_back_as_it_was_given(tmp_path: Path) -> None:
    store = Store(tmp_path / "new" / "home")
    store.add(HELD)
    assert store.result(HELD.run) == HELD
    assert store.result("last") == HELD


def test_making_a_store_touches_nothing(tmp_path: Path) -> None:
    Store(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_a_run_goes_from_running_to_finished(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.begin("r1", "slow", "sha256:x", 1000.0)
    (row,) = store.runs()
    assert (row.state, row.pid, row.outcome) == ("running", os.getpid(), None)
    store.finish(_result("r1"))
    (row,) = store.runs()
    assert (row.state, row.outcome, row.exit_code) == ("finished", "HELD", 0)


def test_an_interrupted_run_can_be_restored_later_and_a_finished_one_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.begin("r1", "slow", "sha256:x", 1000.0)
    store.interrupted("r1", restored=False, note="killed")
    assert store.runs()[0].state == "interrupted"
    store.interrupted("r1", restored=True, note="healed by recover")
    assert (store.runs()[0].state, store.runs()[0].note, store.runs()[0].name) == (
        "restored",
        "healed by recover",
        "slow",
    )
    store.add(_result("r2"))
    store.interrupted("r2", restored=False)
    assert store.runs()[0].state == "finished"


def test_runs_are_newest_first_by_name_and_limited(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for i in range(5):
        store.add(_result(f"r{i}", started=1000.0 + i, name="even" if i % 2 == 0 else "odd"))
    assert [row.run for row in store.runs(limit=2)] == ["r4", "r3"]
    assert [row.run for row in store.runs(name="odd")] == ["r3", "r1"]
    assert store.result("last").run == "r4"


def test_a_unique_prefix_is_enough_and_an_exact_id_always_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for run in ("abc-1", "abc-10", "xyz_1"):
        store.add(_result(run))
    assert store.result("x").run == "xyz_1"
    assert store.result("abc-1").run == "abc-1"
    with pytest.raises(TargetNotFound, match="more than one") as caught:
        store.result("abc")
    assert "abc-1, abc-10" in (caught.value.hint or "")


@pytest.mark.parametrize("run", ["nothing", "", "%", "_", "last"])
def test_an_unknown_run_is_an_error_with_a_hint(tmp_path: Path, run: str) -> None:
    with pytest.raises(TargetNotFound) as caught:
        Store(tmp_path).result(run)
    assert caught.value.hint


def test_a_running_run_has_no_result_yet(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.begin("r1", "slow", "sha256:x", 1000.0)
    with pytest.raises(TargetNotFound, match="is running and has no result"):
        store.result("r1")


@pytest.mark.parametrize("run", ["../x", "a/b", "", ".hidden", "last", "a\0"])
def test_a_run_cannot_leave_its_folder(tmp_path: Path, run: str) -> None:
    with pytest.raises(InvalidCall):
        Store(tmp_path).begin(run, "x", "y", 0.0)


def test_a_damaged_index_is_named_with_its_remedy_and_rebuilt_from_the_folders(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.begin("r0", "slow", "sha256:x", 900.0)
    store.interrupted("r0", restored=True, note="healed")
    store.add(_result("r1"))
    before = store.runs()
    store.path.write_bytes(b"this is no database, not at all" * 100)
    with pytest.raises(StoreDamaged) as caught:
        store.runs()
    assert str(store.path) in (caught.value.hint or "")
    assert store.rebuild() == 2
    assert store.runs() == before
    assert len(list(tmp_path.glob("squall.db.damaged-*"))) == 1


def test_the_remedy_of_the_error_works_by_hand(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(_result("r1"))
    store.path.write_bytes(b"x" * 5000)
    store.path.rename(tmp_path / "away")
    for beside in tmp_path.glob("squall.db-*"):
        beside.unlink()
    assert [row.run for row in store.runs()] == ["r1"]


def test_a_damaged_result_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(_result("r1"))
    (tmp_path / "runs" / "r1" / "result.json").write_text("{")
    with pytest.raises(StoreDamaged, match=r"result\.json"):
        store.result("r1")


def test_a_newer_schema_is_not_touched(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(_result("r1"))
    with closing(sqlite3.connect(store.path)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(Unsupported, match="schema") as caught:
        store.runs()
    assert "upgrade" in (caught.value.hint or "")


def test_a_home_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("x")
    with pytest.raises(Unreachable) as caught:
        Store(tmp_path / "home").runs()
    assert "SQUALL_HOME" in (caught.value.hint or "")


def test_the_index_uses_write_ahead_logging(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.runs()
    with closing(sqlite3.connect(store.path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_no_draft_is_left_beside_a_result(tmp_path: Path) -> None:
    Store(tmp_path).add(_result("r1"))
    assert sorted(p.name for p in (tmp_path / "runs" / "r1").iterdir()) == ["result.json", "run.json"]


WRITER = """
import sys
from pathlib import Path
from squall.store.local import Store
store, me = Store(Path(sys.argv[1])), sys.argv[2]
for i in range(15):
    store.begin(f"{me}-{i}", me, "sha256:x", float(i))
    store.interrupted(f"{me}-{i}", restored=True)
"""


def test_processes_that_create_and_write_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), f"w{i}"]) for i in range(6)]
    assert [writer.wait(timeout=30) for writer in writers] == [0] * 6
    rows = Store(tmp_path).runs(limit=1000)
    assert len(rows) == 90 and {row.state for row in rows} == {"restored"}


def test_threads_may_share_a_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    threads = [threading.Thread(target=lambda i=i: store.begin(f"t{i}", "x", "y", float(i))) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.runs()) == 8


def test_opening_an_index_is_quick(tmp_path: Path) -> None:
    Store(tmp_path).runs()
    took = []
    for _ in range(20):
        began = time.perf_counter()
        Store(tmp_path).runs()
        took.append(time.perf_counter() - began)
    print(f"opening and listing: {1000 * min(took):.2f} ms")
    assert min(took) < 0.05
