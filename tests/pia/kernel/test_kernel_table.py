"""The tables of all services: that their rows hold together, and what holds for every row.

Isolation and fuzzing are driven by the table, so that a new row is tested the day it is written.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from tests.pia.compute.conftest import kit as kit
from tests.pia.compute.support import NOBODY, V, running
from tests.support.pia import Kit
from tests.support.pretender import Pretender

from gurum.pia.compute.service import SERVICE as COMPUTE
from gurum.pia.kernel.reference import render
from gurum.pia.kernel.route import Route, Table
from gurum.pia.kernel.service import Service
from gurum.pia.services import SERVICES

ROOT = Path(__file__).parents[3]
ACTIONS = {
    f"{service}:{noun}:{verb}"
    for service in ("compute", "network", "image")
    for noun, verbs in json.loads((ROOT / f"policy/gurum/actions/{service}/data.json").read_text()).items()
    for verb in verbs
}
ROWS = [(service, route) for service in SERVICES for route in service.routes]
# What policy is not asked about: it is the same for everybody, or refuses everybody.
OPEN = {"document", "show", "list", "write"}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_row_has_a_summary_and_an_action_that_the_bundle_knows(service: Service) -> None:
    for route in service.routes:
        assert route.summary, route
        assert route.shape in OPEN | {"action"}
        if route.policy:
            assert route.policy in ACTIONS, route
            assert route.policy.startswith(f"{service.name}:")


def test_rows_of_one_operation_do_not_overlap() -> None:
    for service in SERVICES:
        key = lambda route: (route.path, route.method, route.action)  # noqa: E731 - said once
        for _, group in itertools.groupby(sorted(service.routes, key=key), key=key):
            spans = sorted((route.since, route.until) for route in group)
            assert all(before[1] < after[0] for before, after in itertools.pairwise(spans))


def test_the_reference_is_current() -> None:
    written = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    assert written == render(SERVICES), "run: python -m gurum.pia.kernel.reference > docs/reference/api.md"


def test_literal_segments_go_first_unless_only_the_named_one_has_the_method() -> None:
    async def handler(ctx: Any) -> Any:
        return None

    table = Table(
        [
            Route(method="GET", path="/a/detail", handler=handler),
            Route(method="GET", path="/a/{id}", handler=handler),
            Route(method="DELETE", path="/a/{id}", handler=handler),
        ]
    )
    found = table.match("GET", ["a", "detail"])
    assert found is not None
    assert (found.routes[0].path, found.params) == ("/a/detail", {})
    found = table.match("DELETE", ["a", "detail"])
    assert found is not None
    assert (found.routes[0].path, found.params) == ("/a/{id}", {"id": "detail"})
    # A name's own notation is a value like any other.
    for value in ("{}", "{id}"):
        found = table.match("GET", ["a", value])
        assert found is not None
        assert (found.routes[0].path, found.params) == ("/a/{id}", {"id": value})
    found = table.match("PUT", ["a", "x"])
    assert found is not None
    assert not found.routes
    assert found.methods == {"GET", "DELETE"}
    assert table.match("GET", ["a"]) is None
    assert table.match("GET", ["a", ""]) is None


OF_SERVERS = [route for route in COMPUTE.routes if route.path.startswith("/servers/{id}") and route.policy]


def filled(route: Route, uid: str) -> str:
    path = route.path.replace("{id}", uid)
    for name in ("key", "tag", "network", "port", "volume", "request"):
        path = path.replace(f"{{{name}}}", NOBODY)
    return V + path


GOOD: dict[str, Any] = {
    "/servers/{id}": {"server": {"name": "x"}},
    "/servers/{id}/metadata": {"metadata": {"a": "b"}},
    "/servers/{id}/metadata/{key}": {"meta": {NOBODY: "b"}},
    "/servers/{id}/tags": {"tags": ["a"]},
    "/servers/{id}/os-interface": {"interfaceAttachment": {"net_id": NOBODY}},
    "/servers/{id}/os-volume_attachments": {"volumeAttachment": {"volumeId": NOBODY}},
    "/servers/{id}/os-volume_attachments/{volume}": {"volumeAttachment": {"volumeId": NOBODY}},
    "/servers/{id}/remote-consoles": {"remote_console": {"protocol": "vnc", "type": "novnc"}},
}
ARGUMENTS: dict[str, Any] = {
    "reboot": {"type": "SOFT"},
    "resize": {"flavorRef": "2"},
    "rebuild": {"imageRef": NOBODY},
    "createImage": {"name": "i"},
    "createBackup": {"name": "b", "backup_type": "daily", "rotation": 1},
    "changePassword": {"adminPass": "x"},
    "addFloatingIp": {"address": "1.2.3.4"},
    "removeFloatingIp": {"address": "1.2.3.4"},
    "addFixedIp": {"networkId": "x"},
    "removeFixedIp": {"address": "1.2.3.4"},
    "os-migrateLive": {"host": None, "block_migration": False, "disk_over_commit": False},
    "os-resetState": {"state": "error"},
    "os-getConsoleOutput": {},
    "os-getVNCConsole": {"type": "novnc"},
    "os-getSPICEConsole": {"type": "spice-html5"},
    "os-getSerialConsole": {"type": "serial"},
    "os-getRDPConsole": {"type": "rdp-html5"},
    "addSecurityGroup": {"name": "g"},
    "removeSecurityGroup": {"name": "g"},
}


def body_of(route: Route) -> Any:
    if route.action:
        return {route.action: ARGUMENTS.get(route.action)}
    return GOOD.get(route.path) if route.method in ("POST", "PUT") else None


def version_of(route: Route) -> str:
    return f"2.{max(route.since, 1)}"


@pytest.mark.parametrize("route", OF_SERVERS, ids=lambda route: f"{route.method} {route.path} {route.action}")
async def test_anothers_server_does_not_exist_by_any_operation(kit: Kit, route: Route) -> None:
    uid = await running(kit)
    answer = await kit.call(route.method, filled(route, uid), body_of(route), version=version_of(route), token="other")
    ((_, fault),) = answer.json.items()
    unknown = await kit.call(
        route.method, filled(route, NOBODY), body_of(route), version=version_of(route), token="other"
    )
    assert f"Instance {uid} " in fault["message"]
    assert (answer.status, fault["message"]) == (404, unknown.json["itemNotFound"]["message"].replace(NOBODY, uid))
    await Pretender(kit).work()
    assert (await kit.call("GET", f"{V}/servers/{uid}")).json["server"]["status"] == "ACTIVE"


@pytest.mark.parametrize(
    "route",
    [route for route in OF_SERVERS if route.shape in ("write", "action")],
    ids=lambda route: f"{route.method} {route.path} {route.action}",
)
async def test_readers_change_nothing(kit: Kit, route: Route) -> None:
    uid = await running(kit)
    answer = await kit.call(route.method, filled(route, uid), body_of(route), version=version_of(route), token="reader")
    assert (answer.status, "Policy doesn't allow" in answer.body.decode()) == (403, True)


ODD: list[Any] = [
    *(None, {}, [], "x", 0, True, {"x": None}, {"server": None}, {"server": []}, {"server": {"name": "\u0000"}}),
    *({"": ""}, {"a": {"b": {"c": [1, 2, {"d": "e"}]}}}, 1e300, "9" * 5000),
]


def wrapped(route: Route) -> list[Any]:
    """Return odd bodies, also under the keys that the operation's own body has."""
    good = body_of(route)
    keys = list(good) if isinstance(good, dict) else []
    inner = [{key: odd} for key in keys for odd in ODD]
    fields = [{key: {field: odd}} for key in keys if isinstance(good[key], dict) for field in good[key] for odd in ODD]
    return [*ODD, *inner, *fields]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_no_input_breaks_an_operation(kit: Kit, service: Service) -> None:
    uid = await running(kit)
    base = {"compute": V, "network": "/network/v2.0", "image": "/image/v2"}[service.name]
    queries = ["", "?limit=x&marker=%00", "?sort_key=&sort_dir=", "?a=1&a=2&=&&&", "?name=%5B"]
    if service is COMPUTE:
        queries.append("?limit=" + "9" * 5000)
    for route in service.routes:
        for value in (uid, NOBODY, "%00", "%F0%9F%98%80", "a" * 300):
            path = base + "".join(
                f"/{value if part.startswith('{') else part}" for part in route.path.strip("/").split("/")
            )
            bodies = wrapped(route) if route.method in ("POST", "PUT", "PATCH") and value == uid else [None]
            versions = (version_of(route), "2.96") if service is COMPUTE else ("",)
            for version, token in itertools.product(versions, ("member", "admin")):
                for body in bodies:
                    answer = await kit.call(route.method, path, body, version=version, token=token)
                    assert answer.status < 500 or answer.status == 501, (route.method, path, body, answer.body)
            if route.method == "GET":
                for query in queries:
                    answer = await kit.call("GET", path + query, token="admin")
                    assert answer.status < 500 or answer.status == 501, (path, query, answer.body)
