"""What a flavor looks like, and who sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gurum.model.compute import Flavor
from gurum.pia.compute.view import links
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, not_found
from gurum.pia.kernel.route import Subject
from gurum.policy.model import Target

PRIVATE = "aws:"  # namespace of the engine's own extra specs
SHAPES = (75, 61, 55)  # the versions at which the shape changes, newest first


def shape(version: int) -> int:
    """Return the first version that shows flavors as this one does."""
    return next((first for first in SHAPES if version >= first), 1)


def public(specs: Mapping[str, str]) -> dict[str, str]:
    """Return the extra specs but those by which the engine maps a flavor to the cloud: they are no user's affair."""
    return {key: value for key, value in specs.items() if not key.startswith(PRIVATE)}


def brief(flavor: Flavor, version: int, root: str) -> dict[str, Any]:
    """Return the flavor as lists without detail show it."""
    spec = flavor.spec
    shown: dict[str, Any] = {"id": spec.flavorid, "name": spec.name, "links": links(root, "flavors", spec.flavorid)}
    if version >= 55:
        shown["description"] = spec.description
    return shown


def detail(flavor: Flavor, version: int, root: str) -> dict[str, Any]:
    """Return the flavor in full."""
    spec = flavor.spec
    shown: dict[str, Any] = {
        "id": spec.flavorid,
        "name": spec.name,
        "ram": spec.ram,
        "disk": spec.disk,
        "swap": spec.swap or ("" if version < 75 else 0),
        "OS-FLV-EXT-DATA:ephemeral": spec.ephemeral,
        "OS-FLV-DISABLED:disabled": spec.disabled,
        "vcpus": spec.vcpus,
        "os-flavor-access:is_public": spec.is_public,
        "rxtx_factor": spec.rxtx_factor,
        "links": links(root, "flavors", spec.flavorid),
    }
    if version >= 55:
        shown["description"] = spec.description
    if version >= 61:
        shown["extra_specs"] = public(spec.extra_specs)
    return shown


def target(ctx: Context, flavor: Flavor) -> Target:
    """Return what policy decides about a flavor by."""
    return Target(
        project_id=ctx.project,
        user_id=ctx.principal.user_id,
        shared=flavor.spec.is_public,
        member_id=ctx.project if ctx.project in flavor.spec.access else None,
    )


def missing(id: object) -> ApiError:
    """Return the refusal of a flavor that is not there."""
    return not_found(f"Flavor {id} could not be found.")


def lookup(ctx: Context, flavorid: str) -> Flavor | None:
    """Return the flavor of an id, seen or not."""
    return ctx.mirror(Flavor).by_key(f"{ctx.region.name}/{flavorid}")


def seen(ctx: Context, flavorid: str) -> Flavor | None:
    """Return the flavor of an id, None for one that the caller may not see as for one that is not there."""
    flavor = lookup(ctx, flavorid)
    if flavor is None or flavor.spec.is_public or ctx.project in flavor.spec.access:
        return flavor
    return flavor if ctx.decide("compute:flavors:show", target(ctx, flavor)).allow else None


def find(ctx: Context) -> Subject:
    """Find the flavor of the path."""
    flavor = lookup(ctx, ctx.params["id"])
    if flavor is None:
        raise missing(ctx.params["id"])
    return Subject(target=target(ctx, flavor), object=flavor, missing=missing(ctx.params["id"]))
