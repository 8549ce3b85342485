"""The collector removes what carries our tag and is nobody's, and nothing else. Virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.engine.test_servers import settled
from tests.support.world import World

from gurum.model.server import Server

Play = Callable[..., None]


def test_a_leftover_beside_a_living_object_is_swept(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        server = await w.server(network, await w.group())
        active = await settled(w, server.id, "active")
        [kept] = w.resources("vpc")
        tags = [{"Key": key, "Value": value} for key, value in kept["tags"].items()]
        late = {"CidrBlock": "10.20.0.0/24", "TagSpecifications": [{"ResourceType": "vpc", "Tags": tags}]}
        w.emulator.call("CreateVpc", late, account="111122223333", region="us-east-1", external=True)
        foreign = {"CidrBlock": "10.99.0.0/24"}
        w.emulator.call("CreateVpc", foreign, account="111122223333", region="us-east-1", external=True)
        # A round of the collector that the store refuses is made up for by the next.
        await w.until(
            lambda: {vpc["id"] for vpc in w.resources("vpc") if "pia:uid" in vpc["tags"]} == {kept["id"]}, 4000
        )
        assert len(w.resources("vpc")) == 2, "what is not ours was touched"
        assert (await w.get(Server, server.id)).status.external == active.status.external

    play(scenario)


def test_an_instance_of_an_unknown_server_is_left_alone(play: Play) -> None:
    async def scenario(w: World) -> None:
        network, _ = await w.network()
        server = await w.server(network, await w.group())
        active = await settled(w, server.id, "active")
        assert active.status.external is not None
        # An older store restored: the object is gone without anybody having deleted the server.
        await w.kill()
        active.metadata.finalizers = []
        current = await w.get(Server, server.id)
        current.metadata.finalizers = []
        await w.store.update_status(current)
        await w.store.delete(Server, server.id)
        await w.start()
        await asyncio.sleep(1500)
        [instance] = w.resources("instance")
        assert instance["state"] == "running"
        w.emulator.call(
            "TerminateInstances", {"InstanceIds": [instance["id"]]}, account="111122223333", region="us-east-1",
            external=True,
        )  # fmt: skip
        await asyncio.sleep(60)

    play(scenario)
