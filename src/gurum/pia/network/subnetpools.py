"""/v2.0/subnetpools: a core resource of Neutron's, of which a region here has none and lets none be made.

Clients look pools up in passing (Horizon for its forms, Terraform for a data source), so the collection answers and
is empty. Making one is refused as a Neutron whose policy forbids it refuses: after the body's mistakes and the quota.
"""

from __future__ import annotations

from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.wire import Response, listing
from gurum.pia.network import body, query
from gurum.pia.network.faults import fault
from gurum.pia.network.quotas.usage import limits
from gurum.pia.network.tables.subnetpools import SUBNETPOOL
from gurum.policy.model import Target


async def listed(ctx: Context) -> Response:
    """Answer the pools: none."""
    query.parse(SUBNETPOOL, ctx.query)
    return listing(SUBNETPOOL.collection, [])


def find(ctx: Context) -> Subject:
    """Refuse an id: there is no pool."""
    raise fault(SUBNETPOOL.not_found, id=ctx.params.get("id"))


def find_create(ctx: Context) -> Subject:
    """Read the body of a POST."""
    items, _ = body.items(SUBNETPOOL, ctx.body, bulk=True)
    for item in items:
        body.for_create(SUBNETPOOL, item, body.owner(item, ctx.project))
    ctx.body = len(items)
    return Subject(target=Target(project_id=ctx.project))


async def create(ctx: Context) -> Response:
    """Refuse a new pool."""
    if 0 <= limits(ctx, ctx.project)["subnetpool"] < ctx.body:
        raise fault("OverQuota", resources=["subnetpool"])
    raise fault("PolicyNotAuthorized", rule="rule:create_subnetpool")


async def never(ctx: Context) -> Response:
    """Be no answer: `find` has refused."""
    raise AssertionError("there is no subnet pool")


_PATH, _ONE = "/subnetpools", "/subnetpools/{id}"
ROUTES = (
    Route(
        method="GET",
        path=_PATH,
        handler=listed,
        policy="network:subnetpools:list",
        shape="list",
        summary="List subnet pools: there are none",
    ),
    Route(
        method="POST",
        path=_PATH,
        handler=create,
        policy="network:subnetpools:create",
        find=find_create,
        status=403,
        shape="write",
        summary="Refused: subnets are made with their cidr",
    ),
    *(
        Route(
            method=method,
            path=path,
            handler=never,
            policy=f"network:subnetpools:{verb}",
            find=find,
            status=404,
            shape="show" if method == "GET" else "write",
            summary="Nothing: there are no subnet pools",
        )
        for method, path, verb in (
            ("GET", _ONE, "show"),
            ("PUT", _ONE, "update"),
            ("DELETE", _ONE, "delete"),
            ("PUT", _PATH, "update"),
            ("DELETE", _PATH, "delete"),
        )
    ),
)
