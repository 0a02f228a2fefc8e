"""A journal is read whatever has become of it, and everything intact in it is used."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall._kit.clock import SystemClock, boottime
from squall._kit.errors import Conflict
from squall.journal.api import AnyEntry, Record, State, unsettled_of
from squall.journal.file import FileJournal, encode_line, is_live, read
from squall.run.recover import heal
from squall.targets.api import Mark, Settings
from squall.targets.memory import state
from squall.targets.registry import Drivers, open_platform
from tests.journal.samples import ENTRIES, PODS, record

LINES = [encode_line(entry) for entry in ENTRIES]
WHOLE = b"".join(LINES)
ENDS = [sum(map(len, LINES[: n + 1])) for n in range(len(LINES))]
FLIPS = (0x01, 0x80)


def written(folder: Path, data: bytes) -> Path:
    path = folder / "journal"
    path.write_bytes(data)
    return path


def test_a_tail_torn_at_any_byte_costs_the_torn_entry_alone(tmp_path: Path) -> None:
    for length in range(len(WHOLE) + 1):
        path = written(tmp_path, WHOLE[:length])
        complete = sum(end - 1 <= length for end in ENDS)  # an entry that lacks only its newline is complete
        contents = read(path)
        assert contents.entries == ENTRIES[:complete], length
        assert all(damage.torn or length + 1 in ENDS for damage in contents.damages), length


def test_after_a_torn_tail_the_next_holder_writes_a_readable_journal(tmp_path: Path) -> None:
    for length in range(ENDS[-2] - 3, len(WHOLE) + 1):
        path = written(tmp_path, WHOLE[:length])
        kept = read(path).entries
        journal = FileJournal.adopt(path)
        journal.append(record("demo-9"))
        journal.close()
        assert read(path).entries == (*kept, record("demo-9")), length
        assert read(path).damages == (), length


def flipped() -> list[tuple[int, bytes]]:
    """Every byte of the journal hit once by each of some bits, and once turned into a newline."""
    data = [(at, WHOLE[at] ^ bits) for at in range(len(WHOLE)) for bits in FLIPS]
    data += [(at, 0x0A) for at in range(len(WHOLE)) if WHOLE[at] != 0x0A]
    return [(at, WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :]) for at, byte in data]


def test_no_flipped_byte_hides_any_other_entry_and_each_is_reported(tmp_path: Path) -> None:
    for at, data in flipped():
        contents = read(written(tmp_path, data))
        hit = next(n for n, end in enumerate(ENDS) if at < end)
        newline = at == ENDS[hit] - 1
        intact = [entry for n, entry in enumerate(ENTRIES) if n != hit or newline]
        assert list(contents.entries) == intact, at
        assert any(not damage.torn for damage in contents.damages), at


def hurt(home: Path) -> None:
    """The world as a run leaves it that died with all three effects in place."""
    asyncio.run(open_platform("memory", Settings(home)).snapshot([]))
    with state.changing(home / "memory.json") as world:
        for pod in PODS:
            world.effects[str(Mark("r1", f"fault.{pod}", 0))] = state.Live(pod, "break", boottime() + 600)


@pytest.mark.parametrize("at", range(ENDS[0], len(WHOLE), 61))
def test_every_intact_unsettled_record_is_healed_and_the_damage_reported(tmp_path: Path, at: int) -> None:
    hurt(tmp_path)
    path = written(tmp_path, WHOLE[:at] + bytes([WHOLE[at] ^ 0x01]) + WHOLE[at + 1 :])
    expected = {entry.step for entry in unsettled_of(read(path).entries)}
    journal = FileJournal.adopt(path)
    inspector = open_platform("memory", Settings(tmp_path)).inspector()
    healed = asyncio.run(heal(journal, Drivers(Settings(tmp_path)), inspector, SystemClock()))
    journal.close()
    left = {mark.split("/")[1] for mark in state.read(tmp_path / "memory.json").effects}
    assert expected
    assert left.isdisjoint(expected)
    assert len(healed.damage) == 1
    assert healed.clean == (not left)  # where a record is lost the receipt tells what it has left


def _hold(path: str, told: Connection) -> None:
    journal = FileJournal.create(Path(path))
    journal.append(record("demo-0"))
    told.send(os.getpid())
    signal.pause()


def test_two_holders_exclude_each_other_until_one_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "r1" / "journal"
    here, there = multiprocessing.Pipe()
    holder = multiprocessing.get_context("spawn").Process(target=_hold, args=(str(path), there))
    holder.start()
    here.recv()
    assert is_live(path)
    with pytest.raises(Conflict, match="held by a live run"):
        FileJournal.adopt(path)
    holder.kill()
    holder.join()
    assert not is_live(path)
    journal = FileJournal.adopt(path)
    assert [left.step for left in journal.unsettled()] == ["fault.demo-0"]
    assert is_live(path)
    journal.close()
    for end in (here, there):
        end.close()


def test_asking_who_lives_does_not_disturb_a_journal_that_is_being_made(tmp_path: Path) -> None:
    for n in range(50):
        path = tmp_path / f"{n}" / "journal"
        journal = FileJournal.create(path)
        assert is_live(path)
        journal.close()


RECORDS = st.builds(record, st.text(max_size=8), st.sampled_from(list(State)), st.integers(0, 2))


@given(st.lists(RECORDS, max_size=12))
def test_what_is_appended_is_what_is_read(entries: list[Record]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), b"".join(map(encode_line, entries)))
        assert list(read(path).entries) == entries
        assert read(path).damages == ()


@given(st.binary(max_size=400))
def test_no_bytes_make_reading_fail(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        assert read(written(Path(folder), data)).entries == ()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(list(State))), max_size=20))
def test_unsettled_is_the_last_word_of_each_effect_newest_intent_first(words: list[tuple[str, State]]) -> None:
    entries: list[AnyEntry] = [record(pod, said) for pod, said in words]
    first = [pod for n, (pod, _) in enumerate(words) if pod not in [other for other, _ in words[:n]]]
    last = dict(words)
    left = [pod for pod in reversed(first) if last[pod] not in (State.RESTORED, State.ABANDONED)]
    assert [(left.ref, left.state) for left in unsettled_of(entries)] == [(f"memory/{pod}", last[pod]) for pod in left]
