"""/v2.0/security-groups."""

from __future__ import annotations

from gurum.model.base import Resource, detaches
from gurum.model.network import Port, SecurityGroup, SecurityGroupRule, SecurityGroupSpec
from gurum.model.region import Region
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Subject
from gurum.pia.kernel.wire import Response, empty
from gurum.pia.network import body, default_group, meetings, tags
from gurum.pia.network.bindings import of
from gurum.pia.network.faults import fault
from gurum.pia.network.inventory import is_bound
from gurum.pia.network.nouns import own, with_attributes
from gurum.pia.network.writes import create_all, metadata, precondition, remove, remove_parts, update
from gurum.policy.model import Target

READS: tuple[type[Resource], ...] = (SecurityGroup, SecurityGroupRule)
WRITES: tuple[type[Resource], ...] = (*READS, Port, Region)


async def listed(ctx: Context) -> Response:
    """Answer a list, of which the caller's default group is always a part."""
    await default_group.ensure(ctx, ctx.project)
    return await of(ctx).security_groups.list(ctx)


def find_create(ctx: Context) -> Subject:
    """Read the body of a POST; it becomes the list of (values, target), and the first target is asked of policy."""
    bound = of(ctx).security_groups
    items, bulk = body.items(bound.noun, ctx.body, bulk=True)
    prepared = []
    for item in items:
        project = own(ctx, bound, item)
        values = body.for_create(bound.noun, item, project)
        prepared.append((values, with_attributes(Target(project_id=project), bound.noun, item, values)))
    ctx.body = (prepared, bulk)
    return Subject(target=prepared[0][1])


async def create(ctx: Context) -> Response:
    """Create one group or several, each with the two rules that let everything out."""
    bindings = of(ctx)
    prepared, bulk = ctx.body
    for _, target in prepared[1:]:
        await ctx.demand("network:security_groups:create", target)
    can = bindings.capabilities(ctx.region.name)
    made: list[SecurityGroup] = []
    parts: list[Resource] = []
    for values, _ in prepared:
        can.check("security_group", values, bound=False)
        await default_group.ensure(ctx, values["project_id"])
        spec = SecurityGroupSpec(
            name=values["name"],
            description=values["description"],
            stateful=values["stateful"],
            tags=tags.initial(values["tags"]),
        )
        group = SecurityGroup(metadata=metadata(ctx, values["project_id"]), spec=spec)
        made.append(group)
        parts += default_group.rules(ctx, group)
    stored = await create_all(ctx, made, "security_group", parts=parts, more={"security_group_rule": 2})
    await ctx.fresh(SecurityGroup, SecurityGroupRule)
    return await bindings.security_groups.answer(ctx, stored, "create", bulk=bulk)


async def change(ctx: Context) -> Response:
    """Change a group."""
    bindings = of(ctx)
    values = ctx.body
    group = ctx.found(SecurityGroup)
    bound = any(map(is_bound, bindings.inventory.ports_of_group.objects(group.id)))
    bindings.capabilities(ctx.region.name).check("security_group", values, bound=bound)
    if "name" in values and group.spec.is_default:
        raise fault("SecurityGroupCannotUpdateDefault")
    if values.get("stateful", group.spec.stateful) != group.spec.stateful and _used(ctx, group):
        raise fault("SecurityGroupInUse", id=group.id)

    def mutate(obj: SecurityGroup) -> None:
        for name in ("name", "description", "stateful"):
            if name in values:
                setattr(obj.spec, name, values[name])

    changed = await update(ctx, SecurityGroup, mutate, bindings.security_groups.missing(group.id))
    return await bindings.security_groups.answer(ctx, [changed], "update")


def _used(ctx: Context, group: SecurityGroup) -> bool:
    return group.id in of(ctx).inventory.ports_of_group


async def delete(ctx: Context) -> Response:
    """Ask for a group's deletion, and delete the rules in it and those of other groups that name it.

    The default group stays, also for an administrator: everything that its project makes would make it anew.
    """
    inventory = of(ctx).inventory
    group = ctx.found(SecurityGroup)
    if _used(ctx, group):
        raise fault("SecurityGroupInUse", id=group.id)
    if group.spec.is_default:
        raise fault("SecurityGroupCannotRemoveDefault")
    precondition(ctx, group)
    naming = inventory.rules_naming_group.objects(group.id)
    # What was adopted and is let go of keeps its rules, and others keep theirs that point at it: none is to be revoked.
    parts = [] if detaches(group) else [*naming, *inventory.rules_of_group.objects(group.id)]
    await remove_parts(ctx, parts)
    await remove(ctx, SecurityGroup, of(ctx).security_groups.missing(group.id))
    await meetings.clear_group(ctx, group.id)
    return empty(content_type=None)
