"""Each toxic, felt by a client through a real link."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time

import pytest

from squall.lab import rpc

pytestmark = pytest.mark.lab
KIB = b"x" * 1024


def test_a_link_without_toxics_passes_bytes_unchanged(echo, tools):
    data = os.urandom(300_000)
    with echo.connect() as client:
        client.sendall(data)
        assert tools.receive(client, len(data)) == data


@pytest.mark.parametrize(("direction", "latency_s"), [("to", 0.1), ("from", 0.1), ("both", 0.05)])
def test_latency_delays_a_round_trip_by_what_was_asked_and_never_less(echo, tools, direction, latency_s):
    """Within 2 ms at the median; the best of five series, since other programs may keep this machine busy."""
    toxic = {"type": "latency", "latency_s": latency_s}
    with echo.connect() as client, echo.poisoned(toxic, direction=direction):
        medians = [tools.median(lambda: tools.round_trip(client), 7) for _ in range(5)]
    assert 0.099 <= min(medians) <= 0.102


def test_jitter_varies_delay_but_keeps_order(echo, tools):
    words = b"".join(struct.pack(">I", n) for n in range(40))
    with (
        echo.connect() as client,
        echo.poisoned({"type": "latency", "latency_s": 0.03, "jitter_s": 0.03}, direction="to"),
    ):
        for start in range(0, len(words), 4):
            client.sendall(words[start : start + 4])
            time.sleep(0.002)
        assert tools.receive(client, len(words)) == words


def test_bandwidth_holds_its_rate_within_a_tenth(echo, tools):
    with echo.connect() as client, echo.poisoned({"type": "bandwidth", "rate_bytes_per_s": 1_000_000}, direction="to"):
        assert tools.round_trip(client, b"x" * 600_000) == pytest.approx(0.6, rel=0.1)


def test_loss_stalls_a_lost_segment_for_a_retransmission_time_out(echo, tools):
    with echo.connect() as client, echo.poisoned({"type": "loss", "probability": 0.2}, direction="to") as mark:
        times = [tools.round_trip(client) for _ in range(30)]
        stalled = sum(seconds > 0.19 for seconds in times)
        assert 0 < stalled == echo.counters(mark)["stalled"]
        assert min(times) < 0.05


def test_corrupt_flips_one_bit_of_each_hit_segment(echo, tools):
    data = bytes(1460)
    with echo.connect() as client, echo.poisoned({"type": "corrupt", "probability": 1.0}, direction="to") as mark:
        client.sendall(data)
        back = tools.receive(client, len(data))
        assert sum(byte.bit_count() for byte in back) == echo.counters(mark)["corrupted"] == 1


def test_slice_delivers_small_pieces_with_pauses(echo, tools):
    toxic = {"type": "slice", "average_bytes": 100, "delay_s": 0.01}
    with echo.connect() as client, echo.poisoned(toxic, direction="to") as mark:
        assert tools.round_trip(client) > 0.06
        assert echo.counters(mark)["sliced"] >= 7


def test_slow_close_delays_only_the_end(echo, tools):
    with echo.connect() as client, echo.poisoned({"type": "slow_close", "delay_s": 0.3}, direction="to"):
        assert tools.round_trip(client) < 0.1
        started = time.monotonic()
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
        assert time.monotonic() - started == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize(("direction", "echoed_bytes"), [("to", 0), ("from", 1024)])
def test_cut_withholds_one_direction_and_delivers_on_heal(echo, tools, direction, echoed_bytes):
    with echo.connect() as client:
        tools.round_trip(client)
        before = echo.link(echo.LINK)["counters"]["bytes_from"]
        with echo.poisoned({"type": "cut"}, direction=direction) as mark:
            client.sendall(KIB)
            client.settimeout(0.3)
            with pytest.raises(TimeoutError):
                client.recv(1)
            assert echo.counters(mark)["held_bytes"] == 1024
            assert echo.link(echo.LINK)["counters"]["bytes_from"] - before == echoed_bytes
        client.settimeout(5)
        assert tools.receive(client, 1024) == KIB


def test_a_connection_opened_during_a_cut_works_after_it(echo, tools):
    with echo.poisoned({"type": "cut"}) as mark:
        opened = echo.connect()
        client = opened.__enter__()
        client.sendall(KIB)
        tools.eventually(lambda: echo.counters(mark)["stalled_connects"] == 1, 2)
    assert tools.receive(client, 1024) == KIB
    opened.__exit__(None, None, None)


def test_what_a_cut_holds_back_is_bounded(echo):
    with echo.connect() as client, echo.poisoned({"type": "cut"}, direction="to") as mark:
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.sendall(bytes(64 << 20))
        assert echo.counters(mark)["held_bytes"] < 4 << 20


def test_a_close_during_a_cut_is_not_noticed_until_it_heals(echo, tools):
    live = lambda: echo.link(echo.LINK)["counters"]["connections_live"]  # noqa: E731
    tools.eventually(lambda: live() == 0, 3)
    with echo.poisoned({"type": "cut"}, direction="to"):
        with echo.connect() as client, echo.connect():
            client.close()
        time.sleep(0.2)
        assert live() >= 1
    tools.eventually(lambda: live() == 0, 3)


def test_reset_breaks_live_connections_and_refuses_new_ones(echo, tools):
    with echo.connect() as old:
        tools.round_trip(old)
        with echo.poisoned({"type": "reset"}):
            with pytest.raises(ConnectionResetError):
                old.recv(1)
            with pytest.raises(ConnectionError), echo.connect() as new:
                new.sendall(KIB)
                new.recv(1)
                raise AssertionError("closed without a reset")
    with echo.connect() as after:
        tools.round_trip(after)


def test_share_affects_that_part_of_live_and_of_new_connections(echo, tools):
    def slow() -> int:
        return sum(tools.round_trip(client) > 0.09 for client in clients)

    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(echo.connect()) for _ in range(4)]
        for client in clients:
            tools.round_trip(client)
        with echo.poisoned({"type": "latency", "latency_s": 0.1}, direction="to", share=0.5) as mark:
            assert slow() == 2
            clients += [stack.enter_context(echo.connect()) for _ in range(4)]
            assert slow() == 4
            assert echo.counters(mark)["connections"] == 4
        assert slow() == 0


def test_clearing_a_bandwidth_limit_releases_what_waited_at_once(echo, tools):
    with echo.connect() as client:
        with echo.poisoned({"type": "bandwidth", "rate_bytes_per_s": 1000}, direction="to"):
            client.sendall(b"x" * 50_000)
        started = time.monotonic()
        tools.receive(client, 50_000)
        assert time.monotonic() - started < 0.5


def test_toxics_lapse_although_their_setter_is_gone(echo, tools):
    setter = os.fork()
    if setter == 0:
        rpc.call(
            echo.state,
            "lab.sock",
            {"op": "toxics.set", "link": echo.LINK, "mark": "dies", "ttl_s": 0.6, "toxics": [{"type": "cut"}]},
        )
        os.kill(os.getpid(), 9)
    os.waitpid(setter, 0)
    assert echo.link(echo.LINK)["toxics"]["mark"] == "dies"
    tools.eventually(lambda: echo.link(echo.LINK)["toxics"] is None, 1)
    with echo.connect() as client:
        assert tools.round_trip(client) < 0.1


def test_a_renewed_lease_lives_on_and_a_lapsed_one_is_not_held(echo, tools):
    echo.do("toxics.set", link=echo.LINK, mark="renewed", ttl_s=0.3, toxics=[{"type": "noop"}])
    for _ in range(3):
        time.sleep(0.2)
        assert echo.do("toxics.renew", link=echo.LINK, mark="renewed", ttl_s=0.3)["held"] is True
    tools.eventually(lambda: echo.link(echo.LINK)["toxics"] is None, 1)
    assert echo.do("toxics.renew", link=echo.LINK, mark="renewed", ttl_s=1)["held"] is False


def test_the_same_mark_is_applied_once_and_another_is_rejected_as_claimed(echo, tools):
    toxic = {"type": "latency", "latency_s": 0.05}
    with echo.connect() as client, echo.poisoned(toxic, direction="to") as mark:
        again = {"link": echo.LINK, "mark": mark, "ttl_s": 30, "toxics": [toxic]}
        echo.do("toxics.set", **again)
        assert tools.median(lambda: tools.round_trip(client), 5) == pytest.approx(0.05, abs=0.005)
        assert echo.ask("toxics.set", **{**again, "mark": "other"})["code"] == "claimed"
        assert echo.do("toxics.clear", link=echo.LINK, mark="other")["cleared"] is False
    assert echo.do("toxics.clear", link=echo.LINK, mark=mark)["cleared"] is False


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"op": "no.such.op"}, "unknown-op"),
        (
            {"op": "toxics.set", "link": "user--mirror-0", "mark": "m", "ttl_s": -1, "toxics": [{"type": "cut"}]},
            "bad-argument",
        ),
        (
            {"op": "toxics.set", "link": "user--mirror-0", "mark": "m", "ttl_s": 1, "toxics": [{"type": "magic"}]},
            "bad-argument",
        ),
        ({"op": "toxics.set", "link": "user--mirror-0", "mark": "m", "ttl_s": 1, "toxics": []}, "bad-argument"),
        ({"op": "toxics.get", "link": "nowhere"}, "not-found"),
        ({"op": "instance.kill", "name": "nobody", "uid": "u", "mark": "m"}, "not-found"),
        ({"op": "instance.kill", "name": "mirror-0", "uid": "old", "mark": "m"}, "stale"),
        ({"op": "instance.freeze", "name": "mirror-0", "uid": "old", "mark": "m"}, "bad-argument"),
    ],
)
def test_a_wrong_request_gets_its_code(echo, request_, code):
    assert rpc.call(echo.state, "lab.sock", request_)["code"] == code
