"""Who people are in a cluster: one set of words for the API server, its rules, the roles and the API."""

from __future__ import annotations

import msgspec
import pytest

from gurum.model.base import Cause
from gurum.store.kubernetes import people
from gurum.store.kubernetes.people import As, Asker

INFO = {
    "username": "gurum:u1",
    "groups": ["gurum:p1:member"],
    "extra": {"gurum.cloud/project": ["p1"], "gurum.cloud/roles": ["member", "reader"]},
}


def test_who_signed_in_comes_with_a_project_and_roles() -> None:
    assert people.asker(INFO) == Asker(user_id="u1", signed_in=As(project_id="p1", roles=("member", "reader")))


def test_who_came_in_another_way_is_a_name() -> None:
    assert people.asker({"username": "alice", "extra": INFO["extra"]}) == Asker(user_id="alice")


def test_a_name_of_the_sign_in_without_what_it_gives_has_nothing() -> None:
    """Somebody who may impersonate users must say everything: less is not a member of the namespace."""
    assert people.asker({"username": "gurum:u1"}) == Asker(user_id="u1", signed_in=As())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"user_id":7}', '{"as":"member"}'])
def test_what_nobody_wrote_down_is_nobody(text: str) -> None:
    assert people.stamped(text) == Asker()


def test_what_is_written_down_reads_as_a_cause_too() -> None:
    text = '{"user_id":"u1","as":{"project_id":"p1","roles":["member"]}}'
    assert people.stamped(text) == Asker(user_id="u1", signed_in=As(project_id="p1", roles=("member",)))
    assert msgspec.json.decode(text, type=Cause) == Cause(user_id="u1")


def test_the_two_roles_of_a_namespace_are_bound_to_groups_of_its_project_alone() -> None:
    made = people.bindings("p1", ("reader",), ("member", "admin"))
    assert [(one["metadata"]["namespace"], one["roleRef"]["name"]) for one in made] == [
        ("project-p1", "gurum-reader"),
        ("project-p1", "gurum-member"),
    ]
    groups = [subject["name"] for one in made for subject in one["subjects"]]
    assert groups == ["gurum:p1:reader", "gurum:p1:member", "gurum:p1:admin"]


def test_nothing_of_a_project_is_bound_for_the_whole_cluster() -> None:
    role, everywhere, shared = people.catalogue(("reader",))
    assert {resource for rule in role["rules"] for resource in rule["resources"]} == {"flavors", "regions"}
    assert everywhere["roleRef"]["name"] == role["metadata"]["name"]
    assert shared["metadata"]["namespace"] == "gurum-system"


def test_without_an_authority_the_machines_own_are_believed() -> None:
    with_one = people.authentication("https://i.example", "a", "PEM")["jwt"][0]["issuer"]
    assert with_one == {"url": "https://i.example", "audiences": ["a"], "certificateAuthority": "PEM"}
    assert "certificateAuthority" not in people.authentication("https://i.example", "a", "")["jwt"][0]["issuer"]
