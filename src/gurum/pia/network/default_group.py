"""A project's default security group: made when the project first needs it, and made whole.

It is there before anybody asks for it, because Neutron's is: `openstack security group list` of a new project shows
one, and its first port is in it. Its key is the project's, so two processes cannot make two. Its rules follow in
writes of their own; a label says that they are still to come, so that a process that was killed in between leaves a
group that the next one completes.
"""

from __future__ import annotations

import uuid

from gurum.model.base import Metadata, Resource, new_id
from gurum.model.network import SecurityGroup, SecurityGroupRule, SecurityGroupRuleSpec, SecurityGroupSpec
from gurum.model.rule_key import key_of
from gurum.pia.kernel.context import Context
from gurum.pia.network.views.security_groups import MADE_WITH_GROUP
from gurum.pia.network.writes import ENGINE
from gurum.store.contract import ExistsError, NotFoundError, UnavailableError

INCOMPLETE = "network.openstack.org/rules-to-come"  # label
NAME = "default"


def key(region: str, project: str) -> str:
    """Return the key of a project's default group."""
    return f"{region}/{project}/{NAME}"


async def ensure(ctx: Context, project: str) -> SecurityGroup:
    """Return the project's default group, made now if need be. Idempotent. Its rules are there when this returns.

    The caller need not have brought SecurityGroup up to date.
    """
    group = ctx.mirror(SecurityGroup).by_key(key(ctx.region.name, project))
    known = group is not None
    if group is None:
        group = await _create(ctx, project)
    if INCOMPLETE in group.metadata.labels:
        group = await _complete(ctx, group)
    elif not known:  # another has just made it whole, and a list that follows must show it
        await ctx.fresh(SecurityGroup, SecurityGroupRule)
    return group


async def _create(ctx: Context, project: str) -> SecurityGroup:
    new = SecurityGroup(
        metadata=Metadata(
            id=new_id(),
            key=key(ctx.region.name, project),
            region=ctx.region.name,
            project=project,
            finalizers=[ENGINE],
            labels={INCOMPLETE: ""},
            cause=ctx.cause,
        ),
        spec=SecurityGroupSpec(name=NAME, description="Default security group", is_default=True),
    )
    try:
        return await ctx.parts.store.create(new)
    except ExistsError:
        pass
    try:
        held = await ctx.parts.store.get_by_key(SecurityGroup, new.metadata.key)
    except NotFoundError:
        held = None
    if held is None or held.deleting:
        raise UnavailableError(f"the default security group of project {project} is being deleted; try again")
    return held


async def _complete(ctx: Context, group: SecurityGroup) -> SecurityGroup:
    for rule in rules(ctx, group):
        try:
            await ctx.parts.store.create(rule)
        except ExistsError:
            continue  # another process, or ours before it was killed

    def mutate(obj: SecurityGroup) -> None:
        obj.metadata.labels.pop(INCOMPLETE, None)

    done = await ctx.change(SecurityGroup, group.id, mutate)
    await ctx.fresh(SecurityGroup, SecurityGroupRule)
    return done


def rules(ctx: Context, group: SecurityGroup) -> list[Resource]:
    """Return the rules that a new group has: everything may go out, and into a default group what comes from itself."""
    remotes = [("egress", None), ("ingress", group.id)] if group.spec.is_default else [("egress", None)]
    made: list[Resource] = []
    for direction, remote in remotes:
        for ethertype in ("IPv4", "IPv6"):
            spec = SecurityGroupRuleSpec(
                security_group_id=group.id,
                direction=direction,
                ethertype=ethertype,
                remote_group_id=remote,
                belongs_to_default_sg=group.spec.is_default,
            )
            name = key_of(spec)
            meta = Metadata(
                id=str(uuid.uuid5(uuid.UUID(group.id), name)),
                key=name,
                region=ctx.region.name,
                project=group.metadata.project,
                labels={MADE_WITH_GROUP: ""},
                cause=ctx.cause,
            )
            made.append(SecurityGroupRule(metadata=meta, spec=spec))
    return made
