"""The read-only rule holds for every kind and every driver: also for those that nobody has written yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from tests.model.sample import document
from tests.support.virtual import run_virtual
from tests.support.world import ACCOUNT, AWS, World

from gurum.engine.exactly_once import ReadOnlyError
from gurum.engine.work import FINALIZER
from gurum.model import codec
from gurum.model.base import MANAGED, UNMANAGED, Import, Intent, Metadata, Resource, new_id
from gurum.model.compute import ServerGroup
from gurum.model.network import Domain, Port, SecurityGroup, Subnet
from gurum.model.routing import FloatingIP, Router
from gurum.providers.aws.provider import AwsProvider
from gurum.providers.contract import Blocked, CreateOutcome, Done, Place, Provider, Step, VerbOutcome, View

# A key that nobody uses would be removed, whatever its driver wants.
ALIKE: tuple[type[Resource], ...] = (Domain, Subnet, SecurityGroup, Port, Router, FloatingIP, ServerGroup)


class Greedy:
    """A driver that knows nothing of adoption and wants to do everything at once."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        return [Step("greed", "token", "{}")]

    def retired(self, obj: Resource, view: View) -> Sequence[str]:
        return [name for name, intent in obj.status.intents.items() if intent.state == "done" and name != "greed"]

    def hanging(self, obj: Resource, step: str) -> Sequence[str]:
        return ()

    async def create(self, obj: Resource, intent: Intent, place: Place) -> CreateOutcome:
        self.calls.append("create")
        return Done()

    async def find(self, obj: Resource, intent: Intent, place: Place) -> Done:
        return Done()

    async def destroy(self, obj: Resource, intent: Intent, place: Place) -> VerbOutcome:
        self.calls.append("destroy")
        return Done()

    async def sync(self, obj: Resource, view: View, place: Place) -> VerbOutcome | None:
        if "sync" in self.calls:
            return None
        self.calls.append("sync")
        return Done()


class GreedyProvider(AwsProvider):
    """AWS, with that driver for every kind, and every verb counted."""

    greedy: Greedy

    def driver(self, kind: str) -> Any:
        return self.greedy

    async def power(self, place: Place, verb: str, instance: str) -> VerbOutcome:
        self.greedy.calls.append(verb)
        return Done()

    async def attach(self, place: Place, instance: str, interface: str, index: int) -> VerbOutcome:
        self.greedy.calls.append("attach")
        return Done()

    async def detach(self, place: Place, instance: str, interface: str, attachment: str) -> VerbOutcome:
        self.greedy.calls.append("detach")
        return Done()


class GreedyWorld(World):
    """A world in which every driver is greedy."""

    def providers(self) -> dict[str, Provider]:
        found = super().providers()
        greedy = GreedyProvider(self.config.regions[1], self.transport, self.clock, self.config.engine.deployment)
        greedy.greedy = Greedy()
        found[AWS] = greedy
        return found


def made(kind: type[Resource], policy: str) -> Any:
    """Return an object of a kind with every field set to something, of that policy."""
    obj: Any = msgspec.convert(document(kind), kind)
    uid = new_id()
    obj.metadata = Metadata(id=uid, key=uid, region=AWS, account=ACCOUNT, project="p", finalizers=[FINALIZER])
    obj.spec.management_policy, obj.spec.on_delete = policy, "delete"
    obj.spec.import_ = Import(id="thing-1") if policy == UNMANAGED else None
    obj.status = type(obj.status)()
    return obj


async def stepped(kind: type[Resource], policy: str, *, deleting: bool = False) -> list[str]:
    """Have the runtime step an object of a kind; return what its driver was told to do."""
    w = GreedyWorld()
    assembly = await w.start()
    try:
        provider = assembly.engine.clouds[AWS].provider
        assert isinstance(provider, GreedyProvider)
        obj: Any = await w.store.create(made(kind, policy))
        if policy == UNMANAGED:
            obj.status.adopted = "observed"
            obj.status.intents["there"] = Intent(step="there", state="done", recipe="import")
            obj = await w.store.update_status(obj)
        if deleting:
            await w.store.delete(kind, obj.id)
        await assembly.engine.cache.fresh()
        for _ in range(4):
            await assembly.runtime.step((kind.kind, obj.id))
        return provider.greedy.calls
    finally:
        await w.kill()
        await w.store.close()


@pytest.mark.parametrize("kind", codec.ADOPTABLE, ids=lambda kind: kind.kind)
@pytest.mark.parametrize("deleting", [False, True], ids=["stays", "goes"])
def test_nothing_is_called_for_what_is_only_looked_at(kind: type[Resource], deleting: bool) -> None:
    assert run_virtual(stepped(kind, UNMANAGED, deleting=deleting)) == []


@pytest.mark.parametrize("kind", ALIKE, ids=lambda kind: kind.kind)
def test_the_same_driver_does_it_all_for_what_is_managed(kind: type[Resource]) -> None:
    assert {"create", "sync"} & set(run_virtual(stepped(kind, MANAGED)))


def test_every_kind_that_has_something_in_a_cloud_can_be_adopted() -> None:
    with_drivers = {"Domain", "Subnet", "SecurityGroup", "CloudKey", "Router", "FloatingIP", "Port", "Server"}
    assert with_drivers <= {kind.kind for kind in codec.ADOPTABLE}
    assert {kind.kind for kind in ALIKE} <= {kind.kind for kind in codec.ADOPTABLE}


def test_behind_the_gate_a_creation_is_refused_once_more() -> None:
    async def scenario() -> None:
        w = GreedyWorld()
        assembly = await w.start()
        try:
            obj = await w.store.create(made(Subnet, UNMANAGED))
            cloud = assembly.engine.clouds[AWS]
            work = assembly.engine.work(obj)
            driver = cloud.provider.driver("Subnet")
            assert driver is not None
            with pytest.raises(ReadOnlyError):
                await cloud.once.ensure(work, Step("greed", "token", "{}"), driver, Place(AWS, ACCOUNT))
            intent = Intent(step="own", state="done", recipe="token")
            with pytest.raises(ReadOnlyError):
                await cloud.once.remove(work, intent, driver, Place(AWS, ACCOUNT))
        finally:
            await w.kill()
            await w.store.close()

    run_virtual(scenario())


def test_a_new_object_is_managed_and_says_nothing_of_it() -> None:
    for kind in codec.ADOPTABLE:
        obj = made(kind, MANAGED)
        obj.spec.on_delete = type(obj.spec).__struct_defaults__ and "delete"
        stored = msgspec.json.decode(codec.encode(codec.copy(obj)))
        assert not {"management_policy", "import"} & stored["spec"].keys()
        assert "adopted" not in stored.get("status", {})
