"""Each refusal of STS ends as a condition of the server that waits for it: who has to do what; and is over with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.sts.table import ROWS, Row, Site
from tests.support.issuer import OWNER, EmulatorBroker, emulator_config, issuer, keyed, learn, trusting
from tests.support.virtual import run_virtual
from tests.support.world import ACCOUNT, World

from gurum.model.server import Server
from gurum.providers.aws.errors import AwsError
from gurum.providers.aws.sessions import Credentials, Sessions


class _Broker(EmulatorBroker):
    """Notes what STS said."""

    def __init__(self, world: World) -> None:
        super().__init__(world.emulator)
        self.said: list[AwsError] = []

    async def assume(self, account: str, name: str, token: str) -> Credentials:
        """Ask, and note a refusal."""
        try:
            return await super().assume(account, name, token)
        except AwsError as error:
            self.said.append(error)
            raise


class _Signer:
    """Whoever the site has sign at the time."""

    def __init__(self, site: Site) -> None:
        self._site = site

    @property
    def url(self) -> str:
        return str(self._site.signer.url)

    def token(self, subject: str, tags: dict[str, str]) -> str:
        """Sign."""
        return str(self._site.signer.token(subject, tags))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_refusal_is_a_condition_that_says_who_has_to_do_what(row: Row, tmp_path: Path) -> None:
    async def whole() -> None:
        world = World(emulator=emulator_config(ACCOUNT, time_factor=0.1))
        config, ring = keyed(tmp_path, world.clock)
        well = issuer(config, ring, world.clock)
        site = Site(world.emulator, config, ring, world.clock, well)
        if not row.unlearned:
            learn(world.emulator, config, ring)
        row.wrong(site)
        broker = _Broker(world)
        world.transport.sessions = Sessions(_Signer(site), broker, world.clock, OWNER)  # type: ignore[arg-type]  # tags
        await world.start()
        network, _ = await world.network()
        server = await world.server(network, await world.group())

        async def told() -> str:
            found = (await world.get(Server, server.id)).status.conditions
            texts = [one.message for one in found if one.reason == row.reason and row.who in one.message]
            return next((text for text in texts if row.what in text), "")

        await world.until(told)
        assert {(one.code, one.status) for one in broker.said} == {(row.code, row.status)}
        assert all(re.match(row.message, one.message) for one in broker.said)
        assert [line for line in world.calls() if line["service"] == "ec2"] == [], "nothing is asked of AWS before"
        assert await world.state(server.id) == "building"
        assert len(broker.said) <= 1 + world.clock.time() / 10, "and STS is not asked at speed"

        learn(world.emulator, config, ring)
        site.configure(**trusting(config.url, ACCOUNT))
        site.signer = well

        async def active() -> bool:
            return await world.state(server.id) == "active"

        await world.until(active)
        await world.stop()

    run_virtual(whole())
