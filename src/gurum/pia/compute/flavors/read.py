"""Listing and showing flavors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gurum.model.compute import Flavor
from gurum.pia.compute.flavors import schemas, view
from gurum.pia.compute.paging import links, page
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.entries import Entry, rendered
from gurum.pia.kernel.errors import bad_request
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, encode, json, listing
from gurum.policy.model import Scopes

Read = Callable[[Flavor], Any]
_NONE: Read = lambda flavor: 0  # noqa: E731 - a column that is the same for all

SORT: dict[str, Read] = {
    "created_at": lambda flavor: flavor.metadata.created_at,
    "description": lambda flavor: flavor.spec.description or "",
    "disabled": lambda flavor: flavor.spec.disabled,
    "ephemeral_gb": lambda flavor: flavor.spec.ephemeral,
    "flavorid": lambda flavor: flavor.spec.flavorid,
    "id": lambda flavor: flavor.metadata.created_at,
    "is_public": lambda flavor: flavor.spec.is_public,
    "memory_mb": lambda flavor: flavor.spec.ram,
    "name": lambda flavor: flavor.spec.name,
    "root_gb": lambda flavor: flavor.spec.disk,
    "rxtx_factor": lambda flavor: flavor.spec.rxtx_factor,
    "swap": lambda flavor: flavor.spec.swap,
    "updated_at": lambda flavor: flavor.metadata.updated_at,
    "vcpu_weight": _NONE,
    "vcpus": lambda flavor: flavor.spec.vcpus,
}
PUBLIC = {**dict.fromkeys(("1", "t", "true", "on", "y", "yes"), True)}
PUBLIC.update(dict.fromkeys(("0", "f", "false", "off", "n", "no"), False))


def _least(ctx: Context, name: str) -> int | None:
    text = ctx.query.last(name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_request(f"Invalid {name} filter [{text}]") from None


def _public(ctx: Context, scopes: Scopes) -> bool | None:
    """Return whether public or private ones are asked for (None: both). Only who sees all may ask."""
    text = ctx.query.last("is_public") if "is_public" in ctx.query else None
    if not scopes.all or text is None:
        return True
    if text.strip().lower() == "none":
        return None
    if text.strip().lower() not in PUBLIC:
        raise bad_request(f"Invalid is_public filter [{text}]")
    return PUBLIC[text.strip().lower()]


def _select(ctx: Context) -> list[Entry[Flavor]]:
    scopes = ctx.decision.scopes or Scopes()
    public, ram, disk = _public(ctx, scopes), _least(ctx, "minRam"), _least(ctx, "minDisk")

    def wanted(flavor: Flavor) -> bool:
        spec = flavor.spec
        return (
            (public is None or spec.is_public == public or ctx.project in spec.access)
            and (scopes.all or (not spec.disabled and scopes.admit(view.target(ctx, flavor))))
            and (ram is None or spec.ram >= ram)
            and (disk is None or spec.disk >= disk)
        )

    key = SORT[ctx.query.last("sort_key") or "flavorid"]
    entries = [entry for entry in ctx.mirror(Flavor).members(ctx.region.name) if wanted(entry.object)]
    entries.sort(key=lambda entry: (key(entry.object), entry.object.spec.flavorid))
    if ctx.query.last("sort_dir") == "desc":
        entries.reverse()
    return entries


def _listing(ctx: Context, show: Callable[[Flavor, int, str], dict[str, Any]], path: str) -> Response:
    shown = page(ctx, _select(ctx), lambda entry: entry.object.spec.flavorid)
    version = view.shape(ctx.version)
    pieces = rendered(shown, (path, version), lambda entry: encode(show(entry.object, version, ctx.root)))
    last = shown[-1].object.spec.flavorid if shown else ""
    return listing("flavors", pieces, links(ctx, "flavors", len(shown), last, path))


async def index(ctx: Context) -> Response:
    """List ids and names."""
    return _listing(ctx, view.brief, "flavors")


async def detail(ctx: Context) -> Response:
    """List in full."""
    return _listing(ctx, view.detail, "flavors/detail")


async def show(ctx: Context) -> Response:
    """Show one."""
    return json({"flavor": view.detail(ctx.found(Flavor), ctx.version, ctx.root)})


ROUTES = (
    Route(
        method="GET",
        path="/flavors",
        handler=index,
        query=schemas.LIST,
        policy="compute:flavors:list",
        reads=(Flavor,),
        shape="list",
        summary="List flavors",
    ),
    Route(
        method="GET",
        path="/flavors/detail",
        handler=detail,
        query=schemas.LIST,
        policy="compute:flavors:detail",
        reads=(Flavor,),
        shape="list",
        summary="List flavors in full",
    ),
    Route(
        method="GET",
        path="/flavors/{id}",
        handler=show,
        policy="compute:flavors:show",
        find=view.find,
        reads=(Flavor,),
        summary="Show a flavor",
    ),
)
