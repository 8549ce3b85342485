"""The store on a real API server: what the contract does not ask and a cluster's people do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.store.kubernetes.site import NAMESPACE, Site
from tests.store.kubernetes.site import opened as site_of
from tests.support.kubernetes import kubectl
from tests.support.store import list_all, make_claim, make_network, make_server

from gurum.model.network import Network
from gurum.model.server import Server
from gurum.store.contract import (
    ConflictError,
    ExistsError,
    InDoubtError,
    NotFoundError,
    OwnedError,
    UnavailableError,
    WatchExpiredError,
)
from gurum.store.kubernetes import KubernetesStore, shape
from gurum.store.kubernetes.client import Answer, checked
from gurum.store.kubernetes.install import install
from gurum.store.kubernetes.kinds import KEY_CLAIM, PLACES, SYSTEM
from gurum.store.kubernetes.shape import Address

pytestmark = [pytest.mark.real, pytest.mark.kubernetes]


@pytest.fixture
async def site(kubernetes_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with site_of(kubernetes_url, tmp_path) as made:
        yield made


def wish(name: str, **spec: Any) -> dict[str, Any]:
    """Return a network as a person writes it."""
    return {
        "apiVersion": PLACES["Network"].api_version,
        "kind": "Network",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"region": "kakao-usa-east1", "name": name, **spec},
    }


async def test_installing_again_changes_nothing(site: Site) -> None:
    assert await install(site.client) == 0


async def test_a_project_has_a_namespace_that_says_whose_it_is(site: Site) -> None:
    found = checked(await site.client.get(f"/api/v1/namespaces/{NAMESPACE}")).json()
    assert found["metadata"]["labels"]["gurum.cloud/project-id"] == "p1"


async def test_a_wish_is_nobodys_before_it_has_its_id_and_then_everybodys(site: Site) -> None:
    _, version = await list_all(site.store, Network)
    site.kubectl("apply", "-f", "-", document=wish("front"))
    assert (await list_all(site.store, Network))[0] == []
    path = Address(NAMESPACE, "front").path(PLACES["Network"])
    document = checked(await site.client.get(path)).json()
    document["spec"] |= {"id": "5ab0d1a8-62bb-4b0c-9f3c-1ee8d9f2bd5a", "projectID": "p1"}
    checked(await site.client.replace(path, document))
    events = site.store.watch(Network, version)
    async with asyncio.timeout(10):
        event = await anext(events)
    assert event.object is not None
    assert event.object.spec.name == "front"
    found = await site.store.get(Network, event.id)  # its object is not called as its id is
    found.spec.description = "changed by the API"
    await site.store.update_spec(found)
    assert "changed by the API" in site.kubectl("get", "networks.network.gurum.cloud", "front", "-o", "yaml")


async def test_what_kubectl_deletes_is_held_by_finalizers_and_its_order(site: Site) -> None:
    server = await site.store.create(make_server(finalizers=["engine"]))
    site.kubectl("delete", "server", server.id, "--wait=false")
    await until_asked(site.store)
    assert not (await site.store.get(Server, server.id)).deleting  # nobody has played the API's deletion yet
    await site.store.delete(Server, server.id)
    await until_deleting(site.store, server.id)
    marked = await site.store.get(Server, server.id)
    assert marked.metadata.generation == 2
    marked.metadata.finalizers = []
    await site.store.update_status(marked)
    assert "NotFound" in site.kubectl("get", "server", server.id, check=False)


async def until_asked(store: KubernetesStore) -> None:
    feed = await store.wishes.feed(Server)
    async with asyncio.timeout(10):
        await feed.reach(lambda: bool(feed.asked))


async def until_deleting(store: KubernetesStore, uid: str) -> None:
    async with asyncio.timeout(10):
        while not (await store.get(Server, uid)).deleting:  # noqa: ASYNC110 - it is another program's write
            await asyncio.sleep(0.01)


async def test_what_somebody_applies_is_theirs_by_name(site: Site) -> None:
    server = await site.store.create(make_server())
    theirs = {
        "apiVersion": PLACES["Server"].api_version,
        "kind": "Server",
        "metadata": {"name": server.id, "namespace": NAMESPACE},
        "spec": {"name": "from git"},
    }
    site.kubectl("apply", "--server-side", "--field-manager=argocd", "--force-conflicts", "-f", "-", document=theirs)
    await until_named(site.store, server.id, "from git")
    found = await site.store.get(Server, server.id)
    found.spec.name = "by request"
    with pytest.raises(OwnedError, match=r"spec\.name of Server .* is managed by 'argocd'"):
        await site.store.update_spec(found)
    found = await site.store.get(Server, server.id)
    found.spec.description = "nobody applies it"
    assert (await site.store.update_spec(found)).spec.name == "from git"


async def until_named(store: KubernetesStore, uid: str, name: str) -> None:
    async with asyncio.timeout(10):
        while (await store.get(Server, uid)).spec.name != name:  # noqa: ASYNC110 - another program's write
            await asyncio.sleep(0.01)


async def test_a_change_that_the_watch_has_not_told_is_a_conflict_and_no_loss(site: Site) -> None:
    server = await site.store.create(make_server())
    site.kubectl("label", "server", server.id, "team=x")
    server.status.progress = 5
    for _ in range(50):
        try:
            await site.store.update_status(server)
            break
        except ConflictError:
            server = await site.store.get(Server, server.id)
            server.status.progress = 5
    assert "x" in site.kubectl("get", "server", server.id, "-o", "jsonpath={.metadata.labels.team}")
    assert (await site.store.get(Server, server.id)).status.progress == 5


async def test_a_key_whose_object_never_came_is_free_after_a_while(site: Site) -> None:
    lost = make_network(key="k")
    claim = {
        "apiVersion": KEY_CLAIM.api_version,
        "kind": "KeyClaim",
        "metadata": {"name": "network--k", "namespace": SYSTEM},
        "spec": {"kind": "Network", "key": "k", "ownerID": lost.id, "ownerNamespace": NAMESPACE, "ownerName": lost.id},
    }
    checked(await site.client.create(shape.collection(KEY_CLAIM, SYSTEM), claim))
    site.store._keys._race = 0.2
    with pytest.raises(UnavailableError, match="can be made after at most 60 s"):  # there is none of this key
        await site.store.create(make_network(key="k"))
    with pytest.raises(NotFoundError):
        await site.store.get_by_key(Network, "k")
    site.store._keys._grace = 0.0  # a minute later
    network = await site.store.create(make_network(key="k"))
    assert await site.store.get_by_key(Network, "k") == network
    await site.store.delete(Network, network.id)
    with pytest.raises(NotFoundError):
        await site.store.get_by_key(Network, "k")


async def test_keys_that_were_left_are_collected_and_no_others(site: Site) -> None:
    network = await site.store.create(make_network(key="kept"))
    await site.store.create(make_network(key="left"))
    gone = await site.store.get_by_key(Network, "left")
    assert await site.store.collect() == 0
    # A deletion that was cut off before its last write.
    path = shape.address_of(gone).path(PLACES["Network"])
    meta = checked(await site.client.get(path)).json()["metadata"]
    checked(await site.client.delete(path, meta["uid"], meta["resourceVersion"]))
    await site.store.list(Network)  # the watch has told of it
    assert await site.store.collect() == 0, "not before its time: a creation may be under way"
    site.store._keys._grace = 0.0  # a minute later
    assert await site.store.collect() == 1
    assert await site.store.get_by_key(Network, "kept") == network
    left = checked(await site.client.get(shape.collection(KEY_CLAIM, SYSTEM))).json()["items"]
    assert [item["spec"]["ownerID"] for item in left if item["spec"]["kind"] == "Network"] == [network.id]


async def test_a_key_that_was_taken_for_nothing_is_given_back(site: Site) -> None:
    first = await site.store.create(make_network(key="a"))
    again = make_network(key="b")
    again.metadata.id = first.id
    with pytest.raises(ExistsError):
        await site.store.create(again)
    assert (await site.store.create(make_network(key="b"))).metadata.key == "b"
    with pytest.raises(ExistsError):  # the same creation once more: its key stays its own
        await site.store.create(first)
    assert (await site.store.get_by_key(Network, "a")).id == first.id


async def test_a_key_is_given_back_by_who_is_turned_away(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An API server that has just come up knows no rights yet, and forbids what it allows a moment later."""
    forbidding = Answer(403, b'{"message": "networks.network.gurum.cloud is forbidden"}')
    create, asked = site.store.client.create, 0

    async def forbidden(path: str, document: Any, **more: Any) -> Answer:
        nonlocal asked
        if path.endswith("/networks"):
            asked += 1
            return forbidding if asked == 1 else msgspec.structs.replace(forbidding, lost=True)
        return await create(path, document, **more)

    with monkeypatch.context() as patched:
        patched.setattr(site.store.client, "create", forbidden)
        with pytest.raises(UnavailableError, match="forbidden"):
            await site.store.create(make_network(key="a"))
        with pytest.raises(InDoubtError, match="forbidden"):  # an earlier try of it may have been carried out
            await site.store.create(make_network(key="b"))
    assert (await site.store.create(make_network(key="a"))).metadata.key == "a"
    site.store._keys._race = 0.2
    with pytest.raises(UnavailableError, match="cut off"):
        await site.store.create(make_network(key="b"))


async def test_a_cluster_that_went_back_is_listed_anew(site: Site) -> None:
    server = await site.store.create(make_server())
    heads = site.store._where._heads
    await heads.note("Server", server.metadata.resource_version + 1_000_000)  # what an older snapshot never reaches
    items, version = await list_all(site.store, Server)
    with pytest.raises(WatchExpiredError):
        await site.store.changed(Server, version - 1)
    assert list(await site.store.changed(Server, (await list_all(site.store, Server))[1])) == []
    await heads.refresh()
    assert heads.head("Server") < server.metadata.resource_version + 1_000_000
    assert server.id in {item.id for item in items}


async def test_what_no_schema_allows_is_the_makers_alone(site: Site) -> None:
    with pytest.raises(ValueError, match="cannot be stored"):
        await site.store.create(make_network(name="x" * 5000))
    await site.store.create(make_network(name="good"))


async def test_claims_are_named_by_what_they_claim(site: Site) -> None:
    await site.store.create(make_claim("10.0.0.2", "somebody"))
    owner = ("-o", "jsonpath={.spec.ownerID}")
    found = kubectl(site.kubeconfig, "-n", SYSTEM, "get", "addressclaim", "s1--10.0.0.2", *owner)
    assert found.stdout == "somebody"


MEMBER = ("--as=alice", "--as-group=system:authenticated")


@pytest.fixture
def member(site: Site) -> Site:
    """Alice, who is a member of the project."""
    kubectl(
        site.kubeconfig, "-n", NAMESPACE, "create", "rolebinding", "alice", "--clusterrole=gurum-member",
        "--user=alice", check=False,
    )  # fmt: skip
    return site


def refused(site: Site, document: dict[str, Any]) -> str:
    return site.kubectl("create", *MEMBER, "-f", "-", document=document, check=False)


async def test_a_member_makes_a_wish_and_no_identity(member: Site) -> None:
    assert "created" in refused(member, wish("mine"))
    uid = "5ab0d1a8-62bb-4b0c-9f3c-1ee8d9f2bd5a"
    assert "spec.id is given by Gurum" in refused(member, wish("thief", id=uid))
    assert "spec.projectID is given by Gurum" in refused(member, wish("thief", projectID="p2"))
    assert "spec.naturalKey is given by Gurum" in refused(member, wish("thief", naturalKey="k"))
    noted = wish("liar")
    noted["metadata"]["annotations"] = {"gurum.cloud/created-at": "2020-01-01T00:00:00Z"}
    assert "annotations of gurum.cloud are Gurum's" in refused(member, noted)
    noted["metadata"]["annotations"] = {"gurum.cloud/cause": '{"user_id":"bob"}'}
    assert "created" in refused(member, noted)
    made = member.kubectl("get", "networks.network.gurum.cloud", "liar", "-o", "yaml")
    assert "bob" not in made  # whose wish it is, the API server itself writes down
    assert '{"user_id":"alice"}' in made
    patch = '{"spec":{"id":"' + uid + '"}}'
    said = member.kubectl(
        "patch", "networks.network.gurum.cloud", "mine", *MEMBER, "--type=merge", "-p", patch, check=False
    )
    assert "spec.id is given by Gurum" in said
    said = member.kubectl(
        "annotate", "networks.network.gurum.cloud", "mine", *MEMBER, "gurum.cloud/created-at=x", check=False
    )
    assert "annotations of gurum.cloud" in said
    assert "labeled" in member.kubectl("label", "networks.network.gurum.cloud", "mine", *MEMBER, "team=x")
    assert "patched" in member.kubectl(
        "patch", "networks.network.gurum.cloud", "mine", *MEMBER, "--type=merge", "-p", '{"spec":{"description":"d"}}'
    )
