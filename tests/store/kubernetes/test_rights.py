"""Who may do what: by the roles as they are applied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gurum.store.kubernetes import rights
from gurum.store.kubernetes.beside import BESIDE
from gurum.store.kubernetes.kinds import DOMAIN, PLACES, SERVER_ACTION

ROLES = {role["metadata"]["name"]: role for role in rights.all()}
PEOPLE = ("gurum-member", "gurum-reader", "gurum-catalogue", "gurum-operator")
EVERY = (*PLACES.values(), *(row.place for row in BESIDE.values()))
CLAIMED = {place.plural for place in EVERY if place.claim}


def allowed(role: str) -> Iterator[tuple[str, str, str]]:
    """Yield (group, resource, verb)."""
    for rule in ROLES[role]["rules"]:
        assert len(rule["verbs"]) == len(set(rule["verbs"]))
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield group, resource, verb


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_allowed_wholesale_or_twice(role: str) -> None:
    found = list(allowed(role))
    assert len(found) == len(set(found)) or role == "gurum-operator"
    assert not any("*" in one for one in found)
    known = {(place.group, place.plural) for place in EVERY}
    known |= {("", "namespaces"), (DOMAIN, "identities"), (DOMAIN, "adoptions")}
    assert {(group, resource.removesuffix("/status")) for group, resource, _ in found} <= known
    assert not any(verb in ("deletecollection", "escalate", "bind", "impersonate") for *_, verb in found)


def test_only_our_processes_write_a_status() -> None:
    writing = {role for role in ROLES for _, resource, _ in allowed(role) if "/status" in resource}
    assert writing == {"gurum-engine", "gurum-pia", "gurum-move"}
    # The API's processes say why they do not take up what a user wrote: of nothing else.
    said = {resource for _, resource, _ in allowed("gurum-pia") if "/status" in resource}
    own = {PLACES[kind].plural for kind in rights.OWN} | {SERVER_ACTION.plural}
    assert said == {f"{plural}/status" for plural in own}


@pytest.mark.parametrize("role", PEOPLE)
def test_nobody_writes_a_claim(role: str) -> None:
    assert {verb for _, resource, verb in allowed(role) if resource in CLAIMED} <= set(rights.READ)


def test_a_member_has_what_projects_have() -> None:
    writable = {resource for _, resource, verb in allowed("gurum-member") if verb == "create"}
    assert writable == {PLACES[kind].plural for kind in rights.OWN} | {SERVER_ACTION.plural}
    assert not writable & CLAIMED
    assert not writable & {"flavors", "images", "regions", "accounts"}
    assert {verb for *_, verb in allowed("gurum-reader")} == set(rights.READ)


def test_only_our_processes_say_whose_an_object_is() -> None:
    assert {role for role in ROLES for *_, verb in allowed(role) if verb == "assign"} == set(rights.PROCESSES)


def test_every_kind_is_somebodys() -> None:
    assert sorted((*rights.OWN, *rights.CATALOGUE, *rights.CLAIMS)) == sorted(PLACES)


def test_labels_let_clusters_own_roles_include_ours() -> None:
    labels = ROLES["gurum-member"]["metadata"]["labels"]
    assert labels["rbac.authorization.k8s.io/aggregate-to-edit"] == "true"
    assert "rbac.authorization.k8s.io/aggregate-to-view" not in labels


def test_a_process_reads_what_it_writes() -> None:
    for row in rights.PROCESSES.values():
        assert {*row.create, *row.update, *row.delete, *row.status} <= set(row.read)


def test_the_engines_may_record_that_the_store_went_back() -> None:
    held = {verb for _, resource, verb in allowed("gurum-engine") if resource == PLACES["Restoration"].plural}
    assert {"get", "create", "update"} <= held
