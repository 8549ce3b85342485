"""The growth of the roles: nothing is given that was not asked for and refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from tests.chart import growth
from tests.chart.render import NAMESPACE
from tests.chart.rights import Asked, Right, asked
from tests.chart.site import Site
from tests.chart.test_verdict import ASSIGN, READ, STATUS, event

from gurum.store.kubernetes.client import Answer
from gurum.store.kubernetes.kinds import USER_DATA

Document = dict[str, Any]

SEALED: dict[str, list[Document]] = {"sealed gurum-engine": [], "sealed gurum-pia": []}
SERVER = {"resource": "servers", "apiGroup": "compute.gurum.cloud", "namespace": "project-p"}


class Cluster:
    """An API server's roles, by path."""

    roles: ClassVar[dict[str, list[Document]]] = {}

    def __init__(self, *_: object, **__: object) -> None:
        pass

    async def get(self, path: str) -> Answer:
        return Answer(200, json.dumps({"rules": ["whatever"]}).encode())

    async def replace(self, path: str, document: Document) -> Answer:
        name = path.rpartition("/")[2]
        self.roles[name if path == f"{growth.ROLES}/{name}" else f"sealed {name}"] = document["rules"]
        return Answer(200, json.dumps(document).encode())

    async def close(self) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Give what growth needs of a site: rights, and a log to which a test writes."""
    log = tmp_path / "audit.log"
    log.write_text(json.dumps(event("gurum-pia", "list", SERVER, 403, "forbid")) + "\n")  # of before: it says nothing
    monkeypatch.setattr(growth, "Client", Cluster)
    monkeypatch.setattr(growth, "access", lambda *_: None)
    monkeypatch.setattr(Cluster, "roles", {})

    def told(offset: int) -> Asked:
        return asked(log, NAMESPACE, offset)

    plane = SimpleNamespace(kubeconfig="", plane=SimpleNamespace(audit_log=log))
    found = SimpleNamespace(granted=lambda: {READ, STATUS, ASSIGN}, asked=told, plane=plane, forgiving=False)
    return cast("Site", found)


def until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_right_comes_back_when_it_was_refused(site: Site) -> None:
    with growth.growing(site) as grown:
        assert Cluster.roles == {"gurum-engine": [], "gurum-pia": []} | SEALED
        assert site.forgiving
        with site.plane.plane.audit_log.open("a") as log:
            log.write(json.dumps(event("gurum-pia", "list", SERVER, 200)) + "\n")
            log.write(json.dumps(event("gurum-pia", "watch", SERVER, 403, "forbid")) + "\n")  # no right of the chart's
            update = event("gurum-engine", "update", {**SERVER, "subresource": "status"}, 403, "forbid")
            log.write(json.dumps(update) + "\n")
        until(lambda: grown.refused == [STATUS])
        rule = {"apiGroups": ["compute.gurum.cloud"], "resources": ["servers/status"], "verbs": ["update"]}
        until(lambda: Cluster.roles == {"gurum-engine": [rule], "gurum-pia": []} | SEALED)
        assert grown.missing == sorted([READ, ASSIGN])
    assert not site.forgiving


def test_a_right_of_one_namespace_comes_back_there(site: Site) -> None:
    secret = Right("gurum-pia", "get", "secrets")
    cast("Any", site).granted = lambda: {READ, secret}
    with growth.growing(site) as grown:
        what = {"resource": "secrets", "namespace": USER_DATA}
        with site.plane.plane.audit_log.open("a") as log:
            log.write(json.dumps(event("gurum-pia", "get", what, 403, "forbid")) + "\n")
        until(lambda: grown.refused == [secret])
        rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
        until(lambda: Cluster.roles == {"gurum-pia": [], "sealed gurum-pia": [rule]})


def test_its_own_trouble_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object) -> Answer:
        return Answer(403, b"{}")

    monkeypatch.setattr(Cluster, "get", refused)
    with pytest.raises(Exception, match="refuses"), growth.growing(site):
        pass


def test_missing_is_what_did_not_come_back(site: Site) -> None:
    grown = growth.Growth(site)
    grown.refused = [READ, STATUS, ASSIGN]
    assert grown.missing == []
