"""A real Neutron's answers, played in this process: the quickest way to notice that a sentence has changed.

The same recordings are played against running regions by `python -m tests.golden`; there the whole stack is under
test, here the network API alone, in a few seconds.
"""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.golden.player import allow, corpus
from tests.golden.player.keystone import Actor
from tests.golden.player.play import Player, Time
from tests.golden.player.transport import Received, Sent
from tests.golden.player.variables import Resolved
from tests.golden.player.verdict import differences
from tests.pia.network.support import bundle, region_object
from tests.support.pia import PROJECTS, REGION, ROOT, USERS, Kit, ask

from gurum.model.base import Metadata, new_id
from gurum.model.network import Network, NetworkSpec, Pool, Subnet, SubnetSpec
from gurum.pia.network import ipam
from gurum.pia.network.revision import REVISION
from gurum.pia.network.service import SERVICE

# Steps that need what is not built. Everything else of these scenarios must be equal.
NOT_BUILT = {
    "network/quotas-b-1": {"over trunk"},
    "network/floatingips-b-1": {"forwarding create", "forwarding bad", "forwarding delete"},
}
# Steps in which Neutron tells that another project's id exists, shows a member what its policy hides elsewhere, or
# names rules of attributes that nobody wrote, and we do not.
OURS = {
    "network/networks-b-1": {"tags other"},
    "network/security-groups-a": {"other rule"},
    "network/routers-a": {"extra routes add", "extra routes remove"},
    "network/routers-b-1": {"reader adds"},
}
SCENARIOS = (
    "api-a-1",
    "api-b-1",
    "networks-a-1",
    "networks-b-1",
    "subnets-b-1",
    "ports-b-1",
    "quotas-b-1",
    "security-groups-a",
    "security-groups-b-1",
    "routers-a",
    "routers-b-1",
    "floatingips-a",
    "floatingips-b-1",
)
CASES = {case.name: case for case in corpus.load(corpus.DEFAULT)}
ALLOWED = allow.load(corpus.DEFAULT.parent / "allow.yaml")


class InProcess:
    """The player's transport, without a network."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def send(self, sent: Sent) -> Received:
        split = urlsplit(sent.url)
        data = sent.data or b""
        headers = {name.lower(): value for name, value in sent.headers.items()} | {"content-length": str(len(data))}
        answer = await ask(self._kit.app, sent.method, f"{split.path}?{split.query}", data, headers)
        return Received(status=answer.status, headers=answer.headers, content=answer.body)


def actor(name: str) -> Actor:
    return Actor(
        token=name,
        password="-",
        user_id=USERS[name],
        username=name,
        project_id=PROJECTS[name],
        project_name=name,
        endpoints={"network": f"{ROOT}/network", "identity": "http://keystone.example"},
    )


async def external(kit: Kit) -> dict[str, str]:
    """Store the external network that the recorded cloud had; return the variables that name it."""
    network, subnet = new_id(), new_id()

    def meta(uid: str, **labels: str) -> Metadata:
        return Metadata(id=uid, key=uid, region=REGION, project=PROJECTS["admin"], labels=labels)

    await kit.seed(
        Network(metadata=meta(network, **{REVISION: "1"}), spec=NetworkSpec(name="public", external=True, mtu=1500)),
        Subnet(
            metadata=meta(subnet),
            spec=SubnetSpec(
                network_id=network,
                name="public4",
                cidr="203.0.113.0/24",
                gateway_ip="203.0.113.1",
                allocation_pools=[Pool(start="203.0.113.2", end="203.0.113.254")],
            ),
        ),
    )
    return {"ext_net": network, "ext_subnet": subnet}


class NeverWritten(random.Random):
    """Chooses an address that no scenario writes: one that is both chosen and written could not be masked."""

    def choice(self, seq: Any) -> Any:
        return seq[len(seq) // 2]


@pytest.fixture(autouse=True)
def _addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipam, "_RNG", NeverWritten(1))


@pytest.mark.parametrize("name", [f"network/{scenario}" for scenario in SCENARIOS])
async def test_equal_to_the_recorded(name: str) -> None:
    kit = Kit([SERVICE], policy=bundle())
    await kit.seed(region_object())
    resolved = Resolved(values=await external(kit), missing={})
    time = Time(now=kit.clock.time, sleep=kit.clock.sleep)
    player = Player(CASES[name], {who: actor(who) for who in PROJECTS}, resolved, InProcess(kit), time)
    by_step: dict[str, Any] = differences(CASES[name], await player.play(), ALLOWED)
    assert len(by_step) > 10
    different = {step: found for step, found in by_step.items() if found}
    known = NOT_BUILT.get(name, set()) | OURS.get(name, set())
    assert {step: found for step, found in different.items() if step not in known} == {}
    assert set(different) == known
