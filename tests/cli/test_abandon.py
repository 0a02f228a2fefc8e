"""Only a person gives up on an effect; that is recorded, and it keeps alarming."""

from __future__ import annotations

from squall._kit.clock import boot_id, boottime
from squall.app.home import journal_of
from squall.app.openruns import opened
from squall.journal.api import Header, Record, State
from squall.journal.file import FileJournal, read
from tests.calling import Cli

RUN = "20260101-000000-dead"


def leave_an_effect(squall: Cli) -> None:
    """The journal of a dead run whose world is gone."""
    opened(squall.home, RUN)
    journal = FileJournal.create(journal_of(squall.home, RUN))
    journal.append(
        Header(
            run=RUN, name="gone", platform="memory", digest="", seed=1, scale=1.0, lease_s=10.0, pid=1, pid_ticks=0,
            boot_id=boot_id(), at_boot=boottime(), at_wall=0.0,
        )
    )  # fmt: skip
    journal.append(
        Record(
            run=RUN, step="s", n=0, state=State.STUCK, boot_id=boot_id(), at_boot=boottime(), at_wall=0.0, hand="local",
            driver="memory/break", ref="memory/x", effect={"kind": "break"}, undo={"pod": "x", "generation": 1},
        )
    )  # fmt: skip
    journal.close()


def test_what_cannot_be_restored_can_be_given_up_by_a_person_only_and_keeps_alarming(squall: Cli) -> None:
    leave_an_effect(squall)
    assert "left something to heal" in squall("doctor").out
    (squall.home / "memory.json").unlink()
    assert squall("recover", "--abandon", RUN).code == 2
    assert squall("recover", "--abandon", RUN, "--because", "the world was lost").code == 6
    assert read(journal_of(squall.home, RUN)).entries[-2].state is State.ABANDONED
    assert squall("recover").out == "nothing to heal\n"
    assert "the world was lost" in squall("doctor").out


def test_damage_that_may_hide_an_effect_is_told_until_a_person_gives_it_up(squall: Cli) -> None:
    leave_an_effect(squall)
    path = journal_of(squall.home, RUN)
    path.write_bytes(b"nonsense\n" * 3)
    said = squall("recover")
    assert said.code == 6
    assert "checksum" in said.out
    assert squall("recover", "--abandon", RUN, "--because", "looked by hand").code == 6
    assert squall("recover").code == 0
