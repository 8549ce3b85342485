"""Whether a project may have so many servers more, and reserving them."""

from __future__ import annotations

from collections.abc import Container, Mapping

from gurum.model.compute import Flavor
from gurum.model.server import Server
from gurum.pia.compute.quotas.limits import SERVICE, limits_of
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, forbidden
from gurum.pia.kernel.mirror import Mirror

RESOURCES = ("cores", "instances", "ram")  # in the order in which Nova names what is exceeded


def tally(server: Server) -> dict[str, int]:
    """Return what one server uses."""
    return {"cores": server.spec.flavor.vcpus, "instances": 1, "ram": server.spec.flavor.ram}


def used(ctx: Context, project: str) -> dict[str, int]:
    """Return what the servers of a project use, counted from the servers themselves."""
    total = ctx.mirror(Server).total("usage", ctx.region.name, project)
    return {name: total.get(name, 0) for name in RESOURCES}


def amounts(flavor: Flavor, count: int) -> dict[str, int]:
    """Return what servers of a flavor use."""
    return {"cores": flavor.spec.vcpus * count, "instances": count, "ram": flavor.spec.ram * count}


def _exceeded(
    asked: Mapping[str, int], held: Mapping[str, int], limits: Mapping[str, int], over: list[str]
) -> ApiError:
    return forbidden(
        f"Quota exceeded for {', '.join(over)}: Requested {', '.join(str(asked[name]) for name in over)}, "
        f"but already used {', '.join(str(held[name]) for name in over)} "
        f"of {', '.join(str(limits[name]) for name in over)} {', '.join(over)}"
    )


def fitting(ctx: Context, flavor: Flavor, least: int, most: int) -> int:
    """Return how many servers fit, at most `most`. Raises 403 when fewer than `least` do."""
    limits, held = limits_of(ctx, ctx.project), used(ctx, ctx.project)
    count = most
    for name, each in amounts(flavor, 1).items():
        if limits[name] >= 0 and each > 0:
            count = min(count, (limits[name] - held[name]) // each)
    if count >= least:
        return count
    asked = amounts(flavor, most)
    over = [name for name in RESOURCES if 0 <= limits[name] < held[name] + asked[name]]
    raise _exceeded(asked, held, limits, over)


async def reserve(ctx: Context, flavor: Flavor, count: int, id: str) -> None:
    """Reserve what `count` servers use; id: the one created last, so that the reservation outlasts their creation.

    Raises 403 when other requests were faster.
    """
    limits, asked = limits_of(ctx, ctx.project), amounts(flavor, count)
    excess = await ctx.parts.claims.reserve(
        region=ctx.region.name,
        project=ctx.project,
        service=SERVICE,
        id=id,
        amounts=asked,
        limits={name: limits[name] for name in RESOURCES},
        in_use=used(ctx, ctx.project),
        counted=lambda: _counted(ctx),
    )
    if excess is not None:
        held = {excess.resource: excess.used}
        raise _exceeded(asked, held, {excess.resource: excess.limit}, [excess.resource])


async def _counted(ctx: Context) -> tuple[Mapping[str, int], Container[str]]:
    """Return what the project's servers use by now, and which ones are in that sum."""
    await ctx.fresh(Server)
    return used(ctx, ctx.project), _Present(ctx.mirror(Server))


class _Present:
    """The ids of servers that exist, asked one by one instead of gathered."""

    def __init__(self, servers: Mirror[Server]) -> None:
        self._servers = servers

    def __contains__(self, id: object) -> bool:
        return self._servers.entry(str(id)) is not None


async def release(ctx: Context, id: str) -> None:
    """Give back what was reserved."""
    await ctx.parts.claims.release(region=ctx.region.name, project=ctx.project, service=SERVICE, id=id)


def check_metadata(ctx: Context, count: int) -> None:
    """Refuse more metadata items than a server may have."""
    limit = limits_of(ctx, ctx.project)["metadata_items"]
    if 0 <= limit < count:
        raise forbidden(f"Maximum number of metadata items exceeds {limit}")
