"""The way of a request: the order of its checks, what every answer carries, and that nothing breaks it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from tests.support.pia import PROJECTS, USERS, Kit, ask, flavor, region

from gurum.identity.tokens import IdentityUnavailable, Principal
from gurum.model.base import Resource
from gurum.model.compute import Flavor
from gurum.ops.config import PiaConfig
from gurum.pia.compute.service import SERVICE as COMPUTE
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.service import Service
from gurum.pia.kernel.wire import Query, Request, Response
from gurum.pia.services import SERVICES
from gurum.store.contract import UnavailableError
from gurum.store.memory import Hostility, MemoryStore

V = "/compute/v2.1"


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """Collect what is logged."""
    found: list[dict[str, Any]] = []

    def collect(_logger: Any, level: str, event: Any) -> Any:
        found.append({"level": level, **event})
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[collect])
    yield found
    structlog.configure(**before)


def service(*handlers: Any, reads: tuple[type[Resource], ...] = ()) -> Service:
    """Return compute with routes of the tests' own beside its."""
    routes = [Route(method="GET", path=f"/{handler.__name__}", handler=handler, reads=reads) for handler in handlers]
    return Service(
        name="compute",
        prefix="/compute",
        wire=COMPUTE.wire,
        routes=[*COMPUTE.routes, *routes],
        microversions=COMPUTE.microversions,
        prepare=COMPUTE.prepare,
    )


async def broken(ctx: Context) -> Response:
    raise RuntimeError("a secret detail")


async def unavailable(ctx: Context) -> Response:
    raise UnavailableError("the disk is full")


async def test_a_fault_of_ours_is_500_without_its_details(lines: list[dict[str, Any]]) -> None:
    kit = Kit([service(broken)])
    answer = await kit.call("GET", f"{V}/broken")
    request_id = answer.headers["x-compute-request-id"]
    text = f"Unexpected API Error. Please contact the administrator with request id {request_id}."
    assert (answer.status, answer.json) == (500, {"computeFault": {"code": 500, "message": text}})
    (logged,) = [line for line in lines if line["event"] == "unexpected"]
    assert (logged["request_id"], "a secret detail" in logged["traceback"]) == (request_id, True)


async def test_what_was_read_before_the_store_had_answered_is_believed_only_if_nothing_was_missing() -> None:
    runs: list[int] = []

    async def counted(ctx: Context) -> Response:
        runs.append(len(ctx.parts.board.of(Flavor).members(region=ctx.region.name)))
        if not runs[-1]:
            raise ApiError(404, "There is none.")
        return Response(status=200, body=b"{}")

    kit = Kit([service(counted, reads=(Flavor,))], store=MemoryStore())
    assert (await kit.call("GET", f"{V}/counted")).status == 404
    assert runs == [0]
    await kit.store.create(flavor("1"))  # by another process: nobody tells this one
    assert (await kit.call("GET", f"{V}/counted")).status == 200
    assert runs == [0, 0, 1]
    assert (await kit.call("GET", f"{V}/counted")).status == 200
    assert runs == [0, 0, 1, 1]


def hostile(kit: Kit, hostility: Hostility) -> None:
    assert isinstance(kit.store, MemoryStore)
    kit.store.hostility = hostility


async def test_a_store_that_cannot_answer_is_503_to_be_tried_again() -> None:
    kit = Kit([service(unavailable)], store=MemoryStore())
    answer = await kit.call("GET", f"{V}/unavailable")
    assert (answer.status, answer.headers["retry-after"], list(answer.json)) == (503, "1", ["serviceUnavailable"])
    hostile(kit, Hostility(throttle=1.0))
    assert (await kit.call("GET", f"{V}/servers")).status == 503


@pytest.mark.parametrize("token", [None, "", "garbage"])
@pytest.mark.parametrize("path", [f"{V}/servers", f"{V}/nothing", "/network/v2.0/networks", "/image/v2/images"])
async def test_without_a_token_all_services_answer_the_same_401(token: str | None, path: str) -> None:
    answer = await Kit(SERVICES).call("GET", path, token=token, version="9.9")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Keystone uri="http://keystone.example"'
    assert answer.headers["content-type"] == "application/json"
    assert "openstack-api-version" not in answer.headers
    assert answer.json == {
        "error": {
            "code": 401,
            "message": "The request you have made requires authentication.",
            "title": "Unauthorized",
        }
    }


async def test_nobody_is_let_in_while_keystone_is_away() -> None:
    class Away:
        async def validate(self, token: str) -> Principal:
            raise IdentityUnavailable("no answer")

    kit = Kit([COMPUTE])
    for pipeline in kit.app._pipelines.values():
        pipeline._tokens = Away()
    assert (await kit.call("GET", f"{V}/servers")).status == 503


async def test_the_body_is_checked_before_the_object_and_the_rule() -> None:
    kit = Kit([COMPUTE])
    body = {"flavor": {"name": "x"}}
    assert (await kit.call("POST", f"{V}/flavors", body)).status == 400
    body["flavor"] |= {"ram": 1, "vcpus": 1, "disk": 1}  # type: ignore[dict-item]  # a test's shortcut
    assert (await kit.call("POST", f"{V}/flavors", body)).status == 403


async def test_each_answer_has_a_request_id_of_its_own_and_the_callers_is_logged(lines: list[dict[str, Any]]) -> None:
    kit = Kit([COMPUTE])
    inbound = "req-11111111-2222-4333-8444-555555555555"
    ids = set()
    for sent in (inbound, "req-x", ""):
        answer = await kit.call("GET", f"{V}/servers", headers={"X-OpenStack-Request-ID": sent})
        assert re.fullmatch(r"req-[0-9a-f-]{36}", answer.headers["x-openstack-request-id"])
        ids.add(answer.headers["x-openstack-request-id"])
    assert len(ids) == 3
    assert inbound not in ids
    logged = [line["global_request_id"] for line in lines if line["event"] == "request"]
    assert logged == [inbound, None, None]


async def test_a_line_says_who_did_what_and_never_the_token(lines: list[dict[str, Any]]) -> None:
    kit = Kit([COMPUTE])
    await kit.call("POST", f"{V}/os-keypairs", {"keypair": {"name": "k"}})
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["action"], line["status"], line["service"]) == ("compute:keypairs:create", 200, "compute")
    assert (line["project_id"], line["user_id"]) == (PROJECTS["member"], USERS["member"])
    assert line["decision_id"]
    assert line["ms"] >= 0
    assert "PRIVATE" not in json.dumps(lines)


async def test_requests_are_counted_with_few_labels() -> None:
    kit = Kit([COMPUTE])
    for method, path in (("GET", "servers"), ("GET", "servers?limit=1"), ("DANCE", "servers"), ("GET", "nothing")):
        await kit.call(method, f"{V}/{path}")
    figures = (await kit.call("GET", "/metrics", token=None)).body.decode()
    counted = sorted(re.findall(r'pia_requests_total\{action="([^"]*)",method="([^"]*)".*\} ([\d.]+)', figures))
    assert counted == [("compute:servers:list", "GET", "2.0"), ("none", "GET", "1.0"), ("none", "other", "1.0")]


async def test_beside_the_services() -> None:
    kit = Kit(SERVICES)
    assert (await kit.call("GET", "/healthz", token=None)).json == {"process": "pia", "alive": True}
    assert (await kit.call("GET", "/readyz", token=None)).status == 200
    root = (await kit.call("GET", "/", token=None)).json
    assert list(root["services"]) == ["compute", "network", "image"]
    assert (await kit.call("GET", "/volume/v3", token=None)).status == 404


async def test_a_client_that_goes_away_is_no_fault() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError("nobody is there")

    scope = {"type": "http", "method": "POST", "path": V, "query_string": b"", "headers": []}
    await Kit([COMPUTE]).app(scope, receive, send)


async def test_a_body_in_pieces_is_read_no_further_than_its_limit() -> None:
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": bytes(1000), "more_body": True}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    kit = Kit([COMPUTE], config=PiaConfig(body_limit=4500))
    scope = {"type": "http", "method": "POST", "path": f"{V}/servers", "query_string": b"", "headers": []}
    await kit.app(scope, receive, send)
    assert (read, sent[0]["status"]) == (5, 413)


async def test_an_announced_length_over_the_limit_is_not_read_at_all() -> None:
    kit = Kit([COMPUTE])
    headers = {"content-length": "9" * 12, "accept": "application/json"}
    assert (await ask(kit.app, "POST", f"{V}/servers", b"", headers)).status == 413


async def test_bodiless_answers_have_no_length() -> None:
    kit = Kit([COMPUTE])
    await kit.call("POST", f"{V}/os-keypairs", {"keypair": {"name": "k"}})
    answer = await kit.call("DELETE", f"{V}/os-keypairs/k", version="2.2")
    assert (answer.status, "content-length" in answer.headers) == (204, False)


async def test_a_change_that_conflicts_is_tried_again_and_in_the_end_503() -> None:
    kit = Kit([COMPUTE], config=PiaConfig(write_retries=3), store=MemoryStore())
    await kit.seed(region(), flavor("f", id="f"))
    body = {"flavor": {"description": "d"}}
    hostile(kit, Hostility(conflict=1.0))
    answer = await kit.call("PUT", f"{V}/flavors/f", body, token="admin", version="2.55")
    assert answer.status == 503
    hostile(kit, Hostility(conflict=0.3))
    many = await asyncio.gather(
        *(kit.call("PUT", f"{V}/flavors/f", body, token="admin", version="2.55") for _ in range(5))
    )
    assert {answer.status for answer in many} <= {200, 503}
    assert 200 in {answer.status for answer in many}


async def test_lifespan_is_acknowledged() -> None:
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await Kit([COMPUTE]).app({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_an_error_may_carry_headers() -> None:
    async def late(ctx: Context) -> Response:
        raise ApiError(429, "Slow down.", headers=[("Retry-After", "7")])

    answer = await Kit([service(late)]).call("GET", f"{V}/late")
    assert answer.headers["retry-after"] == "7"
    assert answer.json == {"overLimit": {"code": 429, "message": "Slow down.", "retryAfter": "7"}}


def test_found_of_the_wrong_kind_is_a_mistake_of_the_table() -> None:
    kit = Kit([COMPUTE])
    context = Context(
        parts=kit.parts,
        service=COMPUTE,
        region=kit.region,
        request=Request(method="GET", path=""),
        principal=None,  # type: ignore[arg-type]  # not looked at
        query=Query(""),
    )
    with pytest.raises(TypeError, match="finds no Flavor"):
        context.found(Flavor)
