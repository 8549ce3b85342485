"""Finding the server of a path, and saying that there is none."""

from __future__ import annotations

from gurum.model.server import Server
from gurum.pia.compute.servers.state import State
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, not_found
from gurum.pia.kernel.route import Subject
from gurum.policy.model import Target


def missing(id: str) -> ApiError:
    """Return the refusal of a server that is not there."""
    return not_found(f"Instance {id} could not be found.")


def unmapped(id: str) -> ApiError:
    """Return the refusal by which the power actions tell the same: Nova looks them up another way."""
    return not_found(f"Instance {id} has no mapping to a cell.")


def find(ctx: Context) -> Subject:
    """Find the server of the path's `{id}`."""
    uid = ctx.params["id"]
    server = ctx.mirror(Server).get(uid, ctx.region.name)
    if server is None:
        raise missing(uid)
    return subject(server, missing(uid))


def find_mapped(ctx: Context) -> Subject:
    """Find the server for a power action. Another project's has the text of an unknown id: nobody learns of it."""
    uid = ctx.params["id"]
    server = ctx.mirror(Server).get(uid, ctx.region.name)
    if server is None:
        raise unmapped(uid)
    return subject(server, unmapped(uid))


def subject(server: Server, error: ApiError) -> Subject:
    """Return what policy decides about a server by."""
    target = Target(project_id=server.metadata.project, user_id=server.spec.user_id)
    return Subject(target=target, object=server, missing=error)


def state_of(ctx: Context, server: Server) -> State:
    """Return the effective state of a server of the mirror."""
    entry = ctx.mirror(Server).entry(server.id)
    if entry is None:
        raise missing(server.id)
    state: State = entry.row
    return state
