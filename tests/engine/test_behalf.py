"""Who a call to AWS is for: each person's own verb and deletion, and nobody's what is only upkeep."""

from __future__ import annotations

from pathlib import Path

from tests.support.issuer import OWNER, EmulatorBroker, emulator_config, issuer, keyed, learn
from tests.support.virtual import run_virtual
from tests.support.world import ACCOUNT, USER, World

from gurum.engine.behalf import behalf_of
from gurum.model.base import Cause, Metadata
from gurum.model.network import Network, NetworkSpec
from gurum.model.server import Action, Server
from gurum.providers.aws.principals import SYSTEM
from gurum.providers.aws.sessions import Sessions
from gurum.providers.behalf import Behalf

ALICE, BOB = "a" * 32, "b" * 32


def _network(**status: int) -> Network:
    cause = Cause(user_id=ALICE, request_id="r", decision_id="d")
    meta = Metadata(id="n", key="n", project="p", generation=2, cause=cause)
    network = Network(metadata=meta, spec=NetworkSpec(name="n"))
    network.status.observed_generation = status.get("seen", 0)
    return network


def test_a_generation_is_its_author_s_until_it_is_carried_out() -> None:
    assert behalf_of(None) is None
    assert behalf_of(_network(seen=1)) == Behalf(ALICE, "p", "r", "d")
    assert behalf_of(_network(seen=2)) is None
    gone = _network(seen=2)
    gone.metadata.deletion_requested_at, gone.metadata.deletion_cause = 1.0, Cause(user_id=BOB, request_id="r2")
    assert behalf_of(gone) == Behalf(BOB, "p", "r2")
    gone.metadata.deletion_cause = None
    assert behalf_of(gone) is None


def test_two_people_work_on_one_server_and_the_ledger_names_the_right_one(tmp_path: Path) -> None:
    async def whole() -> None:
        world = World(emulator=emulator_config(ACCOUNT, time_factor=0.1))
        config, ring = keyed(tmp_path, world.clock)
        learn(world.emulator, config, ring)
        broker = EmulatorBroker(world.emulator)
        world.transport.sessions = Sessions(issuer(config, ring, world.clock), broker, world.clock, OWNER)
        await world.start()

        async def act(user: str, verb: str, state: str) -> None:
            def add(obj: Server) -> None:
                number = obj.spec.actions[-1].number + 1
                obj.spec.actions.append(
                    Action(
                        number=number,
                        action=verb,
                        request_id=f"req-{user[0]}-{verb}-{number}",
                        user_id=user,
                        project_id=world.project,
                        start_time=world.clock.time(),
                    )
                )

            await world.change(Server, server.id, add)
            if state:
                await world.until(lambda: _in(world, server.id, state))

        network, _ = await world.network()
        group = await world.group()
        server = await world.server(network, group)
        await world.until(lambda: _in(world, server.id, "active"))
        await act(ALICE, "stop", "stopped")
        await act(BOB, "start", "active")
        await act(BOB, "stop", "")
        await act(ALICE, "start", "")  # at once behind it: who asked second must not be named for the first
        await world.until(lambda: _done(world, server.id, 5))
        await world.store.delete(Server, server.id, cause=Cause(user_id=ALICE, request_id="req-del", decision_id="d9"))
        await world.until(lambda: _in(world, server.id, "gone"))
        await world.stop()

        calls = [(line["action"], line["session"], line["session_tags"]) for line in world.calls()]
        power = [(action, who) for action, who, _ in calls if action.endswith("Instances") and action[0] in "RST"]
        assert power == [
            ("RunInstances", USER),
            ("StopInstances", ALICE),
            ("StartInstances", BOB),
            ("StopInstances", BOB),
            ("StartInstances", ALICE),
            ("TerminateInstances", ALICE),
        ]
        assert {who for action, who, _ in calls if action.startswith("Describe")} == {SYSTEM}
        assert all(tags["pia:user"] == who for _, who, tags in calls if who not in (SYSTEM, ""))
        last = next(tags for action, _, tags in calls if action == "TerminateInstances")
        assert last == {
            "pia:user": ALICE, "pia:project": world.project, "pia:request": "req-del", "pia:decision": "d9",
        }  # fmt: skip
        verbs = [tags["pia:request"] for action, _, tags in calls if action in ("StopInstances", "StartInstances")]
        assert verbs == ["req-a-stop-2", "req-b-start-3", "req-b-stop-4", "req-a-start-5"]
        trail = [each["userIdentity"] for each in world.emulator.trail() if each["eventSource"].startswith("ec2")]
        assert {each["type"] for each in trail} == {"AssumedRole"}, "no call was made with a stored key"
        assert world.emulator.config.accounts == {}

    run_virtual(whole())


async def _in(world: World, server: str, state: str) -> bool:
    return await world.state(server) == state


async def _done(world: World, server: str, number: int) -> bool:
    return (await world.get(Server, server)).status.done >= number
