"""The topology document: what it makes, and how its mistakes are told."""

from __future__ import annotations

import pytest

from squall._kit.errors import InvalidDocument
from squall.lab import topology

TRADE = """
namespaces:
  shop:
    services:
      door: {kind: gateway}
      shelf: {kind: api, replicas: 2}
      till: {kind: payment}
      books: {kind: postgres-primary}
      memory: {kind: valkey, component: cache}
"""


def test_the_default_topology_has_twelve_instances_and_a_link_for_each_call():
    default = topology.load()
    links = [link.id for link in default.links()]
    assert len(default.instances()) == 12
    assert len(links) == len(set(links)) == 28
    assert "pake-postgresql-replica-0--pake-postgresql-primary-0" in links
    assert default.monitors() == ("prometheus.monitoring",)


def test_services_may_be_renamed_but_keep_their_component(tmp_path):
    (tmp_path / "trade.yaml").write_text(TRADE)
    renamed = topology.load(tmp_path / "trade.yaml")
    labels = {one.name: one.labels["app.kubernetes.io/component"] for one in renamed.instances()}
    assert labels == {
        "door-0": "gateway",
        "shelf-0": "api",
        "shelf-1": "api",
        "till-0": "payment",
        "books-0": "database",
        "memory-0": "cache",
    }
    assert "shelf-1--books-0" in {link.id for link in renamed.links()}


@pytest.mark.lab
def test_a_renamed_lab_serves_its_user(tmp_path, tools):
    (tmp_path / "trade.yaml").write_text(TRADE)
    with tools.running(tmp_path / "state", topology=tmp_path / "trade.yaml", load_rps=0) as up:
        assert up.http("/products/7", service="door.shop").served_by == "database"
        assert up.http("/orders", "POST", service="door.shop").status == 201


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("namespaces: {a: {services: {x: {kind: teapot}}}}", "teapot"),
        ("namespaces: {a: {services: {x: {kind: echo, replicas: 0}}}}", "replicas"),
        ("namespaces: {a: {services: {x: {kind: echo, colour: red}}}}", "colour"),
        ("namespaces: {a: {services: {x: {kind: gateway}}}}", "kind gateway needs one of kind api"),
        ("namespaces: {a: {services: {Shout: {kind: echo}}}}", "matching"),
        (
            "namespaces: {a: {services: {x: {kind: echo}}}, b: {services: {x: {kind: echo}}}}",
            "two instances would be named x-0",
        ),
        ("namespaces: {}", "no service"),
        ("namespaces: [", "not YAML"),
    ],
)
def test_a_wrong_topology_names_file_and_fault(tmp_path, text, says):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises(InvalidDocument, match=says) as caught:
        topology.load(path)
    assert str(path) in caught.value.message


def test_a_missing_topology_file_is_an_invalid_document(tmp_path):
    with pytest.raises(InvalidDocument, match="No such file"):
        topology.load(tmp_path / "absent.yaml")
