"""A small run at every test run, and proof that the large one can fail: planted faults are found and made small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.fuzz import neutron, play, report
from tests.fuzz.beside import nonsense
from tests.fuzz.build import draft
from tests.fuzz.call import Call, send
from tests.fuzz.chance import repeatable, uuid_of
from tests.fuzz.checks import Problem, problems
from tests.fuzz.minimise import Minimiser
from tests.fuzz.people import ALPHA, BETA, BY_TOKEN
from tests.fuzz.picks import Picks
from tests.fuzz.plan import FLOOR, PROFILES, schedule, waves
from tests.fuzz.play import Player, new_world
from tests.fuzz.population import Estate, named, populate
from tests.fuzz.values import seeded, valid
from tests.fuzz.world import World, services, table

from gurum.model import codec
from gurum.model.network import Network
from gurum.model.server import Server
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.service import Service
from gurum.pia.kernel.wire import Response, json

REQUESTS = 900
PATH = "/servers/{id}"


async def test_a_small_run_holds() -> None:
    with repeatable():
        tally = await Player(REQUESTS, seed=5).run()
        routes = list(World().routes)
    assert not [f"{failure.problem}: {failure.call.curl()}" for failure in tally.failures.values()]
    assert not report.shortfalls(tally, routes, REQUESTS)
    assert tally.concurrent > REQUESTS / 2
    assert "past validation" in report.text(tally, routes, REQUESTS)
    assert report.document(tally, routes, REQUESTS)["failures"] == []


async def test_the_same_seed_sends_the_same_requests() -> None:
    with repeatable():
        first, second = [await Player(200, seed=9).run() for _ in range(2)]
    assert first.statuses == second.statuses
    assert first.routes == second.routes


def test_every_route_gets_its_share() -> None:
    rows = table(services())
    planned = schedule(rows, FLOOR * len(rows) + 100, 1)
    assert min(planned.count(key) for key in rows) >= FLOOR
    assert [key for wave in waves(planned, 1) for key in wave] == planned


def test_every_attribute_of_the_network_api_can_be_made() -> None:
    assert neutron.lacking() == []


async def test_what_is_made_from_a_schema_is_valid() -> None:
    with repeatable():
        world = await new_world(PROFILES[0], 1)
    wrong = []
    for key, (service, route) in world.routes.items():
        schema = route.body.at(route.since or 1) if route.body is not None else None
        for salt in range(5) if schema is not None else ():
            picks = Picks(world, BY_TOKEN["alpha-member"], seeded(key, salt))
            fault = schema.body_fault(valid(picks, schema)) if schema is not None else None
            if fault:
                wrong.append(f"{service.name} {key}: {fault}")
    assert not wrong[:3]


# --- planted faults ----------------------------------------------------------------------------------


def planted(handler: Callable[[Context], Any], method: str = "GET", path: str = PATH) -> tuple[Service, ...]:
    """Return the services with one handler replaced."""

    def changed(route: Route) -> Route:
        mine = (route.method, route.path) == (method, path)
        return msgspec.structs.replace(route, handler=handler) if mine else route

    return tuple(
        msgspec.structs.replace(service, routes=tuple(map(changed, service.routes)))
        if service.name == "compute"
        else service
        for service in services()
    )


async def _broken(ctx: Context) -> Response:
    raise KeyError("planted")


async def _internals(ctx: Context) -> Response:
    return json({"server": {"id": ctx.found(Server).id, "debug": "Traceback (most recent call last)"}})


async def _writes(ctx: Context) -> Response:
    def mutate(server: Server) -> None:
        server.spec.metadata["seen"] = ctx.request.request_id

    await ctx.change(Server, ctx.found(Server).id, mutate)
    return json({"server": {}})


async def _shows_others(ctx: Context) -> Response:
    names = [server.spec.name for server in ctx.mirror(Server).objects(ctx.region.name)]
    return json({"servers": names})


async def _unshaped(ctx: Context) -> Response:
    return json({"error": "no"}, 418)


async def _injects(ctx: Context) -> Response:
    response = json({"server": {}})
    response.headers.append(("X-Name", "a\r\nSet-Cookie: b"))
    return response


async def _endless(ctx: Context) -> Response:
    number = 0
    while True:
        number += 1


async def _found(handler: Callable[[Context], Any]) -> list[Problem]:
    world = await _world(planted(handler))
    call = Call(
        number=1, method="GET", target=_server(), headers=[("Accept", "application/json")], token="alpha-member"
    )
    answer = await send(world, call, 0)
    return list(problems(world, call, answer))


def _server() -> str:
    return f"/compute/v2.1/servers/{named(f'server active {ALPHA}')}"


async def _world(offered: tuple[Service, ...]) -> World:
    world = World(offered=offered)
    await populate(world, estates=(Estate(ALPHA, 0), Estate(BETA, 1)))
    return world


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (_broken, "server error"),
        (_internals, "internals"),
        (_writes, "state"),
        (_unshaped, "shape"),
        (_injects, "header"),
        (_endless, "hung"),
    ],
)
async def test_planted_faults_are_found(handler: Callable[[Context], Any], kind: str, monkeypatch: Any) -> None:
    monkeypatch.setattr("tests.fuzz.call.PATIENCE", 0.2)
    with repeatable():
        assert kind in {problem.kind for problem in await _found(handler)}


async def test_another_projects_server_is_seen() -> None:
    with repeatable():
        world = await _world(planted(_shows_others))
        picks = Picks(world, BY_TOKEN["beta-member"], seeded(1), prefer=("1", "linux"))
        key = next(key for key in world.routes if (key.method, key.path) == ("POST", "/servers"))
        assert (await send(world, draft(world, key, picks, lavish=0).call(1), 0)).status == 202
        call = Call(number=2, method="GET", target=_server(), token="alpha-member")
        assert "another project's" in {p.kind for p in problems(world, call, await send(world, call, 0))}


async def test_what_makes_no_sense_is_found() -> None:
    """One of each kind of thing that must never be left in the store."""
    with repeatable():
        world = await _world(services())
        assert list(nonsense(world)) == []
        for kind, change in NONSENSE:
            obj: Any = codec.copy(next(iter(world.store.objects[kind].values())))
            obj.metadata.id = obj.metadata.key = uuid_of(seeded(kind, change))
            name, value = change
            if name:
                setattr(obj.spec, name, value)
            await world.put(obj)
        found = list(nonsense(world))
    for words in (
        "is on network gone",
        "overlap",
        "has security_group_id gone",
        "is in group gone",
        "which is held by",
    ):
        assert any(words in sentence for sentence in found), words
    assert len([sentence for sentence in found if sentence.startswith("port")]) >= 3


NONSENSE: tuple[tuple[str, tuple[str, Any]], ...] = (
    ("Subnet", ("network_id", "gone")),
    ("Subnet", ("name", "the same again")),
    ("SecurityGroupRule", ("security_group_id", "gone")),
    ("Port", ("network_id", "gone")),
    ("Port", ("security_groups", ["gone"])),
)


async def test_a_quota_that_is_exceeded_is_found() -> None:
    with repeatable():
        world = await new_world(PROFILES[3], 1)
        assert list(nonsense(world)) == []
        for number in range(5):
            server: Any = codec.copy(next(iter(world.store.objects["Server"].values())))
            server.metadata.id = server.metadata.key = uuid_of(seeded("server", number))
            await world.put(server)
    assert any("of instances, and never more than" in sentence for sentence in nonsense(world))


async def test_a_failure_is_made_small(monkeypatch: Any) -> None:
    """A fault that needs two requests: renaming a network to `trap` makes the list of servers fail."""

    async def trap(ctx: Context) -> Response:
        await ctx.fresh(Network)
        if any(network.spec.name == "trap" for network in ctx.mirror(Network).objects(ctx.region.name)):
            raise KeyError("planted")
        return json({"servers": []})

    offered = planted(trap, path="/servers")

    async def new_planted_world(profile: Any, seed: int) -> World:
        return await _world(offered)

    monkeypatch.setattr(play, "new_world", new_planted_world)
    network = f"/network/v2.0/networks/{named(f'net empty {ALPHA}')}"
    headers = [("Content-Type", "application/json")]
    before = [Call(number=n, method="GET", target=network, token="alpha-member") for n in range(30)]
    rename = Call(
        number=50,
        method="PUT",
        target=network,
        headers=headers,
        body=b'{"network": {"name": "trap"}}',
        token="alpha-member",
    )
    last = Call(number=99, method="GET", target="/compute/v2.1/servers", token="alpha-member")
    with repeatable():
        found = await play.replay([*before, rename], [last], last, PROFILES[0], 0)
        [problem] = [problem for problem in found if problem.kind == "server error"]
        world = await _world(offered)
        answer = await send(world, last, 0)
        failure = play.Failure(problem, last, answer, PROFILES[0], [*before, rename, *before], {})
        made = await Minimiser(failure, 0).run()
    assert made is not None
    assert (made.before, made.wave) == ([rename], [last])


async def test_requests_that_must_meet_are_found(monkeypatch: Any) -> None:
    """A fault that needs two requests at once: the handler sees the other one."""
    inside: list[str] = []

    async def meet(ctx: Context) -> Response:
        inside.append(ctx.request.request_id)
        crowd = 0
        for _ in range(6):
            await ctx.fresh(Server)
            crowd = max(crowd, len(inside))
        inside.remove(ctx.request.request_id)
        if crowd > 1:
            raise KeyError("planted")
        return json({"servers": []})

    offered = planted(meet, path="/servers")

    async def new_planted_world(profile: Any, seed: int) -> World:
        world = await _world(offered)
        world.store.yields = 2
        return world

    monkeypatch.setattr(play, "new_world", new_planted_world)
    calls = [Call(number=n, method="GET", target="/image/v2/images", token="alpha-member") for n in range(5)]
    lists = [Call(number=n, method="GET", target="/compute/v2.1/servers", token="alpha-member") for n in (7, 8)]
    with repeatable():
        found = await play.replay([], [*calls, *lists], lists[1], PROFILES[0], 0)
        [problem] = [problem for problem in found if problem.kind == "server error"]
        answer = await send(await _world(offered), calls[0], 0)
        failure = play.Failure(problem, lists[1], answer, PROFILES[0], [], {}, [*calls, *lists])
        made = await Minimiser(failure, 0).run()
    assert made is not None
    assert made.wave == lists
