"""What roles and rules say is the policy's table: a row that changes, changes them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.pia import POLICY

from gurum.pia.signin import manifests
from gurum.pia.signin.granted import Granted, actions
from gurum.policy import table
from gurum.policy.bundle import read_bundle

SOURCE = read_bundle(POLICY)
ROWS = dict(table.actions(SOURCE))


@pytest.fixture(scope="module")
def granted() -> Granted:
    return Granted.of(SOURCE)


def rules(granted: Granted, name: str) -> list[dict[str, Any]]:
    [found] = [
        one
        for one in granted.policies()
        if one["kind"] == "ValidatingAdmissionPolicy" and one["metadata"]["name"] == f"{name}.gurum.cloud"
    ]
    validations: list[dict[str, Any]] = found["spec"]["validations"]
    return validations


def test_readers_read_members_write(granted: Granted) -> None:
    assert granted.readers == ("admin", "reader")
    assert granted.writers == ("admin", "member")


def test_a_role_that_reaches_one_kind_alone_gets_no_namespace(granted: Granted) -> None:
    assert "service" in granted.row("Port", "create").allow
    assert "service" not in granted.writers


def test_a_row_that_changes_changes_what_is_bound() -> None:
    changed = {
        name: msgspec.structs.replace(row, allow={**row.allow, "auditor": ("project",)})
        if name.endswith(":show")
        else row
        for name, row in ROWS.items()
    }
    assert Granted(changed).readers == ("admin", "auditor", "reader")


def test_a_row_that_changes_changes_the_rules() -> None:
    row = ROWS["network:networks:create"]
    shared = msgspec.structs.replace(row.attributes["shared"], allow={"manager": ("any",)})
    changed = {
        **ROWS,
        "network:networks:create": msgspec.structs.replace(row, attributes={**row.attributes, "shared": shared}),
    }
    said = {one["message"] for one in rules(Granted(changed), "people-networks")}
    assert "spec.shared is said by these roles alone: manager" in said


def test_fields_that_every_member_may_say_have_no_rule(granted: Granted) -> None:
    assert {name for name, _, _ in granted.attributes("Network")} == {"shared", "external", "isDefault"}
    assert list(granted.attributes("Server")) == []


def test_what_a_role_cannot_decide_alone_is_left_to_policy(granted: Granted) -> None:
    """Whose network a port is on decides: `fixedIPs` is everybody's on a shared one."""
    assert "fixedIPs" not in {name for name, _, _ in granted.attributes("Port")}


def test_every_action_of_a_server_is_in_exactly_one_rule(granted: Granted) -> None:
    found = rules(granted, "people-serveractions")
    for word in actions():
        assert sum(f"'{word}'" in one["expression"] for one in found) == 1, word
    assert any("os-resetState" in one["expression"] and "['admin']" in one["expression"] for one in found)


def test_only_two_roles_may_be_bound_by_the_api() -> None:
    role = manifests.documents(SOURCE)[0]
    [bind] = [rule for rule in role["rules"] if rule["verbs"] == ["bind"]]
    assert bind["resourceNames"] == ["gurum-member", "gurum-reader"]
    assert not any("update" in rule["verbs"] or "*" in rule["verbs"] for rule in role["rules"])
