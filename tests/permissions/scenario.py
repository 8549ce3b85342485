"""Everything that a driver can do, once, in virtual time: the scenario that a policy has to be just enough for."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from tests.engine.test_interfaces import address_in, attached
from tests.providers.bed import KEY
from tests.support.world import ACCOUNT, AWS, PROJECT, USER, World

from gurum.model.base import Resource
from gurum.model.compute import ServerGroup, ServerGroupSpec
from gurum.model.network import (
    FixedIP,
    HostRoute,
    Network,
    Port,
    PortSpec,
    SecurityGroup,
    SecurityGroupRule,
    SecurityGroupRuleSpec,
    SecurityGroupSpec,
    Subnet,
)
from gurum.model.routing import FloatingIP, Router
from gurum.model.server import ConsoleLog, ConsoleLogSpec, NetworkRequest, Server, ServerKey
from gurum.providers.aws.leftovers import KINDS
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
    await _routed(w, group)
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


async def _routed(w: World, group: SecurityGroup) -> None:
    """A router with a gateway and routes, a floating IP, an interface that comes and goes, a group of servers."""
    external = await w.external()
    network, subnet = await w.network(cidr="10.30.0.0/24")
    router = await w.router(external, subnet)
    spec = ServerGroupSpec(name="apart", user_id=USER, policy="anti-affinity")
    apart = await w.store.create(ServerGroup(metadata=w.meta(AWS), spec=spec))
    zone, hops = f"{AWS}-a", []
    for host in (5, 6):
        held = NetworkRequest(network_id=network.id, fixed_ip=address_in(subnet, host))
        hops.append(await w.server(network, group, zone=zone, requests=[held], server_group=apart.id))
    for server in hops:
        await _settled(w, server.id, "active")
    blocks = {"0.0.0.0/0", "192.168.7.0/24"}
    for host in (5, 6):
        await _route(w, router, HostRoute(destination="192.168.7.0/24", nexthop=address_in(subnet, host)))
        await w.until(lambda: {r["cidr"] for t in w.resources("route-table") for r in t["routes"]} == blocks)
    await _called(w, "ReplaceRoute")
    await _route(w, router)
    await _called(w, "DeleteRoute")
    extra = await attached(w, hops[0], subnet, 9)
    await _settled(w, hops[0].id, "active")
    floating = await w.floating(external)
    await w.associate(floating, extra, router)
    await _called(w, "AssociateAddress")
    await w.associate(floating, None)
    await _called(w, "DisassociateAddress")
    await w.act(hops[0].id, "detach_interface", port_id=extra.id)
    await _settled(w, hops[0].id, "active")
    await w.store.delete(FloatingIP, floating.id)
    await _gone(w, FloatingIP, floating.id)
    await w.gateway(router, None)
    await _called(w, "DeleteInternetGateway")
    await _called(w, "DeleteRouteTable")
    for server in hops:
        await w.store.delete(Server, server.id)
        await _gone(w, Server, server.id)
    await w.store.delete(ServerGroup, apart.id)
    await _gone(w, ServerGroup, apart.id)


async def _route(w: World, router: Router, *routes: HostRoute) -> None:
    await w.change(Router, router.id, lambda obj: setattr(obj.spec, "routes", list(routes)))


async def _leftovers(w: World) -> None:
    """Plant what calls of a paused process could leave behind; the sweep removes it."""

    def call(action: str, kind: str = "", **params: Any) -> Any:
        values = {"owner": w.config.engine.deployment, "uid": f"nobody-{kind}", "kind": "Domain"}
        tags = [{"Key": f"pia:{key}", "Value": value} for key, value in values.items()]
        if kind:
            params["TagSpecifications"] = [{"ResourceType": kind, "Tags": tags}]
        return w.emulator.call(action, params, account=ACCOUNT, region="us-east-1", external=True)

    vpc = call("CreateVpc", "vpc", CidrBlock="10.88.0.0/16")["Vpc"]["VpcId"]
    subnet = call("CreateSubnet", "subnet", VpcId=vpc, CidrBlock="10.88.0.0/24", AvailabilityZoneId="use1-az1")
    place = {"SubnetId": subnet["Subnet"]["SubnetId"]}
    call("CreateSecurityGroup", "security-group", VpcId=vpc, GroupName="left", Description="left")
    interface = call("CreateNetworkInterface", "network-interface", **place)["NetworkInterface"]
    call("ImportKeyPair", "key-pair", KeyName="left", PublicKeyMaterial=KEY.encode())
    call("CreatePlacementGroup", "placement-group", GroupName="left", Strategy="spread")
    gateway = call("CreateInternetGateway", "internet-gateway")["InternetGateway"]["InternetGatewayId"]
    call("AttachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)
    table = call("CreateRouteTable", "route-table", VpcId=vpc)["RouteTable"]["RouteTableId"]
    call("AssociateRouteTable", RouteTableId=table, **place)
    address = call("AllocateAddress", "elastic-ip", Domain="vpc")["AllocationId"]
    call("AssociateAddress", AllocationId=address, NetworkInterfaceId=interface["NetworkInterfaceId"])
    await w.until(lambda: not _marked(w), 3 * w.config.engine.sweep)


def _marked(w: World) -> list[str]:
    """Return what there is of nobody's."""
    return [row["id"] for kind in KINDS for row in w.resources(kind.type) if "nobody" in row["tags"].get("pia:uid", "")]


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
