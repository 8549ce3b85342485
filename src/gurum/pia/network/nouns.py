"""What listing, showing, finding and authorizing have in common: one description a noun, one way through.

A noun's own module holds what is its own (creation, change, deletion). What every noun must do alike is here, so
that no noun can forget to confine a list to what policy lets the caller see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from gurum.model.base import Resource
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.entries import Entry
from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.mirror import Mirror
from gurum.pia.kernel.route import Subject
from gurum.pia.kernel.wire import Response, encode, json, listing
from gurum.pia.network import body, query, select
from gurum.pia.network.attributes import Noun
from gurum.pia.network.faults import bad_request, fault
from gurum.pia.network.relation import Relation
from gurum.pia.network.runs import Run, of_entries, of_ids
from gurum.pia.network.views.base import NOTHING, Operation, Shape, View
from gurum.policy.model import Scopes, Target

R = TypeVar("R", bound=Resource)


@dataclass(frozen=True)
class Bound(Generic[R]):
    """A noun tied to its objects.

    path: of the collection. action: the noun in policy's table. target: what policy decides by. admitted: what a
    list's scopes let the caller see, in runs that are in order of id. narrow: filters that are looked up instead of
    tried on everything. special: filters that are no plain comparison.
    """

    noun: Noun
    path: str
    action: str
    mirror: Mirror[R]
    view: View[R]
    target: Callable[[R], Target]
    admitted: Callable[[Scopes, str], list[Run[R]]]
    narrow: Mapping[str, Relation[R]] = field(default_factory=dict)
    special: Mapping[str, Callable[[tuple[Any, ...]], select.Test[R]]] = field(default_factory=dict)

    def missing(self, key: object) -> ApiError:
        """Return the error of an unknown id."""
        return fault(self.noun.not_found, id=key)

    def seek(self, ctx: Context) -> R:
        """Return the object that the path names, whoever it belongs to. Raises the noun's not-found."""
        obj = self.mirror.get(ctx.params["id"], ctx.region.name)
        if obj is None:
            raise self.missing(ctx.params["id"])
        return obj

    def find(self, ctx: Context) -> Subject:
        """Find the object that the path names, to show or delete it."""
        obj = self.seek(ctx)
        return Subject(target=self.target(obj), object=obj, missing=self.missing(obj.id))

    def find_update(self, ctx: Context) -> Subject:
        """Read the body of a PUT (it becomes `ctx.body`), then find the object: the body's mistakes come first."""
        [item], _ = body.items(self.noun, ctx.body, bulk=False)
        own(ctx, self, item)
        ctx.body = body.for_update(self.noun, item)
        obj = self.seek(ctx)
        target = with_attributes(self.target(obj), self.noun, item)
        return Subject(target=target, object=obj, missing=self.missing(obj.id))

    def find_none(self, ctx: Context) -> Subject:
        """Refuse PUT and DELETE of a collection: Neutron looks for an object without an id."""
        raise self.missing(None)

    async def list(self, ctx: Context, operation: Operation = "list") -> Response:
        """Answer a list."""
        asked = query.parse(self.noun, ctx.query)
        scopes = ctx.decision.scopes or Scopes()
        runs, tests = self._candidates(ctx.region.name, scopes, asked)
        tests = [*tests, *select.tests(self.view, asked.filters, self.special)]
        entries = select.listed(runs, tests, self.view, asked, self._mark(ctx.region.name, scopes, asked.marker))
        shape = Shape(operation, await self.reveals(ctx, scopes.all))
        if asked.fields is None:
            pieces = [self.view.rendered(entry, shape) for entry in entries]
        else:
            pieces = [encode(self.view.document(entry.object, shape, asked.fields)) for entry in entries]
        url = f"{ctx.root}/v2.0{self.path}"
        links = query.links(url, ctx.query, asked, [entry.object.id for entry in entries])
        more = f'"{self.noun.collection}_links":'.encode() + encode(links) if links else b""
        return listing(self.noun.collection, pieces, more)

    def _candidates(
        self, region: str, scopes: Scopes, asked: query.ListQuery
    ) -> tuple[Sequence[Run[R]], Sequence[select.Test[R]]]:
        """Return where to look, as narrow as the filters allow, and the tests of what is looked up by a filter."""

        def admitted(obj: R) -> bool:
            return obj.metadata.region == region and scopes.admit(self.target(obj))

        if "id" in asked.filters:
            return [of_ids(sorted(set(asked.filters["id"])), self.mirror)], [admitted]
        for name, relation in self.narrow.items():
            if name in asked.filters:
                return [relation.run(value) for value in dict.fromkeys(asked.filters[name])], [admitted]
        owners = asked.filters.get("project_id") or asked.filters.get("tenant_id")
        if owners and scopes.all:
            return [of_entries(self.mirror.members(region, owner)) for owner in dict.fromkeys(owners)], []
        return self.admitted(scopes, region), []

    def _mark(self, region: str, scopes: Scopes, marker: str | None) -> Entry[R] | None:
        """Return the entry that a page begins behind. Raises the noun's not-found for what the caller may not list.

        It need not be in the list (a filter may exclude it), but another's id must say no more than an unknown one.
        """
        if marker is None:
            return None
        entry = self.mirror.entry(marker)
        if entry is None or entry.object.metadata.region != region or not scopes.admit(self.target(entry.object)):
            raise self.missing(marker)
        return entry

    async def reveals(self, ctx: Context, everything: bool) -> frozenset[str]:
        """Return which restricted fields the answer shows: of a list, those that policy shows whoever sees all."""
        if not self.view.restricted:
            return NOTHING
        if everything:
            return await ctx.revealed(f"{self.action}:show", ctx.own())
        return frozenset(ctx.decision.reveals)

    async def show(self, ctx: Context) -> Response:
        """Answer one object."""
        entry = self.mirror.entry(ctx.params["id"])
        if entry is None:
            raise self.missing(ctx.params["id"])
        shape = Shape("show", await self.reveals(ctx, False))
        only = query.fields(ctx.query)
        if only is None:
            piece = self.view.rendered(entry, shape)
        else:
            piece = encode(self.view.document(entry.object, shape, only))
        return Response(body=b'{"%s":%s}' % (self.noun.name.encode(), piece))

    async def answer(self, ctx: Context, objects: Sequence[R], operation: Operation, *, bulk: bool = False) -> Response:
        """Answer what was created or changed."""
        shape = Shape(operation, await self._shown(ctx, objects[0]) if self.view.restricted else NOTHING)
        shown = [self.view.document(obj, shape) for obj in objects]
        status = 201 if operation == "create" else 200
        return json({self.noun.collection: shown} if bulk else {self.noun.name: shown[0]}, status)

    async def _shown(self, ctx: Context, obj: R) -> frozenset[str]:
        return await ctx.revealed(f"{self.action}:show", self.target(obj))


def own(ctx: Context, bound: Bound[Any], item: body.Attributes) -> str:
    """Return whose the body's object shall be.

    Raises Neutron's 400 if it is another's and policy does not let the caller make it.
    """
    project = body.owner(item, ctx.project)
    if project != ctx.project:
        decision = ctx.decide(f"{bound.action}:create", Target(project_id=project, user_id=ctx.principal.user_id))
        if not decision.allow:
            raise bad_request(
                "Specifying 'project_id' other than the authenticated project in request is not allowed for the "
                "current user."
            )
    return project


def with_attributes(target: Target, noun: Noun, item: body.Attributes, values: body.Attributes | None = None) -> Target:
    """Return the target with what the body writes, in the order of the noun's table.

    `values` are a POST's, converted: what it writes as it is by default is not asked of policy (Neutron). Dashboards
    send such: a network that is not shared is nothing to ask an administrator for. A PUT writes whatever it names.
    """
    order = {name: place for place, name in enumerate(noun.attributes)}
    names = sorted(body.written(item), key=lambda name: order.get(_attribute(name, order), len(order)))
    if values is not None:
        names = [name for name in names if not _by_default(noun, _attribute(name, order), values)]
    return Target(
        project_id=target.project_id,
        user_id=target.user_id,
        parent_project_id=target.parent_project_id,
        shared=target.shared,
        router_external=target.router_external,
        device_owner=item.get("device_owner") or target.device_owner,
        attributes=tuple(names),
    )


def _by_default(noun: Noun, name: str, values: body.Attributes) -> bool:
    row = noun.attributes.get(name)
    return row is not None and name in values and bool(values[name] == row.default)


def _attribute(name: str, known: Mapping[str, int]) -> str:
    """Return the attribute that a part belongs to: `fixed_ips` of `fixed_ips:subnet_id`."""
    return name if name in known else name.partition(":")[0]
