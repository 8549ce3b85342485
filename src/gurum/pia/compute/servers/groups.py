"""A server's security groups: those of its ports, changed on the ports, as Nova changes them through Neutron."""

from __future__ import annotations

from typing import Any

from gurum.model.network import Port, SecurityGroup, SecurityGroupRule
from gurum.model.server import Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.servers import nics
from gurum.pia.compute.servers.actions import PATH
from gurum.pia.compute.servers.find import find
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import not_found
from gurum.pia.kernel.mirror import Board
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, empty, json

READS = (Server, Port, SecurityGroup, SecurityGroupRule)


def rule_view(ctx: Context, rule: SecurityGroupRule) -> dict[str, Any]:
    """Return a rule in nova-network's words."""
    spec = rule.spec
    group: dict[str, str] = {}
    if spec.remote_group_id:
        remote = ctx.mirror(SecurityGroup).get(spec.remote_group_id)
        if remote is not None:
            group = {"name": remote.spec.name, "tenant_id": remote.metadata.project}
    first, last = spec.port_range_min, spec.port_range_max
    if spec.protocol is not None and first is None and not group:
        first, last = (1, 65535) if spec.protocol.lower() in ("tcp", "udp") else (-1, -1)
    return {
        "id": rule.id,
        "parent_group_id": spec.security_group_id,
        "from_port": first,
        "to_port": last,
        "ip_protocol": spec.protocol,
        "ip_range": {} if spec.remote_group_id else {"cidr": spec.remote_ip_prefix or _anywhere(spec.ethertype)},
        "group": group,
    }


def _anywhere(ethertype: str) -> str:
    return "::/0" if ethertype == "IPv6" else "0.0.0.0/0"


def group_view(ctx: Context, group: SecurityGroup) -> dict[str, Any]:
    """Return a group in nova-network's words: with the rules of what may come in."""
    rules = [
        rule for rule in ctx.mirror(SecurityGroupRule).select("group", group.id) if rule.spec.direction == "ingress"
    ]
    return {
        "id": group.id,
        "name": group.spec.name,
        "description": group.spec.description,
        "tenant_id": group.metadata.project,
        "rules": [rule_view(ctx, rule) for rule in rules],
    }


def watch(board: Board) -> None:
    """Keep the index of rules by group."""
    board.when(SecurityGroupRule, lambda m: m.index("group", lambda rule: [rule.spec.security_group_id]))


async def index(ctx: Context) -> Response:
    """List the groups of a server."""
    ids = dict.fromkeys(
        group for port in ctx.mirror(Port).select("device", ctx.found(Server).id) for group in port.spec.security_groups
    )
    groups = [group for uid in ids if (group := ctx.mirror(SecurityGroup).get(uid)) is not None]
    return json({"security_groups": [group_view(ctx, group) for group in groups]})


def _ports(ctx: Context, server: Server) -> list[Port]:
    ports: list[Port] = ctx.mirror(Port).select("device", server.id)
    return ports


async def add(ctx: Context) -> Response:
    """Put every port of a server into a group."""
    group, _ = _named(ctx, ctx.body["addSecurityGroup"]["name"])
    await _change(ctx, ctx.found(Server), group.id, add=True)
    return empty(202)


async def remove(ctx: Context) -> Response:
    """Take every port of a server out of a group."""
    server, name = ctx.found(Server), ctx.body["removeSecurityGroup"]["name"]
    group, ports = _named(ctx, name)
    if not any(group.id in port.spec.security_groups for port in ports):
        raise not_found(f"Security group {name} not associated with the instance {server.id}")
    await _change(ctx, server, group.id, add=False)
    return empty(202)


def _named(ctx: Context, name: str) -> tuple[SecurityGroup, list[Port]]:
    """Return the group that a request names, and the server's ports. Raises 404 without either."""
    group = nics.group_named(ctx, name)
    if group is None:
        raise not_found(f"Security group {name} is not found for project {ctx.project}")
    server = ctx.found(Server)
    ports = _ports(ctx, server)
    if not ports:
        raise not_found(f"instance_id {server.id} could not be found as device id on any ports")
    return group, ports


async def _change(ctx: Context, server: Server, group: str, *, add: bool) -> None:
    def changed(groups: list[str]) -> list[str]:
        others = [uid for uid in groups if uid != group]
        return [*others, group] if add else others

    def of_port(port: Port) -> None:
        port.spec.security_groups = changed(port.spec.security_groups)

    def of_server(server: Server) -> None:
        server.spec.security_groups = changed(server.spec.security_groups)

    for port in _ports(ctx, server):
        await ctx.change(Port, port.id, of_port)
    await ctx.change(Server, server.id, of_server)


def _body(action: str) -> f.Doc:
    return f.wrapped(action, f.obj({"name": {"type": "string", "minLength": 1, "maxLength": 255}}, ["name"]))


ROUTES = (
    Route(
        method="GET",
        path="/servers/{id}/os-security-groups",
        handler=index,
        policy="compute:server_security_groups:list",
        find=find,
        reads=READS,
        shape="list",
        summary="List the security groups of a server",
    ),
    Route(
        method="POST",
        path=PATH,
        action="addSecurityGroup",
        handler=add,
        body=f.versions((1, _body("addSecurityGroup"))),
        policy="compute:server_security_groups:add",
        find=find,
        reads=READS,
        status=202,
        shape="action",
        summary="Put a server into a security group",
    ),
    Route(
        method="POST",
        path=PATH,
        action="removeSecurityGroup",
        handler=remove,
        body=f.versions((1, _body("removeSecurityGroup"))),
        policy="compute:server_security_groups:remove",
        find=find,
        reads=READS,
        status=202,
        shape="action",
        summary="Take a server out of a security group",
    ),
)
