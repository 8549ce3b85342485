"""Adopted things: looked at only, followed, taken over when nothing has to be done for it, let go of as they are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.adopt import company
from tests.adopt.verdict import differences
from tests.support.checks import everything
from tests.support.world import ACCOUNT, AWS, PROJECT, USER, World

from gurum.cli.adopt.deeds import by_itself, rank
from gurum.engine.adoption.follow import catalogue
from gurum.engine.adoption.plan import adoptable, chosen, planned
from gurum.engine.adoption.take import take
from gurum.model import codec
from gurum.model.base import MANAGED, OWNED, Resource, adoption
from gurum.model.compute import Flavor, FlavorSpec
from gurum.model.network import Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from gurum.model.routing import FloatingIP, Router
from gurum.model.server import Server
from gurum.providers.aws import policy
from gurum.providers.contract import Found, Place
from gurum.store.contract import NotFoundError
from gurum.store.objects import whole

Play = Callable[..., None]
LOOKS = ("Describe", "Get")
SETTINGS = {"quotas": {"addresses": 50, "vpcs": 10}}


def outside(w: World) -> company.Do:
    """Return the hands of the company's own people."""

    def do(action: str, **params: Any) -> dict[str, Any]:
        if "PublicKeyMaterial" in params:
            params["PublicKeyMaterial"] = params["PublicKeyMaterial"].encode()
        answer = w.emulator.call(action, params, account=ACCOUNT, region="us-east-1", external=True)
        return dict(answer)

    return do


async def founded(w: World, servers: int = 8) -> company.Company:
    """Return a company whose machines run, and a region that knows one of their types."""
    w.emulator.configure(SETTINGS)
    made = company.build(outside(w), servers)
    await w.until(lambda: all(row["state"] == "running" for row in w.resources("instance")))
    await w.external(AWS)
    spec = FlavorSpec(
        name="m1.tiny", vcpus=2, ram=512, disk=8, flavorid="1", extra_specs={"aws:instance_type": "t3.nano"}
    )
    await w.store.create(Flavor(metadata=w.meta(AWS, finalizer=False), spec=spec))
    return made


async def survey(w: World) -> Sequence[Found]:
    """Return what the command would find."""
    flavors, networks = await everything(w.store, Flavor), await everything(w.store, Network)
    external = next(network.id for network in networks if network.spec.external)
    names = catalogue(iter(flavors), iter(()), external, USER)
    found = await w.providers()[AWS].survey(Place(AWS, ACCOUNT), names)
    assert isinstance(found, Sequence)
    return found


async def adopt(w: World, ids: Sequence[str] = ()) -> list[Found]:
    """Adopt as the command does; return what was adopted."""
    found = chosen(await survey(w), ids, {})
    present = [obj for kind in codec.ADOPTABLE for obj in await everything(w.store, kind)]
    wanted = adoptable(planned(found, present, PROJECT), found)
    for one in wanted:
        assert await take(w.store, one, PROJECT)
    return wanted


async def objects(w: World) -> list[Resource]:
    """Return everything that stands for something adopted."""
    found = [obj for kind in codec.ADOPTABLE for obj in await everything(w.store, kind)]
    return [obj for obj in found if (spec := adoption(obj)) is not None and spec.import_ is not None]


def changing(w: World) -> list[str]:
    """Return the product's calls that change something."""
    return [call["action"] for call in w.calls() if not call["action"].startswith(LOOKS)]


async def seen(w: World) -> None:
    """Wait until every adopted object was seen."""

    async def all_seen() -> bool:
        found = [obj for obj in await objects(w) if obj.kind not in ("KeyPair", "CloudKey")]
        return all(obj.status.adopted and (not isinstance(obj, Server) or obj.status.addresses) for obj in found)

    await w.until(all_seen)


async def manage(w: World) -> None:
    """Have everything taken over, and wait until it is."""
    for obj in await objects(w):
        await w.change(type(obj), obj.id, lambda each: setattr(whole(each).spec, "management_policy", MANAGED))

    async def taken() -> bool:
        kept = [obj for obj in await objects(w) if obj.kind not in ("KeyPair", "CloudKey", "SecurityGroupRule")]
        return all(obj.status.adopted == OWNED for obj in kept)

    try:
        await w.until(taken, within=400.0)
    except TimeoutError:
        raise AssertionError(
            [
                (obj.kind, obj.status.adopted, [c.message for c in obj.status.conditions if c.message])
                for obj in await objects(w)
                if obj.status.adopted != OWNED
            ]
        ) from None


def described(w: World) -> dict[str, Any]:
    """Return everything that the cloud has, without tags and times of observation."""
    return {kind: w.resources(kind) for kind in company.KINDS}


def test_all_of_it_is_seen_and_nothing_is_called_that_changes(play: Play) -> None:
    async def scenario(w: World) -> None:
        made = await founded(w)
        company.connect(outside(w), made)
        await w.clock.sleep(60.0)  # until what is attached is so for AWS, too
        before = described(w)
        await adopt(w)
        await seen(w)
        servers = await everything(w.store, Server)
        assert len(servers) == len(made.ids["instance"])
        assert {server.status.vm_state for server in servers} == {"active"}
        assert {s.spec.flavor.name for s in servers} >= {"m1.tiny", "m5.large"}
        for server in servers:
            spec = adoption(server)
            assert spec is not None
            assert spec.import_ is not None
            assert server.spec.name == made.names.get(spec.import_.id, f"server-{server.id[:8]}")
            assert server.status.addresses
        assert len(await everything(w.store, FloatingIP)) == company.MAPPED + company.LOOSE
        assert len(await everything(w.store, Router)) == 2
        rules = await everything(w.store, SecurityGroupRule)
        listed = outside(w)("DescribeSecurityGroupRules", MaxResults=1000)["SecurityGroupRules"]
        assert len(rules) == len(listed) - 1  # one has no word in Neutron
        versions = {obj.id: obj.metadata.resource_version for obj in await objects(w)}
        await w.clock.sleep(100.0)
        assert {obj.id: obj.metadata.resource_version for obj in await objects(w)} == versions  # at rest, no writes
        assert changing(w) == []
        assert differences(before, described(w)) == []
        await _forget(w)

    play(scenario)


async def detach(w: World) -> None:
    """Let go of everything, as the command does, and wait until it is gone."""
    for obj in sorted(await objects(w), key=rank):
        if not by_itself(obj):
            with contextlib.suppress(NotFoundError):
                await w.store.delete(type(obj), obj.id)

    async def gone() -> bool:
        return not await objects(w)

    try:
        await w.until(gone, within=300.0)
    except TimeoutError:
        left = await objects(w)
        raise AssertionError(
            [(obj.kind, obj.id, [c.message for c in obj.status.conditions if c.message]) for obj in left]
        ) from None


async def _forget(w: World) -> None:
    """End the company: the world is judged by what is left."""
    await detach(w)
    alive = [row["id"] for row in w.resources("instance") if row["state"] != "terminated"]
    outside(w)("TerminateInstances", InstanceIds=alive)
    await w.until(lambda: all(row["state"] == "terminated" for row in w.resources("instance")))


def test_adopting_again_changes_nothing_and_two_adopt_nothing_twice(play: Play) -> None:
    async def scenario(w: World) -> None:
        await founded(w, 4)
        found = [one for one in await survey(w) if one.object is not None]
        first = [one for one in found if await take(w.store, one, PROJECT)]
        again = [one for one in found if await take(w.store, one, PROJECT)]
        assert len(first) == len(found)
        assert again == []
        await seen(w)
        present = [obj for kind in codec.KINDS.values() for obj in await everything(w.store, kind)]
        lines = planned(found, present, PROJECT)
        assert {line.deed for line in lines} == {"adopted"}
        await _forget(w)

    play(scenario)


def test_what_others_do_shows(play: Play) -> None:
    async def scenario(w: World) -> None:
        made = await founded(w, 6)
        await adopt(w)
        await seen(w)
        do = outside(w)
        stopped, ended, third = made.ids["instance"][:3]
        ids = {adoption(s).import_.id: s.id for s in await everything(w.store, Server)}  # type: ignore[union-attr]
        do("StopInstances", InstanceIds=[stopped])
        do("TerminateInstances", InstanceIds=[ended])
        address = do("AllocateAddress", Domain="vpc")
        nic = made.ids["network-interface"][2]
        do("AssociateAddress", AllocationId=address["AllocationId"], NetworkInterfaceId=nic)
        do("CreateTags", Resources=[third], Tags=[{"Key": "Name", "Value": "renamed"}])
        group = made.ids["security-group"][3]
        rule = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}
        do("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])

        async def shown() -> bool:
            state = {cloud: await w.get(Server, uid) for cloud, uid in ids.items()}
            floating = await everything(w.store, FloatingIP)
            rules = await everything(w.store, SecurityGroupRule)
            return (
                state[stopped].status.vm_state == "stopped"
                and state[ended].status.vm_state == "error"
                and state[third].spec.name == "renamed"
                and [one.address for one in floating] == [address["PublicIp"]]
                and any(r.spec.port_range_min == 8080 for r in rules)
            )

        await w.until(shown)
        fault = (await w.get(Server, ids[ended])).status.fault
        assert fault is not None
        assert "deleted outside of OpenStack" in fault.message
        do("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
        do("StartInstances", InstanceIds=[stopped])

        async def back() -> bool:
            rules = await everything(w.store, SecurityGroupRule)
            started = (await w.get(Server, ids[stopped])).status.vm_state == "active"
            return started and all(r.spec.port_range_min != 8080 for r in rules)

        await w.until(back)
        assert changing(w) == []
        await _forget(w)

    play(scenario)


def test_taking_over_replaces_nothing_and_letting_go_leaves_all(play: Play) -> None:
    async def scenario(w: World) -> None:
        made = await founded(w)
        company.connect(outside(w), made)
        await w.clock.sleep(60.0)  # until what is attached is so for AWS, too
        before = described(w)
        allowed = policy.document(w.config.engine.deployment, "us-east-1", adopts=True)
        w.emulator.configure({"policies": {"*": allowed}})
        await adopt(w)
        await seen(w)
        await manage(w)
        await w.clock.sleep(120.0)
        assert set(changing(w)) == {"CreateTags"}
        during = described(w)
        assert {k: sorted(r["id"] for r in rows) for k, rows in during.items()} == {
            k: sorted(r["id"] for r in rows) for k, rows in before.items()
        }
        servers = await everything(w.store, Server)
        assert {server.status.vm_state for server in servers} == {"active"}
        await detach(w)
        assert set(changing(w)) == {"CreateTags", "DeleteTags"}
        # Once its tag is off, taking it off again is forbidden: so much a repetition meets, and it counts as done.
        done = [call["params"] for call in w.calls("DeleteTags", outcome="ok")]
        assert [call for call in w.calls(outcome="UnauthorizedOperation") if call["params"] not in done] == []
        assert differences(before, described(w)) == []
        await _forget(w)

    play(scenario)


@pytest.mark.parametrize("verb", ["stop", "reboot"])
def test_a_verb_that_reaches_an_unmanaged_server_is_not_called(play: Play, verb: str) -> None:
    """The API refuses it; should one be written all the same, the gate keeps it from the controller."""

    async def scenario(w: World) -> None:
        await founded(w, 2)
        await adopt(w)
        await seen(w)
        [one, *_] = await everything(w.store, Server)
        await w.act(one.id, verb, type="SOFT")
        await w.clock.sleep(60.0)
        assert changing(w) == []
        await _forget(w)

    play(scenario)


def test_what_is_asked_for_brings_what_it_refers_to(play: Play) -> None:
    async def scenario(w: World) -> None:
        made = await founded(w)
        company.connect(outside(w), made)
        await adopt(w, [made.ids["instance"][0]])
        await seen(w)
        assert len(await everything(w.store, Server)) == 1
        assert len(await everything(w.store, Port)) == 2
        assert {n.spec.name for n in await everything(w.store, Network) if not n.spec.external} == {"production"}
        assert len(await everything(w.store, Subnet)) == 1
        assert len(await everything(w.store, SecurityGroup)) == 1
        assert changing(w) == []
        await _forget(w)

    play(scenario)
