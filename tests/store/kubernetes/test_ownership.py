"""What somebody applies is refused by name; what they do not name is anybody's."""

from __future__ import annotations

from typing import Any

import pytest

from gurum.store.contract import OwnedError
from gurum.store.kubernetes.ownership import check_owners, returned

STORED: dict[str, Any] = {
    "metadata": {
        "managedFields": [
            {
                "manager": "argocd-controller",
                "operation": "Apply",
                "fieldsV1": {"f:spec": {"f:name": {}, "f:metadata": {".": {}, "f:team": {}}, "f:tags": {'v:"a"': {}}}},
            },
            {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:description": {}}}},
            {
                "manager": "gurum-engine",
                "operation": "Apply",
                "subresource": "status",
                "fieldsV1": {"f:status": {"f:vmState": {}}},
            },
        ]
    },
    "spec": {
        "id": "1", "name": "web", "description": "d", "tags": ["a"], "metadata": {"team": "x", "other": "y"}
    },
}  # fmt: skip


def check(**spec: Any) -> None:
    check_owners("Server", STORED, {"spec": {**STORED["spec"], **spec}}, "gurum-pia")


def test_a_field_that_is_applied_is_its_owners() -> None:
    with pytest.raises(OwnedError, match=r"spec\.name of Server '1' is managed by 'argocd-controller'") as refusal:
        check(name="other")
    assert refusal.value.fields == ("spec.name",)


def test_so_is_an_element_of_a_map_or_a_list() -> None:
    with pytest.raises(OwnedError, match=r"spec\.metadata\.team"):
        check(metadata={"team": "z", "other": "y"})
    with pytest.raises(OwnedError, match=r"spec\.metadata\.team"):
        check(metadata={"other": "y"})
    with pytest.raises(OwnedError, match=r"spec\.tags"):
        check(tags=["a", "b"])


def test_all_that_was_taken_is_named() -> None:
    with pytest.raises(OwnedError) as refusal:
        check(name="other", tags=[], description="changed")
    assert refusal.value.fields == ("spec.name", "spec.tags")


def test_what_nobody_applies_may_be_changed() -> None:
    check(description="changed", metadata={"team": "x", "new": "z"}, hostname="h")
    check()


def test_our_own_apply_is_no_obstacle() -> None:
    check_owners("Server", STORED, {"spec": {**STORED["spec"], "name": "n"}}, "argocd-controller")


def test_what_is_filled_in_beside_it_stays_its_appliers() -> None:
    theirs = {"manager": "argocd", "operation": "Apply", "fieldsV1": {"f:spec": {"f:name": {}, "f:networks": {}}}}
    before = [theirs]
    after = [
        {**theirs, "fieldsV1": {"f:spec": {"f:name": {}}}},
        {"manager": "us", "operation": "Update", "fieldsV1": {"f:spec": {"f:id": {}, "f:networks": {}}}},
        {"manager": "us", "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {}}},
    ]
    assert returned(before, after, "us") == [
        theirs,
        {"manager": "us", "operation": "Update", "fieldsV1": {"f:spec": {"f:id": {}}}},
        after[2],
    ]
