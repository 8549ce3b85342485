"""Everything that a driver can do, once, in virtual time: the scenario that a policy has to be just enough for."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from tests.providers.bed import KEY
from tests.support.world import ACCOUNT, AWS, PROJECT, World

from gurum.model.base import Resource
from gurum.model.network import (
    FixedIP,
    Network,
    Port,
    PortSpec,
    SecurityGroup,
    SecurityGroupRule,
    SecurityGroupRuleSpec,
    SecurityGroupSpec,
    Subnet,
)
from gurum.model.server import ConsoleLog, ConsoleLogSpec, NetworkRequest, Server, ServerKey
from gurum.store.claims import claim_address

R = TypeVar("R", bound=Resource)


async def everything_a_driver_does(w: World) -> None:
    """Make, change, look at, act on and remove one of each; plant a leftover of each kind, and have it swept."""
    network, subnet = await w.network()
    group = await w.group()
    port = await _port(w, network, subnet, group)
    key = ServerKey(name="k", type="ssh", public_key=KEY, fingerprint="aa")
    server = await w.server(network, group, key=key, requests=[NetworkRequest(port_id=port.id)])
    implied = await w.server(network, group)
    for one in (server, implied):
        await _settled(w, one.id, "active")
    for verb, kind, state in (("stop", "", "stopped"), ("start", "", "active"), ("reboot", "SOFT", "active"),
                              ("reboot", "HARD", "active")):  # fmt: skip
        await w.act(server.id, verb, type=kind)
        await _settled(w, server.id, state)
    await w.store.create(ConsoleLog(metadata=w.meta(AWS, key=server.id), spec=ConsoleLogSpec(asked_at=w.clock.time())))
    await _called(w, "GetConsoleOutput")
    await _rules(w, group)
    other = await w.store.create(SecurityGroup(metadata=w.meta(AWS), spec=SecurityGroupSpec(name="other")))
    await w.change(Port, port.id, lambda obj: obj.spec.security_groups.append(other.id))
    await _called(w, "ModifyNetworkInterfaceAttribute")
    # A subnet outside of the VPC's first block, and a server in it without a group.
    await w.subnet(network, "10.77.0.0/24")
    await _called(w, "AssociateVpcCidrBlock")
    alone = await w.server(network, None, requests=[])
    await _settled(w, alone.id, "active")
    for one in (server, implied, alone):
        await w.store.delete(Server, one.id)
        await _gone(w, Server, one.id)
    await w.store.delete(Port, port.id)
    await _gone(w, Port, port.id)
    await _leftovers(w)


async def _port(w: World, network: Network, subnet: Subnet, group: SecurityGroup) -> Port:
    zone, address = "use1-az1", subnet.spec.slices["use1-az1"].rpartition(".")[0] + ".10"
    spec = PortSpec(
        network_id=network.id,
        fixed_ips=[FixedIP(subnet_id=subnet.id, ip_address=address)],
        security_groups=[group.id],
        zone=zone,
    )
    port = await w.store.create(Port(metadata=w.meta(AWS), spec=spec))
    await claim_address(
        w.store, region=AWS, project=PROJECT, subnet_id=subnet.id, address=address, owner_kind="Port", owner_id=port.id
    )
    return port


async def _rules(w: World, group: SecurityGroup) -> None:
    """Add a rule each way and take it away again."""
    made = []
    for direction in ("ingress", "egress"):
        spec = SecurityGroupRuleSpec(
            security_group_id=group.id, direction=direction, ethertype="IPv4", protocol="tcp",
            port_range_min=22, port_range_max=22, remote_ip_prefix="10.9.0.0/16",
        )  # fmt: skip
        made.append(await w.store.create(SecurityGroupRule(metadata=w.meta(AWS, finalizer=False), spec=spec)))
    for action in ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"):
        await _called(w, action)
    await asyncio.sleep(60)
    for rule in made:
        await w.store.delete(SecurityGroupRule, rule.id)
    for action in ("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"):
        await _called(w, action)


async def _leftovers(w: World) -> None:
    """Plant what calls of a paused process could leave behind; the sweep removes it."""

    def call(action: str, kind: str, **params: object) -> dict[str, object]:
        values = {"owner": w.config.engine.deployment, "uid": f"nobody-{kind}", "kind": "Domain"}
        tags = [{"Key": f"pia:{key}", "Value": value} for key, value in values.items()]
        marked = params | {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]}
        return w.emulator.call(action, marked, account=ACCOUNT, region="us-east-1", external=True)

    vpc = call("CreateVpc", "vpc", CidrBlock="10.88.0.0/16")["Vpc"]["VpcId"]  # type: ignore[index]  # an answer
    subnet = call("CreateSubnet", "subnet", VpcId=vpc, CidrBlock="10.88.0.0/24", AvailabilityZoneId="use1-az1")
    call("CreateSecurityGroup", "security-group", VpcId=vpc, GroupName="left", Description="left")
    call("CreateNetworkInterface", "network-interface", SubnetId=subnet["Subnet"]["SubnetId"])  # type: ignore[index]
    call("ImportKeyPair", "key-pair", KeyName="left", PublicKeyMaterial=KEY.encode())
    await w.until(lambda: not any(row["id"] == vpc for row in w.resources("vpc")), 3 * w.config.engine.sweep)


async def _called(w: World, action: str) -> None:
    before = len(w.calls(action, "ok"))
    if not before:
        await w.until(lambda: len(w.calls(action, "ok")) > before)


async def _settled(w: World, id: str, state: str) -> None:
    async def there() -> bool:
        server = await w.get(Server, id)
        return server.status.vm_state == state and server.status.done >= server.spec.actions[-1].number

    await w.until(there)


async def _gone(w: World, kind: type[R], id: str) -> None:
    async def absent() -> bool:
        return all(obj.id != id for obj in (await w.store.list(kind)).items)

    await w.until(absent)
