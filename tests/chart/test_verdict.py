"""What is granted, what was used, and how the audit log is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.chart import verdict
from tests.chart.render import NAMESPACE
from tests.chart.rights import Right, asked, granted
from tests.faults.verdict import broken

from gurum.store.kubernetes import rights

READ = Right("gurum-pia", "list", "servers.compute.gurum.cloud")
STATUS = Right("gurum-engine", "update", "servers.compute.gurum.cloud/status")
ASSIGN = Right("gurum-pia", "assign", "identities.gurum.cloud")


def event(account: str, verb: str, what: dict[str, str], code: int = 200) -> dict[str, Any]:
    who = {"username": f"system:serviceaccount:{NAMESPACE}:{account}",
           "extra": {"authentication.kubernetes.io/credential-id": [f"JTI={verb}"]}}  # fmt: skip
    return {"verb": verb, "user": who, "objectRef": what, "responseStatus": {"code": code}}


def test_an_audit_log_is_read(tmp_path: Path) -> None:
    server = {"resource": "servers", "apiGroup": "compute.gurum.cloud", "namespace": "project-p"}
    lines = [
        event("gurum-pia", "list", server),
        event("gurum-pia", "list", server),
        event("gurum-engine", "update", {**server, "subresource": "status"}),
        event("gurum-engine", "delete", server, 403),
        {"verb": "get", "user": {"username": "somebody"}, "objectRef": server, "responseStatus": {"code": 200}},
    ]
    log = tmp_path / "audit.log"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"cut off')
    found = asked(log, NAMESPACE)
    assert found.used == {READ: 2, STATUS: 1}
    assert found.refused == {Right("gurum-engine", "delete", "servers.compute.gurum.cloud"): 1}
    assert found.tokens == {"gurum-pia": {"JTI=list"}, "gurum-engine": {"JTI=update", "JTI=delete"}}
    assert asked(log, "elsewhere").used == {}


def test_what_a_binding_gives() -> None:
    roles = {role["metadata"]["name"]: role for role in rights.all()}
    binding = {
        "roleRef": {"name": "gurum-pia"},
        "subjects": [{"kind": "ServiceAccount", "name": "gurum-pia", "namespace": NAMESPACE}],
    }
    found = granted([binding], roles, NAMESPACE)
    assert {READ, ASSIGN, Right("gurum-pia", "create", "namespaces")} <= found
    assert len(found) > 90
    assert granted([binding], roles, "elsewhere") == set()


def test_what_no_log_tells_is_not_called_unused() -> None:
    assert verdict.unused({READ, STATUS, ASSIGN}, {READ}) == [STATUS]
    assert verdict.outside([STATUS, STATUS]) == [STATUS]


def test_a_right_too_many_breaks_it() -> None:
    fine = {name: bound for name, (_, bound) in verdict.LIMITS.items()}
    assert broken(fine, verdict.LIMITS) == []
    assert broken({**fine, "rights_outside": 1}, verdict.LIMITS)
