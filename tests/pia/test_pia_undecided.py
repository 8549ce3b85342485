"""What could not be decided is no refusal: 503, and nothing is done, found missing, or half answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from tests.policy.test_policy_engine import SHOW
from tests.support.badopa import WAYS, impostor
from tests.support.pia import POLICY, Kit

from gurum.model.network import Network
from gurum.ops.policy import PolicyConfig
from gurum.pia.services import SERVICES
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.factory import opened
from gurum.policy.model import Decision, PolicyInput
from gurum.policy.opa.point import OpaDecisionPoint


class Failing:
    """Decides by the bundle but for some actions, on which it fails."""

    revision = "r"

    def __init__(self, *actions: str) -> None:
        self._actions = actions
        self._bundle = EmbeddedDecisionPoint(POLICY)

    def decide(self, request: PolicyInput) -> Decision:
        decision = self._bundle.decide(request)
        if request.action in self._actions:
            return Decision(allow=False, visible=False, reason="no", decision_id="d", revision="r", error=True)
        return decision

    async def ask(self, request: PolicyInput) -> Decision:
        return self.decide(request)


async def _kit(*actions: str) -> Kit:
    kit = Kit(SERVICES, policy=Failing(*actions))
    await kit.cache.start()
    return kit


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "/compute/v2.1/servers", "compute:servers:list"),
        ("GET", "/network/v2.0/networks", "network:networks:list"),
        ("POST", "/network/v2.0/networks", "network:networks:create"),
        ("GET", "/image/v2/images", "image:images:list"),
    ],
)
async def test_a_route_that_cannot_be_decided(method: str, path: str, action: str) -> None:
    kit = await _kit(action)
    try:
        answer = await kit.call(method, path, {"network": {"name": "n"}} if method == "POST" else None)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert not (await kit.store.list(Network)).items
    finally:
        await kit.cache.stop()


async def test_an_object_that_is_there_is_not_called_missing() -> None:
    kit = await _kit("network:networks:show")
    try:
        made = await kit.call("POST", "/network/v2.0/networks", {"network": {"name": "n"}})
        assert made.status == 201  # what it shows beyond the ordinary could not be asked; it is done all the same
        answer = await kit.call("GET", f"/network/v2.0/networks/{made.json['network']['id']}")
        assert answer.status == 503
    finally:
        await kit.cache.stop()


async def test_of_a_read_what_it_may_show_must_be_known() -> None:
    kit = await _kit("compute:servers:show")
    try:
        assert (await kit.call("GET", "/compute/v2.1/servers/detail")).status == 503
        assert (await kit.call("GET", "/compute/v2.1/servers")).status == 200
    finally:
        await kit.cache.stop()


@pytest.fixture
def hung() -> Iterator[OpaDecisionPoint]:
    with impostor() as server, opened(PolicyConfig(url=server.url, deadline=0.5)) as point:
        server.pieces = WAYS["hung"]
        assert isinstance(point, OpaDecisionPoint)
        yield point


async def test_while_opa_hangs_what_needs_no_decision_is_answered(hung: OpaDecisionPoint) -> None:
    kit = Kit(SERVICES, policy=hung)
    await kit.cache.start()
    try:
        waiting = asyncio.create_task(kit.call("GET", "/compute/v2.1/servers"))
        await asyncio.sleep(0.05)
        assert (await kit.call("GET", "/compute/", token=None)).status in {200, 300}
        assert not waiting.done()
        assert (await waiting).status == 503
        assert "OPA has not answered within 0.5 s" in str(await hung.missing())
    finally:
        await kit.cache.stop()


async def test_without_a_url_the_bundle_decides() -> None:
    with opened(PolicyConfig(bundle=str(POLICY))) as point:
        assert isinstance(point, EmbeddedDecisionPoint)
        assert await point.missing() is None
        assert (await point.ask(SHOW)).allow
