"""A project's limits: the defaults of the configuration, overridden by what an administrator has set."""

from __future__ import annotations

from gurum.model.quota import QuotaUsage
from gurum.pia.kernel.context import Context

SERVICE = "compute"


def defaults(ctx: Context) -> dict[str, int]:
    """Return the limits of a project that nobody has given its own."""
    return dict(ctx.parts.config.quotas.get(SERVICE, {}))


def usage_key(ctx: Context, project: str) -> str:
    """Return the key of a project's usage object."""
    return f"{ctx.region.name}/{project}/{SERVICE}"


def limits_of(ctx: Context, project: str) -> dict[str, int]:
    """Return a project's limits by resource; -1 is none. The route must read QuotaUsage."""
    usage = ctx.mirror(QuotaUsage).by_key(usage_key(ctx, project))
    return defaults(ctx) | (usage.spec.limits if usage else {})
