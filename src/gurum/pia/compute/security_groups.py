"""Nova's own words for security groups, below 2.36: writing them, as Nova does it, by asking the network API.

Old clients and the Interop guideline still make groups here. Nothing is decided or checked here a second time: the
network API's own handlers do the work for the same caller, policy of both services is asked, and only the shape of the
answer and the status of a refusal are Nova's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from typing import Any

import msgspec

from gurum.model.network import SecurityGroup, SecurityGroupRule
from gurum.pia.compute import fields as f
from gurum.pia.compute.servers.groups import group_view, rule_view
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, bad_request, not_found
from gurum.pia.kernel.route import Find, Handler, Route, Subject
from gurum.pia.kernel.schema import Versions
from gurum.pia.kernel.wire import Response, empty, json
from gurum.pia.network import default_group, rules, security_groups
from gurum.pia.network.bindings import of

LAST = 35  # the last minor version of the proxies
ANYWHERE = "0.0.0.0/0"
PROTOCOLS = ("tcp", "udp", "icmp")
OVER_QUOTA = 403
IN_USE = 400  # what Neutron answers 409 to

_TEXT: f.Doc = {"type": "string", "minLength": 1, "maxLength": 255}
_GROUP = f.obj({"name": _TEXT, "description": {"type": "string", "maxLength": 255}}, ["name", "description"])
_PORT: f.Doc = {"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$", "minimum": -1, "maximum": 65535}
_RULE = f.obj(
    {
        "parent_group_id": f.UUID,
        "ip_protocol": {"type": ["string", "null"]},
        "from_port": _PORT,
        "to_port": _PORT,
        "cidr": {"type": ["string", "null"]},
        "group_id": {"type": ["string", "null"]},
    },
    ["parent_group_id"],
)


async def _ask(ctx: Context, action: str, find: Find, handler: Handler) -> Response:
    """Do what the network API does of an action, for the same caller. Raises its refusal with Nova's status."""
    try:
        subject = ctx.subject = find(ctx)
        decision = await ctx.ask(f"network:{action}", subject.target)
        if not decision.allow:
            if subject.missing is not None and not decision.visible:
                raise subject.missing
            raise ctx.service.wire.denied(ctx.request, decision)
        return await handler(ctx)
    except ApiError as error:
        if error.status != 409:
            raise
        raise ApiError(OVER_QUOTA if error.type == "OverQuota" else IN_USE, error.message) from None


async def _create(ctx: Context, action: str, noun: str, find: Find, handler: Handler) -> str:
    """Create one thing and return its id, which is on the mirror when this returns."""
    made = msgspec.json.decode((await _ask(ctx, f"{action}:create", find, handler)).body)
    await ctx.fresh(SecurityGroup, SecurityGroupRule)
    return str(made[noun]["id"])


def _find_group(ctx: Context) -> Subject:
    group = ctx.mirror(SecurityGroup).get(ctx.params["id"], ctx.region.name)
    missing = not_found(f"Security group {ctx.params['id']} not found.")
    if group is None:
        raise missing
    return Subject(target=of(ctx).security_groups.target(group), object=group, missing=missing)


def _find_rule(ctx: Context) -> Subject:
    rule = ctx.mirror(SecurityGroupRule).get(ctx.params["id"], ctx.region.name)
    missing = not_found(f"Security group rule {ctx.params['id']} not found.")
    if rule is None:
        raise missing
    return Subject(target=of(ctx).security_group_rules.target(rule), object=rule, missing=missing)


async def _shown(ctx: Context, uid: str) -> Response:
    group = ctx.mirror(SecurityGroup).get(uid)
    if group is None:
        raise not_found(f"Security group {uid} not found.")
    return json({"security_group": group_view(ctx, group)})


async def create(ctx: Context) -> Response:
    """Create a group."""
    uid = await _create(ctx, "security_groups", "security_group", security_groups.find_create, security_groups.create)
    return await _shown(ctx, uid)


async def change(ctx: Context) -> Response:
    """Rename a group, which is not possible of the default one."""
    group = ctx.found(SecurityGroup)
    if group.spec.is_default and group.metadata.project == ctx.project:
        raise bad_request(f"Unable to update system group '{default_group.NAME}'")
    ctx.body = ctx.body["security_group"]
    await _ask(ctx, "security_groups:update", _find_group, security_groups.change)
    await ctx.fresh(SecurityGroup)
    return await _shown(ctx, group.id)


async def delete(ctx: Context) -> Response:
    """Delete a group that no port is in."""
    await _ask(ctx, "security_groups:delete", _find_group, security_groups.delete)
    return empty(202)


def _neutrons(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a rule in Neutron's words. Raises Nova's 400 for what nova-network's words do not allow."""
    protocol, cidr, group = rule.get("ip_protocol"), rule.get("cidr"), rule.get("group_id")
    low, high = (None if rule.get(name) in (None, "") else int(rule[name]) for name in ("from_port", "to_port"))
    if protocol is not None and protocol.lower() not in PROTOCOLS:
        raise bad_request(f"Invalid IP protocol {protocol}")
    if group is None:
        cidr = cidr or ANYWHERE
        try:
            version = ip_network(cidr, strict=False).version
        except ValueError:
            raise bad_request(f"Invalid cidr {cidr}") from None
        if protocol is None or low is None or high is None:
            raise bad_request("Not enough parameters to build a valid rule")
    else:
        cidr, version = None, 4
    if protocol is not None and protocol.lower() == "icmp" and low == -1:
        low = high = None  # nova-network's word for every type and code
    return {
        "security_group_id": rule["parent_group_id"],
        "direction": "ingress",
        "ethertype": f"IPv{version}",
        "protocol": protocol.lower() if protocol else None,
        "port_range_min": low,
        "port_range_max": None if high == -1 else high,
        "remote_ip_prefix": cidr,
        "remote_group_id": group,
    }


async def create_rule(ctx: Context) -> Response:
    """Let something into a group."""
    ctx.body = {"security_group_rule": _neutrons(ctx.body["security_group_rule"])}
    uid = await _create(ctx, "security_group_rules", "security_group_rule", rules.find_create, rules.create)
    rule = ctx.mirror(SecurityGroupRule).get(uid)
    if rule is None:
        raise not_found(f"Security group rule {uid} not found.")
    return json({"security_group_rule": rule_view(ctx, rule)})


async def delete_rule(ctx: Context) -> Response:
    """Delete a rule."""
    await _ask(ctx, "security_group_rules:delete", _find_rule, rules.delete)
    return empty(202)


def _route(
    method: str,
    path: str,
    handler: Callable[[Context], Awaitable[Response]],
    action: str,
    summary: str,
    *,
    find: Find | None = None,
    body: Versions | None = None,
    status: int = 200,
) -> Route:
    return Route(
        method=method,
        path=path,
        handler=handler,
        until=LAST,
        body=body,
        policy=f"compute:{action}",
        find=find,
        reads=security_groups.WRITES,
        status=status,
        shape="write",
        summary=f"{summary} (below 2.36)",
    )


_GROUP_BODY = f.versions((1, f.wrapped("security_group", _GROUP)))
_RULE_BODY = f.versions((1, f.wrapped("security_group_rule", _RULE)))

ROUTES = (
    _route(
        "POST", "/os-security-groups", create, "security_groups:create", "Create a security group", body=_GROUP_BODY
    ),
    _route(
        "PUT",
        "/os-security-groups/{id}",
        change,
        "security_groups:update",
        "Change a security group",
        find=_find_group,
        body=_GROUP_BODY,
    ),
    _route(
        "DELETE",
        "/os-security-groups/{id}",
        delete,
        "security_groups:delete",
        "Delete a security group",
        find=_find_group,
        status=202,
    ),
    _route(
        "POST",
        "/os-security-group-rules",
        create_rule,
        "security_group_rules:create",
        "Create a security group rule",
        body=_RULE_BODY,
    ),
    _route(
        "DELETE",
        "/os-security-group-rules/{id}",
        delete_rule,
        "security_group_rules:delete",
        "Delete a security group rule",
        find=_find_rule,
        status=202,
    ),
)
