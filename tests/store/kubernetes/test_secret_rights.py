"""Who reaches the Secrets that keep user data: by the roles as they are applied."""

from __future__ import annotations

import pytest

from gurum.cli.doctor.rights import needed
from gurum.store.kubernetes import install, rights, secret_rights
from gurum.store.kubernetes.kinds import USER_DATA
from gurum.supervisor.kubernetes.store import RIGHTS, _sealed

SECRETS = {"group": "", "resource": "secrets", "namespace": USER_DATA}


def test_no_role_of_a_whole_cluster_reaches_a_secret() -> None:
    everywhere = [rule for role in rights.all() for rule in role["rules"]]
    assert not [rule for rule in everywhere if "secrets" in rule["resources"]]


def test_roles_are_of_one_namespace_and_of_nothing_but_secrets() -> None:
    for role in secret_rights.roles():
        assert (role["kind"], role["metadata"]["namespace"]) == ("Role", USER_DATA)
        [rule] = role["rules"]
        assert (rule["apiGroups"], rule["resources"]) == ([""], ["secrets"])
        assert set(rule["verbs"]) <= {"get", "list", "create", "delete"}, "nobody changes one, and nobody watches them"
    assert secret_rights.VERBS.keys() <= rights.PROCESSES.keys()


def test_each_has_a_place_in_the_api_and_its_namespace_before_it() -> None:
    documents = install.documents()
    paths = [install.path(document) for document in documents]
    assert len(paths) == len(set(paths))
    role = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{USER_DATA}/roles/gurum-engine"
    assert paths.index(f"/api/v1/namespaces/{USER_DATA}") < paths.index(role)


def test_in_the_embedded_run_each_process_is_bound_to_its_own() -> None:
    bound = {one["subjects"][0]["name"]: one["roleRef"] for one in _sealed()}
    assert bound.keys() == {user for user, role in RIGHTS.items() if role in secret_rights.VERBS}
    for user, ref in bound.items():
        assert (ref["kind"], ref["name"]) == ("Role", RIGHTS[user])
    assert {install.path(one).rpartition("/")[0] for one in _sealed()} == {
        f"/apis/rbac.authorization.k8s.io/v1/namespaces/{USER_DATA}/rolebindings"
    }


@pytest.mark.parametrize("process", sorted(rights.PROCESSES))
def test_doctor_asks_for_them_where_they_are(process: str) -> None:
    asked = [one for one in needed(process) if one["resource"] == "secrets"]
    assert asked == [SECRETS | {"verb": verb} for verb in secret_rights.VERBS.get(process, ())]
    assert all("namespace" not in one for one in needed(process) if one["resource"] != "secrets")
