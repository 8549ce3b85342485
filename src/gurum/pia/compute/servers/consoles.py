"""Consoles: the log of a server, and the remote ones that this region does not have.

The log is fetched by the engine, and only while somebody asks: asking is a write, the answer is read from the store.
"""

from __future__ import annotations

from gurum.model.base import Metadata, new_id
from gurum.model.server import ConsoleLog, ConsoleLogSpec, Server
from gurum.pia.compute import fields as f
from gurum.pia.compute.servers.actions import PATH
from gurum.pia.compute.servers.find import find
from gurum.pia.compute.servers.refused import not_supported
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import bad_request, conflict
from gurum.pia.kernel.route import Handler, Route
from gurum.pia.kernel.wire import Response, empty, json
from gurum.store.contract import ExistsError

LOOK = 0.1  # seconds between two looks for the engine's answer


async def output(ctx: Context) -> Response:
    """Answer the last lines of the console log: the newest that comes within the configured wait, else what is kept."""
    server = ctx.found(Server)
    if server.status.external is None:
        raise conflict(f"Instance {server.id} is not ready")
    asked = ctx.parts.clock.time()
    await _ask(ctx, server, asked)
    text = await _text(ctx, server, asked)
    length = (ctx.body["os-getConsoleOutput"] or {}).get("length")
    if length is not None and f.integer(length) >= 0:
        lines = text.split("\n")
        text = "\n".join(lines[max(len(lines) - f.integer(length), 0) :])
    return json({"output": text})


async def _ask(ctx: Context, server: Server, asked: float) -> None:
    held = ctx.mirror(ConsoleLog).by_key(server.id)
    if held is None:
        log = ConsoleLog(
            metadata=Metadata(
                id=new_id(), key=server.id, region=ctx.region.name, project=server.metadata.project, cause=ctx.cause
            ),
            spec=ConsoleLogSpec(asked_at=asked),
        )
        try:
            await ctx.parts.store.create(log)
        except ExistsError:
            await ctx.fresh(ConsoleLog)
            held = ctx.mirror(ConsoleLog).by_key(server.id)
    if held is not None:

        def mutate(log: ConsoleLog) -> None:
            log.spec.asked_at = max(log.spec.asked_at, asked)

        await ctx.change(ConsoleLog, held.id, mutate)


async def _text(ctx: Context, server: Server, asked: float) -> str:
    deadline = asked + ctx.parts.config.console_wait
    while True:
        await ctx.fresh(ConsoleLog)
        log = ctx.mirror(ConsoleLog).by_key(server.id)
        if log is not None and log.status.fetched_at >= asked:
            return log.status.text
        if ctx.parts.clock.time() >= deadline:
            return log.status.text if log is not None else ""
        await ctx.parts.clock.sleep(LOOK)


def _unavailable(kind: str) -> Handler:
    async def handler(ctx: Context) -> Response:
        raise bad_request(f"Unavailable console type {ctx.body[kind]['type']}.")

    return handler


async def password(ctx: Context) -> Response:
    """Answer the password that a server has put into its metadata: none, there is nothing to put it there."""
    return json({"password": ""})


async def clear_password(ctx: Context) -> Response:
    """Forget that password."""
    return empty(204)


async def diagnostics(ctx: Context) -> Response:
    """Refuse diagnostics: they are the hypervisor's."""
    raise not_supported()


_LENGTH: f.Doc = {"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$", "minimum": -1}
_OUTPUT = f.versions(
    (
        1,
        f.wrapped(
            "os-getConsoleOutput", {"type": "object", "properties": {"length": _LENGTH}, "additionalProperties": False}
        ),
    )
)
OLD = {
    "os-getVNCConsole": ["novnc", "xvpvnc"],
    "os-getSPICEConsole": ["spice-html5"],
    "os-getSerialConsole": ["serial"],
    "os-getRDPConsole": ["rdp-html5"],
}


def _remote(protocols: list[str], types: list[str]) -> f.Doc:
    properties = {
        "protocol": {"type": "string", "enum": protocols},
        "type": {"type": "string", "enum": types},
    }
    return f.wrapped("remote_console", f.obj(properties, ["protocol", "type"]))


_PROTOCOLS, _TYPES = ["vnc", "spice", "serial", "rdp"], ["novnc", "xvpvnc", "spice-html5", "serial", "rdp-html5"]
_REMOTE = f.versions((6, _remote(_PROTOCOLS, _TYPES)), (8, _remote([*_PROTOCOLS, "mks"], [*_TYPES, "webmks"])))

ROUTES = (
    Route(
        method="POST",
        path=PATH,
        action="os-getConsoleOutput",
        handler=output,
        body=_OUTPUT,
        policy="compute:servers:console_output",
        find=find,
        reads=(Server, ConsoleLog),
        shape="action",
        summary="Show the console log",
    ),
    *(
        Route(
            method="POST",
            path=PATH,
            action=action,
            handler=_unavailable(action),
            until=5,
            body=f.versions((1, f.wrapped(action, f.obj({"type": {"type": "string", "enum": types}}, ["type"])))),
            policy="compute:servers:remote_console",
            find=find,
            reads=(Server,),
            status=400,
            shape="action",
            summary="Refused: this region has no console service",
        )
        for action, types in OLD.items()
    ),
    Route(
        method="POST",
        path="/servers/{id}/remote-consoles",
        handler=_unavailable("remote_console"),
        since=6,
        body=_REMOTE,
        policy="compute:servers:remote_console",
        find=find,
        reads=(Server,),
        status=400,
        shape="write",
        summary="Refused: this region has no console service",
    ),
    Route(
        method="GET",
        path="/servers/{id}/os-server-password",
        handler=password,
        policy="compute:server_password:show",
        find=find,
        reads=(Server,),
        summary="Show the password a server has stored: there is none",
    ),
    Route(
        method="DELETE",
        path="/servers/{id}/os-server-password",
        handler=clear_password,
        policy="compute:server_password:clear",
        find=find,
        reads=(Server,),
        status=204,
        shape="write",
        summary="Forget the password a server has stored",
    ),
    Route(
        method="GET",
        path="/servers/{id}/diagnostics",
        handler=diagnostics,
        policy="compute:servers:diagnostics",
        find=find,
        reads=(Server,),
        status=501,
        summary="Refused: diagnostics are the hypervisor's",
    ),
)
