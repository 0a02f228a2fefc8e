"""Each resilience pattern, on and switched off singly, as seen by a user behind the gateway."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest

pytestmark = pytest.mark.lab
CUT = {"type": "cut"}


@pytest.fixture(scope="module")
def without(request, tmp_path_factory, tools):
    """A lab of its own with one pattern switched off."""
    with tools.running(tmp_path_factory.mktemp("without") / "state", without=[request.param], load_rps=0) as up:
        yield up


def database_links(lab) -> list[str]:
    return lab.links(lambda link: link["protocol"] == "postgres" and link["src"].startswith("pake-api"))


def read_under_a_database_cut(lab, times: int = 12):
    """The last answers of a series of reads while the databases cannot be reached."""
    with lab.toxics(database_links(lab), CUT):
        return [lab.http(f"/products/{n + 1}") for n in range(times)][-3:]


def test_reads_come_from_the_database_and_jobs_get_done(lab, tools):
    assert lab.http("/products/1").served_by == "database"
    assert lab.http("/orders", "POST").status == 201
    assert lab.http("/jobs", "POST").status == 201
    tools.eventually(lambda: overdue(lab, 1) == 0, 10)


def test_fallback_and_breaker_answer_fast_from_the_cache_while_the_database_is_cut(lab, tools):
    read_under_a_database_cut(lab)
    with lab.toxics(database_links(lab), CUT):
        tools.eventually(lambda: all(lab.http("/products/2").seconds < 0.1 for _ in range(6)), 12)
        assert lab.http("/products/2").served_by == "cache"
    tools.eventually(lambda: lab.http("/products/2").served_by == "database", 6)


@pytest.mark.parametrize("without", ["cache-fallback"], indirect=True)
def test_without_fallback_reads_fail_while_the_database_is_cut(without):
    with without.toxics(database_links(without), CUT):
        assert without.http("/products/1").status in {503, 504}


@pytest.mark.parametrize("without", ["breaker"], indirect=True)
def test_without_breaker_every_read_waits_for_the_time_out(without):
    answers = read_under_a_database_cut(without, 3)
    assert {answer.served_by for answer in answers} == {"cache"}
    assert min(answer.seconds for answer in answers) > 0.9


def test_retry_hides_a_dead_api_instance(lab, tools):
    with held(lab, "pake-api-0"):
        assert {lab.http("/products/3").status for _ in range(9)} == {200}
    tools.eventually(lambda: lab.instance("pake-api-0")["ready"], 10)


def test_retry_brings_workers_back_after_their_connections_were_reset(lab, tools):
    disturb_workers(lab)
    lab.http("/jobs", "POST")
    time.sleep(3)
    tools.eventually(lambda: overdue(lab, 2) == 0, 10)


@pytest.mark.parametrize("without", ["retry"], indirect=True)
class TestWithoutRetry:
    def test_a_dead_api_instance_is_felt(self, without, tools):
        with held(without, "pake-api-0"):
            assert 502 in {without.http("/products/3").status for _ in range(9)}
        tools.eventually(lambda: without.instance("pake-api-0")["ready"], 10)

    def test_workers_that_lost_their_connection_are_ready_but_never_work_again(self, without, tools):
        assert all(one["ready"] for one in without.do("world")["instances"])
        disturb_workers(without)
        tools.eventually(lambda: without.http("/jobs", "POST").status == 201, 6)
        time.sleep(4)
        assert overdue(without, 2) >= 1
        assert without.instance("pake-ai-worker-0")["ready"]


def test_the_user_puts_load_on_the_lab(lab, tools):
    sent = lambda: json.loads((lab.state / "data" / "user.json").read_text())["sent"]  # noqa: E731
    before = sent()
    tools.eventually(lambda: sent() > before + 10, 4)


def test_prometheus_answers_up_and_has_no_alerts(lab):
    url = f"http://{lab.info.services['prometheus.monitoring'][0]}"

    def query(text: str) -> list[dict]:
        request = urllib.request.Request(f"{url}/api/v1/query", data=f"query={text}".encode())
        with urllib.request.urlopen(request, timeout=5) as reply:
            answer = json.load(reply)
        assert (answer["status"], answer["data"]["resultType"]) == ("success", "vector")
        return answer["data"]["result"]

    assert len(query("up")) == 12
    assert query('ALERTS{alertname="HighErrorRate"}') == []


def overdue(lab, older_s: float) -> int:
    """Asked until there is an answer: a gateway may still believe a backend that was killed to be down."""
    answers = (lab.http(f"/jobs/overdue?older={older_s}") for _ in range(100))
    return json.loads(next(answer.text for answer in answers if answer.status == 200 or time.sleep(0.1)))["overdue"]


def disturb_workers(lab) -> None:
    with lab.toxics(lab.links(lambda link: link["src"].startswith("pake-ai-worker")), {"type": "reset"}):
        time.sleep(1.5)


class held:  # noqa: N801  # reads as a word in `with held(...)`
    """An instance held down for the length of a block."""

    def __init__(self, lab, name: str) -> None:
        self.lab, self.name = lab, name

    def __enter__(self) -> None:
        self.lab.do("instance.hold", name=self.name, uid=self.lab.instance(self.name)["uid"], mark="held", ttl_s=30)

    def __exit__(self, *_: object) -> None:
        self.lab.do("instance.release", name=self.name, mark="held")
