"""The control API: what a test or an operator of the emulator does, apart from AWS's protocol.

    GET    /_emulator/health
    GET    /_emulator/ledger?since=N&limit=M   calls after number N
    GET    /_emulator/trail?since=N&limit=M    the same in CloudTrail's shape
    GET    /_emulator/summary?since=N          counts of them
    GET    /_emulator/state                    every resource
    GET    /_emulator/config, POST             a JSON merge patch
    GET    /_emulator/faults, POST one rule, DELETE all, DELETE /_emulator/faults/ID
    GET    /_emulator/rules                    the table of refusals
    POST   /_emulator/external                 {account, region, action, params}
    POST   /_emulator/reset

Wrong input is 400 with {"error": …}; a refused external action 409 with {"code", "error"}.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from aws_emulator.emulator import Emulator
from aws_emulator.rules import RULES, Refusal

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOTICE = "simulated: an emulator of EC2 and EBS, nothing here is real"


_BLOBS = frozenset({"PublicKeyMaterial", "UserData"})  # bytes in AWS's model; in JSON they are written as they are


def _json(value: Any, status: int = 200) -> web.Response:
    body = msgspec.json.encode(value)
    return web.Response(status=status, body=body, content_type="application/json")


class External(msgspec.Struct, forbid_unknown_fields=True):
    """What a person does behind the caller's back: any action, without rates and faults."""

    account: str
    region: str
    action: str
    params: dict[str, Any] = msgspec.field(default_factory=dict)


def routes(emulator: Emulator) -> list[web.RouteDef]:
    """Return the routes of the control API."""

    async def health(request: web.Request) -> web.Response:
        return _json({"status": "ok", "notice": NOTICE, "time": emulator.clock.now()})

    async def ledger(request: web.Request) -> web.Response:
        since, limit = int(request.query.get("since", 0)), request.query.get("limit")
        return _json(msgspec.Raw(emulator.ledger_json(since, int(limit) if limit else None)))

    async def trail(request: web.Request) -> web.Response:
        since, limit = int(request.query.get("since", 0)), request.query.get("limit")
        return _json(emulator.trail(since, int(limit) if limit else None))

    async def summary(request: web.Request) -> web.Response:
        return _json(emulator.summary(int(request.query.get("since", 0))))

    async def state(request: web.Request) -> web.Response:
        return _json(emulator.state())

    async def config(request: web.Request) -> web.Response:
        return _json(emulator.config)

    async def patch_config(request: web.Request) -> web.Response:
        return _json(emulator.configure(await _object(request)))

    async def faults(request: web.Request) -> web.Response:
        return _json(emulator.faults())

    async def add_fault(request: web.Request) -> web.Response:
        return _json(emulator.add_fault(await _object(request)), 201)

    async def drop_faults(request: web.Request) -> web.Response:
        identity = request.match_info.get("id")
        gone = emulator.remove_faults(identity)
        return _json({"removed": gone}, 404 if identity and not gone else 200)

    async def rules(request: web.Request) -> web.Response:
        return _json([rule._asdict() for rule in RULES.values()])

    async def external(request: web.Request) -> web.Response:
        wish = msgspec.convert(await _object(request), External)
        params = {name: value.encode() if name in _BLOBS and isinstance(value, str) else value
                  for name, value in wish.params.items()}  # fmt: skip
        answer = emulator.call(wish.action, params, account=wish.account, region=wish.region, external=True)
        return _json(answer)

    async def reset(request: web.Request) -> web.Response:
        emulator.reset()
        return _json({"status": "ok"})

    table: tuple[tuple[str, str, _Handler], ...] = (
        ("GET", "health", health),
        ("GET", "ledger", ledger),
        ("GET", "trail", trail),
        ("GET", "summary", summary),
        ("GET", "state", state),
        ("GET", "config", config),
        ("POST", "config", patch_config),
        ("GET", "faults", faults),
        ("POST", "faults", add_fault),
        ("DELETE", "faults", drop_faults),
        ("DELETE", "faults/{id}", drop_faults),
        ("GET", "rules", rules),
        ("POST", "external", external),
        ("POST", "reset", reset),
    )
    return [web.route(method, f"/_emulator/{path}", _guard(run)) for method, path, run in table]


async def _object(request: web.Request) -> dict[str, Any]:
    return msgspec.json.decode(await request.read(), type=dict[str, Any])


def _guard(run: _Handler) -> _Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await run(request)
        except Refusal as refusal:
            return _json({"code": refusal.code, "error": refusal.message}, 409)
        except (msgspec.MsgspecError, ValueError) as error:
            return _json({"error": str(error)}, 400)

    return guarded
