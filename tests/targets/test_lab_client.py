"""Asking a lab that is not there, or answers nonsense: an error in words, with the next act as its hint."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from squall._kit.errors import Conflict, SquallError, TargetNotFound, Unreachable
from squall.targets.api import Break, Settings, Slot, Unreadable
from squall.targets.lab import client
from squall.targets.lab.hold import LabBreak
from squall.targets.lab.inspect import LabInspector
from squall.targets.lab.inventory import LabPlatform


@contextmanager
def answering(folder: Path, reply: bytes | None) -> Iterator[str]:
    """A server on the lab's socket that says one thing, or nothing."""
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / client.SOCKET))
        server.listen()
        server.settimeout(10)
        done = threading.Event()

        def serve() -> None:
            link, _ = server.accept()
            with link:
                link.recv(65536)
                if reply is not None:
                    link.sendall(reply)
                else:
                    done.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield str(folder)
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize(
    "ask",
    [
        lambda place: LabPlatform(place).snapshot([]),
        lambda place: LabBreak(place).capture("lab/api-0", Break()),
        lambda place: client.ask(str(place.home / "lab"), "world"),
    ],
    ids=["snapshot", "driver", "client"],
)
def test_without_a_lab_the_hint_is_to_start_one(place: Settings, ask: Callable[[Settings], object]) -> None:
    with pytest.raises(Unreachable) as caught:
        asyncio.run(ask(place))  # type: ignore[arg-type]
    assert caught.value.hint == "squall lab up"


def test_a_socket_that_a_dead_lab_has_left_is_no_lab(place: Settings) -> None:
    with answering(place.home / "lab", b"x\n") as folder, pytest.raises(Unreachable):
        asyncio.run(client.ask(folder, "world"))
    with pytest.raises(Unreachable, match="no lab answers"):
        asyncio.run(client.ask(folder, "world"))


@pytest.mark.parametrize(
    ("reply", "error", "says"),
    [
        (b'{"ok": false, "code": "claimed", "error": "held by x"}\n', Conflict, "held by x"),
        (b'{"ok": false, "code": "not-found", "error": "no link"}\n', TargetNotFound, "no link"),
        (b'{"ok": false, "code": "stale", "error": "another uid"}\n', TargetNotFound, "another uid"),
        (b'{"ok": false, "code": "new", "error": "what?"}\n', Unreachable, "what?"),
        (b"not json\n", Unreachable, "no lab answers"),
        (b'{"ok": true', Unreachable, "no lab answers"),
        (b"[]\n", Unreachable, "no lab answers"),
    ],
)
def test_every_answer_but_a_good_one_is_an_expected_error(
    place: Settings, reply: bytes, error: type[SquallError], says: str
) -> None:
    with answering(place.home / "lab", reply) as folder, pytest.raises(error, match=says.replace("?", r"\?")):
        asyncio.run(client.ask(folder, "world"))


def test_a_lab_that_says_nothing_is_waited_for_only_so_long(place: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT_S", 0.2)
    with answering(place.home / "lab", None) as folder, pytest.raises(Unreachable, match="no answer"):
        asyncio.run(client.ask(folder, "world"))


def test_the_inspector_of_a_lab_that_is_gone_reads_nothing_and_says_so(place: Settings) -> None:
    slot = Slot("lab/link/a--b")
    inspector = LabInspector(str(place.home / "lab"))
    assert isinstance(asyncio.run(inspector.read([slot]))[slot], Unreadable)
    assert asyncio.run(inspector.owned()) == ()


def test_a_path_longer_than_a_socket_address_reaches_the_lab_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / "lab"
    deep.mkdir(parents=True)
    with answering(tmp_path / "near", b'{"ok": true}\n') as near:
        (deep / client.SOCKET).symlink_to(Path(near) / client.SOCKET)
        assert asyncio.run(client.ask(str(deep), "world")) == {"ok": True}


def test_a_lab_of_another_version_is_not_understood_and_the_hint_is_to_start_it_anew(place: Settings) -> None:
    with answering(place.home / "lab", b'{"ok": true, "namespaces": 7}\n'), pytest.raises(Unreachable) as caught:
        asyncio.run(LabPlatform(place).snapshot([]))
    assert "is not understood" in str(caught.value)
    assert "squall lab up" in str(caught.value.hint)
