"""The cells of some kinds, over a real API server and an API in this process; `make cells` asks for all."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import uvicorn
from tests.cells.estate import Estate
from tests.cells.hands import Hand
from tests.cells.matrix import FOREIGN, OWN, ROLES, Cell, cells
from tests.cells.play import QUOTAS, Report, Run, granted
from tests.faces.desk import HELD, OTHERS, Desk, opened
from tests.faces.site import PROJECT, site

from gurum.identity.tokens import Principal, TokenInvalid
from gurum.ops.config import PiaConfig
from gurum.store.kubernetes.people import welcome

pytestmark = [pytest.mark.real, pytest.mark.kubernetes, pytest.mark.asyncio(loop_scope="module")]

KINDS = ("Network", "QuotaUsage")
PREPARED = ("Network", "SecurityGroup", "Server")
ACTIONS = ("lock", "unlock", "migrate", "os-resetState")
SOME = ("reader", "member", "admin")


class Named:
    """Tokens are `role@project`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def validate(self, token: str) -> Principal:
        role, _, project = token.partition("@")
        if role not in HELD:
            raise TokenInvalid("no such token")
        return self._desk.person(role, user=f"{role}-{project[:1]}", project=project)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with opened(tmp_path_factory.mktemp("sign-in")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Run]:
    async with site(desk.plane, tmp_path_factory.mktemp("site"), PiaConfig(quotas=QUOTAS), Named(desk)) as here:
        for project in (PROJECT, OTHERS):
            await welcome(here.process.store.client, project, granted().readers, granted().writers)
        settings = uvicorn.Config(here.process.app, port=0, lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(settings)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        hands: list[Hand] = []
        try:
            yield await asyncio.to_thread(_both, desk, url, hands)
        finally:
            for hand in hands:
                hand.close()
            server.should_exit = True
            await serving


def _both(desk: Desk, url: str, hands: list[Hand]) -> Run:
    pki = desk.plane.plane.pki
    tls = ssl.create_default_context(cafile=str(pki.believed("kubernetes")))
    known = ssl.create_default_context(cafile=str(pki.believed("kubernetes")))
    known.load_cert_chain(pki.leaf("administrator"))

    def kept(hand: Hand) -> Hand:
        hands.append(hand)
        return hand

    def api(role: str, project: str) -> Hand:
        return kept(Hand(url, {"X-Auth-Token": f"{role}@{project}"}))

    def person(role: str, project: str) -> Hand:
        token = desk.token(role, user=f"{role}-{project[:1]}", project=project)
        return kept(Hand(desk.plane.url, {"Authorization": f"Bearer {token}"}, tls))

    def estate(project: str) -> Estate:
        made = Estate(project, api("member", project), kept(Hand(desk.plane.url, {}, known)), person("member", project))
        made.prepare(PREPARED)
        return made

    return Run(
        {role: api(role, PROJECT) for role in ROLES},
        {role: person(role, PROJECT) for role in ROLES},
        {OWN: estate(PROJECT), FOREIGN: estate(OTHERS)},
        lambda text: None,
    )


def _some(cell: Cell) -> bool:
    return (cell.kind in KINDS and cell.role in SOME) or (cell.kind == "ServerAction" and cell.field in ACTIONS)


async def test_both_faces_answer_alike(both: Run) -> None:
    report = Report()
    asked = [cell for cell in cells(granted()) if _some(cell)]
    await asyncio.to_thread(both.matrix, report, asked)
    assert "\n".join(report.broken) == ""
    assert report.asked == len(asked) > 100


async def test_the_cells_are_enough_and_each_is_one() -> None:
    every = list(cells(granted()))
    assert len(every) == len(set(every)) >= 2000
    assert {cell.role for cell in every} == set(ROLES)
