"""Killing, freezing and holding instances of the default lab, and how the supervisor brings them back."""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.lab
EVERY_KIND = [
    "api-gateway-0", "payment-service-0", "pake-api-0", "pake-ai-worker-0",
    "pake-postgresql-primary-0", "pake-postgresql-replica-0", "pake-redis-0",
]  # fmt: skip


@pytest.fixture
def claimed(lab, tools):
    """Claim an instance with `op` and a ttl; waits until it is ready again afterwards."""
    names = []

    def claim(op, name, mark, ttl_s):
        names.append(name)
        return lab.do(op, name=name, uid=lab.instance(name)["uid"], mark=mark, ttl_s=ttl_s)

    yield claim
    for name in names:
        tools.eventually(lambda name=name: lab.instance(name)["ready"], 10)


@pytest.mark.parametrize("name", EVERY_KIND)
def test_a_killed_instance_comes_back_as_another(lab, tools, name):
    old = lab.instance(name)
    request = {"name": name, "uid": old["uid"], "mark": f"kill/{old['uid']}"}
    lab.do("instance.kill", **request)
    tools.eventually(lambda: lab.instance(name)["ready"] and lab.instance(name)["uid"] != old["uid"], 12)
    new = lab.instance(name)
    assert new["restarts"] == old["restarts"] + 1
    assert new["address"] == old["address"]
    lab.do("instance.kill", **request)
    assert lab.ask("instance.kill", **{**request, "mark": "another"})["code"] == "stale"
    assert lab.instance(name)["uid"] == new["uid"]


def test_a_kill_with_grace_lets_the_process_end_by_itself(lab, tools):
    old = lab.instance("payment-service-1")
    started = time.monotonic()
    lab.do("instance.kill", name=old["name"], uid=old["uid"], mark="graceful", grace_s=4)
    assert time.monotonic() - started < 3.5
    tools.eventually(lambda: lab.instance(old["name"])["ready"], 10)
    assert lab.instance(old["name"])["uid"] != old["uid"]


def test_a_frozen_instance_is_unready_and_thaws_by_itself_when_the_ttl_lapses(lab, tools, claimed):
    uid = lab.instance("pake-api-1")["uid"]
    claimed("instance.freeze", "pake-api-1", "ice", 1.5)
    tools.eventually(lambda: not lab.instance("pake-api-1")["ready"], 3)
    assert lab.instance("pake-api-1")["state"] == "frozen"
    tools.eventually(lambda: lab.instance("pake-api-1")["ready"], 4)
    assert lab.instance("pake-api-1")["uid"] == uid
    assert lab.do("instance.renew", name="pake-api-1", mark="ice", ttl_s=5)["held"] is False


def test_a_frozen_database_stops_with_all_its_processes_and_thaws_on_release(lab, tools, claimed):
    claimed("instance.freeze", "pake-postgresql-replica-0", "ice", 20)
    tools.eventually(lambda: not lab.instance("pake-postgresql-replica-0")["ready"], 3)
    assert lab.do("instance.release", name="pake-postgresql-replica-0", mark="ice")["released"] is True
    assert lab.do("instance.release", name="pake-postgresql-replica-0", mark="ice")["released"] is False


def test_a_held_instance_stays_down_while_renewed_and_returns_after(lab, tools, claimed):
    claimed("instance.hold", "payment-service-0", "down", 0.8)
    for _ in range(3):
        time.sleep(0.5)
        assert lab.do("instance.renew", name="payment-service-0", mark="down", ttl_s=0.8)["held"] is True
    held = lab.instance("payment-service-0")
    assert (held["state"], held["pid"], held["owner"]["mark"]) == ("held", None, "down")
    tools.eventually(lambda: lab.instance("payment-service-0")["ready"], 6)
    assert lab.instance("payment-service-0")["owner"] is None


def test_an_instance_that_is_claimed_is_refused_to_another_mark(lab, claimed):
    claimed("instance.freeze", "pake-ai-worker-1", "mine", 20)
    uid = lab.instance("pake-ai-worker-1")["uid"]
    for op in ("instance.freeze", "instance.hold"):
        assert lab.ask(op, name="pake-ai-worker-1", uid=uid, mark="yours", ttl_s=5)["code"] == "claimed"
    assert lab.do("instance.release", name="pake-ai-worker-1", mark="yours")["released"] is False
    lab.do("instance.release", name="pake-ai-worker-1", mark="mine")


def test_replication_recovers_after_its_link_was_cut(lab, tools):
    link = "pake-postgresql-replica-0--pake-postgresql-primary-0"
    with lab.toxics([link], {"type": "cut"}):
        time.sleep(3)
    received = lab.link(link)["counters"]["bytes_from"]
    tools.eventually(lambda: lab.link(link)["counters"]["bytes_from"] > received, 8)


def test_the_link_process_comes_back_on_the_same_ports(lab, tools):
    import os
    import signal

    from squall.lab import processes

    supervisor = lab.info.pid
    before = lab.info.services
    links = [pid for pid in processes.tree(supervisor) if b"squall.lab.links" in _cmdline(pid)]
    os.kill(links[0], signal.SIGKILL)

    def answers() -> bool:
        reply = lab.ask("world")
        return reply["ok"] and {name: tuple(hosts) for name, hosts in reply["services"].items()} == before

    tools.eventually(answers, 5)
    tools.eventually(lambda: lab.http("/products/1").status == 200, 8)


def _cmdline(pid: int) -> bytes:
    from pathlib import Path

    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
