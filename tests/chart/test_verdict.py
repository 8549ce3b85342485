"""What is granted, what was used, and how the audit log is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.chart import verdict
from tests.chart.render import NAMESPACE
from tests.chart.rights import DECISION, Right, asked, granted, rules
from tests.faults.verdict import broken

from gurum.store.kubernetes import guard
from gurum.store.kubernetes import rights as generated

READ = Right("gurum-pia", "list", "servers.compute.gurum.cloud")
STATUS = Right("gurum-engine", "update", "servers.compute.gurum.cloud/status")
ASSIGN = Right("gurum-pia", "assign", "identities.gurum.cloud")


def event(
    account: str, verb: str, what: dict[str, str], code: int = 200, decision: str = "allow", message: str = ""
) -> dict[str, Any]:
    who = {"username": f"system:serviceaccount:{NAMESPACE}:{account}",
           "extra": {"authentication.kubernetes.io/credential-id": [f"JTI={verb}"]}}  # fmt: skip
    status = {"code": code, "message": message}
    return {
        "verb": verb, "user": who, "objectRef": what, "responseStatus": status, "annotations": {DECISION: decision},
    }  # fmt: skip


def test_an_audit_log_is_read(tmp_path: Path) -> None:
    server = {"resource": "servers", "apiGroup": "compute.gurum.cloud", "namespace": "project-p"}
    lines = [
        event("gurum-pia", "list", server),
        event("gurum-pia", "list", server),
        event("gurum-engine", "update", {**server, "subresource": "status"}),
        event("gurum-engine", "delete", server, 403, "forbid"),
        {"verb": "get", "user": {"username": "somebody"}, "objectRef": server, "responseStatus": {"code": 200}},
    ]
    log = tmp_path / "audit.log"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"cut off')
    found = asked(log, NAMESPACE)
    assert found.used == {READ: 2, STATUS: 1}
    assert found.refused == {Right("gurum-engine", "delete", "servers.compute.gurum.cloud"): 1}
    assert found.tokens == {"gurum-pia": {"JTI=list"}, "gurum-engine": {"JTI=update", "JTI=delete"}}
    assert asked(log, "elsewhere").used == {}
    assert found.end == len(log.read_bytes()) - len('{"cut off')
    assert asked(log, NAMESPACE, found.end).used == {}


def test_a_refusal_by_admission_is_no_missing_right_but_the_guards(tmp_path: Path) -> None:
    server = {"resource": "servers", "apiGroup": "compute.gurum.cloud", "namespace": "project-p"}
    text = f"ValidatingAdmissionPolicy '{guard.NAME}' with binding '{guard.NAME}' denied request: spec.id is given"
    lines = [
        event("gurum-pia", "list", server, 403, message="the epoch is over"),
        event("gurum-pia", "create", server, 403, message=text),
    ]
    log = tmp_path / "audit.log"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = asked(log, NAMESPACE)
    assert found.refused == {ASSIGN: 1}
    assert found.used == {READ: 1, Right("gurum-pia", "create", "servers.compute.gurum.cloud"): 1}


def test_what_a_binding_gives() -> None:
    roles = {role["metadata"]["name"]: role for role in generated.all()}
    binding = {
        "roleRef": {"name": "gurum-pia"},
        "subjects": [{"kind": "ServiceAccount", "name": "gurum-pia", "namespace": NAMESPACE}],
    }
    found = granted([binding], roles, NAMESPACE)
    assert {READ, ASSIGN, Right("gurum-pia", "create", "namespaces")} <= found
    assert len(found) > 90
    assert granted([binding], roles, "elsewhere") == set()


def test_rules_give_what_they_are_made_of() -> None:
    wanted = {READ, STATUS, ASSIGN, Right("gurum-pia", "create", "namespaces")}
    role = {"rules": rules(wanted)}
    subjects = [{"kind": "ServiceAccount", "name": "gurum-pia", "namespace": NAMESPACE}]
    found = granted([{"roleRef": {"name": "r"}, "subjects": subjects}], {"r": role}, NAMESPACE)
    assert {(one.verb, one.resource) for one in found} == {(one.verb, one.resource) for one in wanted}


def test_what_no_log_tells_is_not_called_unused() -> None:
    assert verdict.unused({READ, STATUS, ASSIGN}, {READ}) == [STATUS]


def test_what_is_allowed_is_not_outside_although_a_server_that_starts_refuses_it() -> None:
    assert verdict.outside([STATUS, STATUS, READ], {READ}) == [STATUS]


def test_a_right_too_many_breaks_it() -> None:
    fine = {name: bound for name, (_, bound) in verdict.LIMITS.items()}
    assert broken(fine, verdict.LIMITS) == []
    for name in ("rights_outside", "rights_not_used", "rights_never_missed"):
        assert broken({**fine, name: 1}, verdict.LIMITS)
