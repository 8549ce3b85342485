"""The matrix for three kinds of callers and some of the questions to the two regions; and proof that both can fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.fuzz.chance import repeatable
from tests.fuzz.world import RouteKey, services
from tests.isolation.__main__ import problems_of
from tests.isolation.matrix import Matrix, Report
from tests.isolation.oracle import Oracle, Told
from tests.isolation.picture import draw, exceptions
from tests.isolation.strangers import documents, strangers

from gurum.model.server import Server
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import conflict, not_found
from gurum.pia.kernel.route import Route, Subject
from gurum.pia.kernel.service import Service
from gurum.pia.kernel.wire import Response, json
from gurum.policy.model import Target

PATH = "/servers/{id}"


async def test_every_route_keeps_projects_apart() -> None:
    with repeatable():
        report = await Matrix(roles=("no token", "reader", "member")).run()
    # Rows that only managers and administrators get to are reached by the whole matrix (`python -m tests.isolation`).
    assert not [problem for problem in report.problems if "was never reached" not in problem][:5]
    assert len(report.cells) > 2 * len({cell.key for cell in report.cells})
    assert len(draw(report)) > 20
    assert exceptions(report)


async def test_the_other_project_cannot_be_told_from_nothing() -> None:
    with repeatable():
        told = await Oracle(0.02).run()
    assert not told.problems[:5]
    assert told.requests > 500


async def test_who_is_nobody_gets_nothing() -> None:
    with repeatable():
        assert (await documents())[1] == []
        assert (await strangers())[1][:5] == []


# --- planted leaks -----------------------------------------------------------------------------------


def planted(change: Callable[[Route], Route], method: str = "GET", path: str = PATH) -> tuple[Service, ...]:
    """Return the services with one row of compute changed."""

    def changed(route: Route) -> Route:
        return change(route) if (route.method, route.path) == (method, path) else route

    return tuple(
        msgspec.structs.replace(service, routes=tuple(map(changed, service.routes)))
        if service.name == "compute"
        else service
        for service in services()
    )


def _no_policy(route: Route) -> Route:
    return msgspec.structs.replace(route, policy="")


def _no_missing(route: Route) -> Route:
    inner = route.find
    assert inner is not None

    def find(ctx: Context) -> Subject:
        return msgspec.structs.replace(inner(ctx), missing=None)

    return msgspec.structs.replace(route, find=find)


def _other_words(route: Route) -> Route:
    inner = route.find
    assert inner is not None

    def find(ctx: Context) -> Subject:
        return msgspec.structs.replace(inner(ctx), missing=not_found("It is not yours."))

    return msgspec.structs.replace(route, find=find)


def _anybodys(route: Route) -> Route:
    def find(ctx: Context) -> Subject:
        server = ctx.mirror(Server).get(ctx.params["id"])
        return Subject(target=Target(project_id=ctx.project), object=server, missing=not_found("gone"))

    return msgspec.structs.replace(route, find=find)


def _writes_and_refuses(route: Route) -> Route:
    async def handler(ctx: Context) -> Response:
        def mutate(server: Server) -> None:
            server.spec.description = "touched"

        await ctx.change(Server, ctx.found(Server).id, mutate)
        raise conflict("no")

    return msgspec.structs.replace(route, handler=handler)


def _unreachable(route: Route) -> Route:
    def find(ctx: Context) -> Subject:
        raise conflict("never")

    return msgspec.structs.replace(route, find=find)


@pytest.mark.parametrize(
    ("change", "sign"),
    [
        (_no_policy, "expected hidden"),
        (_no_missing, "denied, expected hidden"),
        (_other_words, "told from an unknown id"),
        (_anybodys, "shows ["),
        (_writes_and_refuses, "yet Server/"),
        (_unreachable, "was never reached"),
    ],
)
async def test_a_planted_leak_is_seen_in_the_matrix(change: Callable[[Route], Route], sign: str) -> None:
    def only(key: RouteKey) -> bool:
        return (key.service, key.method, key.path) == ("compute", "GET", PATH)

    with repeatable():
        report = await Matrix(planted(change), only=only).run()
    assert sign in "\n".join(report.problems)
    assert "!" in draw(report)[2]
    assert problems_of(_found(report))


def _found(report: Report) -> dict[str, Any]:
    return {"documents": (0, []), "strangers": (0, []), "matrix": report, "told": Told(), "warmed": []}


def _counts(route: Route) -> Route:
    async def handler(ctx: Context) -> Response:
        return json({"servers": [], "total": len(ctx.mirror(Server).members(ctx.region.name))})

    return msgspec.structs.replace(route, handler=handler)


def _knows_names(route: Route) -> Route:
    inner = route.handler

    async def handler(ctx: Context) -> Response:
        wanted = ctx.query.last("name")
        if any(server.spec.name == wanted for server in ctx.mirror(Server).objects(ctx.region.name)):
            raise conflict("There is one of that name.")
        return await inner(ctx)

    return msgspec.structs.replace(route, handler=handler)


@pytest.mark.parametrize("change", [_counts, _knows_names])
async def test_a_planted_oracle_is_seen(change: Callable[[Route], Route]) -> None:
    def only(key: RouteKey) -> bool:
        return (key.service, key.method, key.path) == ("compute", "GET", "/servers")

    with repeatable():
        told = await Oracle(1.0, offered=planted(change, path="/servers"), only=only).run()
    assert any("can be told from nothing" in problem for problem in told.problems)
