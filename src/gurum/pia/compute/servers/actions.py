"""The verbs: start, stop, reboot, lock, unlock, forceDelete.

A power verb is recorded in the server's spec and worked off by the engine, in order. It is checked against the
effective state at the moment it is written, inside the compare-and-swap: of two stops at once one is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gurum.model.server import Action, Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.servers import change, find
from gurum.pia.compute.servers.state import ACTIVE, ERROR, STOPPED, State, effective
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import ApiError, conflict
from gurum.pia.kernel.route import Handler, Route
from gurum.pia.kernel.schema import Versions
from gurum.pia.kernel.wire import Response, empty
from gurum.policy.model import Target

KEPT = 20  # actions kept in the object, and those not worked off yet; the journal has the older ones
LOCKED_BY = "compute.openstack.org/locked-by"  # label
PATH = "/servers/{id}/action"


class When(msgspec.Struct, frozen=True):
    """In which states a verb may be done; task_states empty: in any. launched: only once it has run."""

    vm_states: tuple[str, ...]
    task_states: tuple[str | None, ...] = (None,)
    launched: bool = True


SOFT = When((ACTIVE,))
HARD = When(
    (ACTIVE, STOPPED, "paused", "suspended", ERROR),
    (
        *(None, "rebooting", "reboot_pending", "reboot_started", "resuming", "rebooting_hard", "unpausing"),
        *("pausing", "suspending"),
    ),
)
START = When((STOPPED,))
STOP = When((ACTIVE, ERROR))


def wrong_state(action: str, server: Server, attribute: str, state: str | None) -> ApiError:
    """Return Nova's refusal of a verb in a state."""
    return conflict(f"Cannot '{action}' instance {server.id} while it is in {attribute} {state}")


def check_state(action: str, server: Server, state: State, when: When) -> None:
    """Refuse a verb that the state does not allow."""
    if when.vm_states and state.vm_state not in when.vm_states:
        raise wrong_state(action, server, "vm_state", state.vm_state)
    if when.task_states and state.task_state not in when.task_states:
        raise wrong_state(action, server, "task_state", state.task_state)
    if when.launched and server.status.launched_at is None:
        raise wrong_state(action, server, "vm_state", state.vm_state)


async def record(
    ctx: Context, verb: str, action: str, when: When, arguments: Mapping[str, str] | None = None
) -> Action:
    """Record a verb and return it as recorded. `action` is Nova's word for it in refusals."""
    recorded: list[Action] = []

    def mutate(server: Server) -> None:
        change.check_lock(ctx, server)
        check_state(action, server, effective(server), when)
        last = server.spec.actions[-1].number if server.spec.actions else 0
        entry = Action(
            number=last + 1,
            action=verb,
            request_id=ctx.request.request_id,
            user_id=ctx.principal.user_id,
            project_id=ctx.project,
            start_time=ctx.parts.clock.time(),
            arguments=dict(arguments or {}),
        )
        recorded[:] = [entry]
        actions = [*server.spec.actions, entry]
        server.spec.actions = [a for a in actions[:-KEPT] if a.number > server.status.done] + actions[-KEPT:]

    await ctx.change(Server, ctx.found(Server).id, mutate)
    return recorded[0]


async def act(ctx: Context, verb: str, action: str, when: When, arguments: Mapping[str, str] | None = None) -> Response:
    """Record a verb, and say that it was accepted."""
    await record(ctx, verb, action, when, arguments)
    return empty(202)


async def start(ctx: Context) -> Response:
    """Start a stopped server."""
    return await act(ctx, "start", "start", START)


async def stop(ctx: Context) -> Response:
    """Stop a running server."""
    return await act(ctx, "stop", "stop", STOP)


async def reboot(ctx: Context) -> Response:
    """Reboot a server."""
    kind = ctx.body["reboot"]["type"].upper()
    return await act(ctx, "reboot", "reboot", HARD if kind == "HARD" else SOFT, {"type": kind})


async def force_delete(ctx: Context) -> Response:
    """Delete a server, as DELETE does: nothing is kept to be restored here."""
    return await change.remove(ctx, 202)


def _side(ctx: Context, server: Server) -> str:
    """Return as who the caller locks: as its owner or, from another project, as an administrator."""
    return "owner" if server.metadata.project == ctx.project else "admin"


async def lock(ctx: Context) -> Response:
    """Keep a server from being changed."""
    asked = ctx.body["lock"]
    reason = asked.get("locked_reason") if ctx.version >= 73 and isinstance(asked, dict) else None

    def mutate(server: Server) -> None:
        server.spec.locked, server.spec.locked_reason = True, reason
        server.metadata.labels[LOCKED_BY] = _side(ctx, server)

    await ctx.change(Server, ctx.found(Server).id, mutate)
    return empty(202)


async def unlock(ctx: Context) -> Response:
    """Let a server be changed again. What an administrator locked, its owner may not unlock."""

    def mutate(server: Server) -> None:
        if server.spec.locked and server.metadata.labels.get(LOCKED_BY) != _side(ctx, server):
            target = Target(project_id=server.metadata.project, attributes=("unlock_override",))
            ctx.require("compute:servers:unlock", target)
        server.spec.locked, server.spec.locked_reason = False, None
        server.metadata.labels.pop(LOCKED_BY, None)

    await ctx.change(Server, ctx.found(Server).id, mutate)
    return empty(202)


_REBOOT = f.versions(
    (
        1,
        f.wrapped(
            "reboot",
            f.obj({"type": {"type": "string", "enum": ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"]}}, ["type"]),
        ),
    )
)
_REASON: f.Doc = {
    "type": ["object", "null"],
    "properties": {"locked_reason": {"type": "string", "minLength": 1, "maxLength": 255}},
    "additionalProperties": False,
}
_LOCK = f.versions((1, None), (73, f.wrapped("lock", _REASON)))


def _row(
    action: str,
    policy: str,
    handler: Handler,
    summary: str,
    *,
    body: Versions | None = None,
    mapped: bool = False,
) -> Route:
    return Route(
        method="POST",
        path=PATH,
        action=action,
        handler=handler,
        body=body,
        policy=f"compute:servers:{policy}",
        find=find.find_mapped if mapped else find.find,
        reads=(Server,),
        status=202,
        shape="action",
        summary=summary,
    )


ROUTES = (
    _row("os-start", "start", start, "Start a server", mapped=True),
    _row("os-stop", "stop", stop, "Stop a server", mapped=True),
    _row("reboot", "reboot", reboot, "Reboot a server", body=_REBOOT),
    _row("forceDelete", "force_delete", force_delete, "Delete a server at once"),
    _row("lock", "lock", lock, "Lock a server", body=_LOCK),
    _row("unlock", "unlock", unlock, "Unlock a server"),
)
