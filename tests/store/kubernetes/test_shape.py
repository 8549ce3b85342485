"""An object as a custom resource, and back: equal, and nothing of anybody else's is lost."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.store import make_claim, make_network, make_server

from gurum.model.base import Cause, Condition, External, Intent
from gurum.model.network import AddressClaim
from gurum.model.server import Action, ActionOutcome, Fault, Server
from gurum.store import objects
from gurum.store.contract import NewerStoreError
from gurum.store.kubernetes import shape


def served(obj: Any, **meta: Any) -> dict[str, Any]:
    """Return what an API server would say of a new object."""
    document = shape.new(obj)
    document["metadata"] |= {
        "resourceVersion": "7", "creationTimestamp": "2026-01-01T00:00:00Z", "generation": 1, "uid": "u", **meta
    }  # fmt: skip
    return document


def full_server() -> Server:
    """Return a server with something everywhere."""
    server = make_server(finalizers=["cloud", "argoproj.io/hook"])
    server.metadata.labels = {"index": "000"}
    server.metadata.cause = Cause(user_id="alice", request_id="req-1")
    server.spec.metadata = {"some_key": "some_value", "camelKey": "구름"}
    server.spec.tags = ["a", "b"]
    server.spec.actions = [
        Action(number=1, action="create", request_id="r", user_id="u", project_id="p", start_time=1.5)
    ]
    server = objects.created(server, 1_800_000_000.125)
    server.metadata.account, server.metadata.revision, server.metadata.resource_version = "123456789012", 4, 7
    server.metadata.cause = Cause(user_id="alice", request_id="req-1")
    status = server.status
    status.conditions = [
        Condition(type="Available", status=False, reason="Throttled", message="…", since=1_800_000_001.5, until=9e8),
        Condition(type="Progressing", status=True),
    ]
    external = External(provider="aws", account="1", region="us-east-1", id="i-0")
    status.intents = {"an_instance": Intent(step="instance", written_at=3.25, external=external)}
    status.applied = {"snake_key": "digest"}
    status.fault = Fault(code=500, message="m", created=1_800_000_002.0625)
    status.outcomes = [ActionOutcome(number=1, event="compute__do_build_instance", start_time=2.5, finish_time=3.5)]
    status.launched_at, status.external = 1_800_000_003.0, external
    return server


def test_it_comes_back_equal() -> None:
    server = full_server()
    document = served(server) | {"status": shape.status(server)}
    assert shape.read(Server, document) == server


def test_maps_of_the_users_are_left_as_they_are() -> None:
    document = shape.new(full_server())
    assert document["spec"]["metadata"] == {"some_key": "some_value", "camelKey": "구름"}
    assert set(shape.status(full_server())["intents"]) == {"an_instance"}


def test_conditions_are_kubernetes_own() -> None:
    first, second = shape.status(full_server())["conditions"]
    assert first["status"] == "False"
    assert first["lastTransitionTime"] == "2027-01-15T08:00:01.5Z"
    assert second == {"type": "Progressing", "status": "True"}


def test_where_it_stands() -> None:
    server, claim, network = make_server(project="p1"), make_claim("10.0.0.2", "x"), make_network(key="k")
    assert shape.address_of(server) == shape.Address("project-p1", server.id)
    assert shape.address_of(claim) == shape.Address("gurum-system", "s1--10.0.0.2")
    assert shape.address_of(network) == shape.Address("project-p1", network.id)  # its key is taken apart


def test_a_foreign_annotation_a_reference_and_a_finalizer_stay() -> None:
    server = make_server(finalizers=["cloud"])
    stored = {"networkRefs": ["front"], "name": "old", "tags": ["x"]}
    spec = shape.spec(server, stored)
    assert spec["networkRefs"] == ["front"]
    assert spec["name"] == "web"
    assert "tags" not in spec  # the model's own, and empty now
    notes = shape.notes(server, {"argocd.argoproj.io/tracking-id": "t", "gurum.cloud/cause": "{}"})
    assert notes["argocd.argoproj.io/tracking-id"] == "t"
    assert "gurum.cloud/cause" not in notes


def test_what_a_person_made_is_not_ours_before_it_has_its_id() -> None:
    document = served(make_server(project="p1"))
    assert shape.admitted({"kind": "Server", **document})
    del document["spec"]["id"]
    assert not shape.admitted(document)


def test_nobody_gets_an_object_into_another_project() -> None:
    document = served(make_server(project="p1"))
    document["spec"]["projectID"] = "p2"
    assert not shape.admitted(document)
    claim = served(make_claim("10.0.0.2", "x"))
    assert shape.admitted(claim)
    claim["metadata"]["namespace"] = "project-p1"
    assert not shape.admitted(claim)


def test_what_kubectl_deletes_is_there_until_the_api_has_deleted_it() -> None:
    document = served(make_server(finalizers=["cloud"]), deletionTimestamp="2027-01-15T08:00:00Z")
    assert shape.unmarked(document)
    assert not shape.read(Server, document).deleting
    document["metadata"]["annotations"]["gurum.cloud/deletion-requested-at"] = "2027-01-15T08:00:01Z"
    assert not shape.unmarked(document)
    found = shape.read(Server, document)
    assert found.metadata.deletion_requested_at == 1_800_000_001.0
    assert found.metadata.deletion_cause is None


def test_what_is_nobodys_but_ours_is_deleted_at_once() -> None:
    document = served(make_claim("10.0.0.2", "x"), deletionTimestamp="2027-01-15T08:00:00Z")
    assert shape.read(AddressClaim, document).metadata.deletion_requested_at == 1_800_000_000.0


def test_what_kubectl_made_has_the_time_of_its_creation() -> None:
    document = served(make_claim("10.0.0.2", "x"))
    document["metadata"]["annotations"] = {}
    assert shape.read(AddressClaim, document).metadata.created_at == 1_767_225_600.0


def test_an_object_of_a_newer_release_is_not_guessed_at() -> None:
    document = served(make_server())
    document["metadata"]["annotations"]["gurum.cloud/schema"] = "99"
    with pytest.raises(NewerStoreError, match="newer release"):
        shape.read(Server, document)
