"""User data in Secrets, on a real API server: who reads it, when it goes, what a crash leaves between two writes."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.store.kubernetes.site import NAMESPACE, TEXT, Site, with_data
from tests.store.kubernetes.site import opened as site_of
from tests.support.store import StepClock, make_server

from gurum.model.server import Server
from gurum.store.contract import (
    ExistsError,
    InDoubtError,
    NotFoundError,
    Sealing,
    UnavailableError,
)
from gurum.store.kubernetes import KubernetesStore, sealed, secret_rights, shape
from gurum.store.kubernetes.access import access
from gurum.store.kubernetes.client import Client, checked
from gurum.store.kubernetes.kinds import PLACES, USER_DATA
from gurum.store.userdata import text_of
from gurum.supervisor.kubernetes.store import RIGHTS, define

pytestmark = [pytest.mark.real, pytest.mark.kubernetes]


@pytest.fixture
async def site(kubernetes_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with site_of(kubernetes_url, tmp_path) as made:
        yield made


async def test_it_is_in_a_secret_and_in_no_object(site: Site) -> None:
    assert isinstance(site.store, Sealing)
    given = with_data(finalizers=["engine"])
    made = await site.store.create(given)
    assert given.spec.user_data == TEXT, "what was handed in is the caller's"
    assert (made.spec.user_data, made.spec.user_data_secret) == ("", made.id)
    assert await site.store.get(Server, made.id) == made
    stored = await site.object(made)
    assert TEXT not in json.dumps(stored)
    assert stored["spec"]["userDataSecret"] == made.id
    assert await text_of(site.store, made) == TEXT
    secret = checked(await site.client.get(sealed.path(made.id))).json()
    assert secret["immutable"] is True
    assert secret["type"] == "gurum.cloud/user-data"
    made.spec.description = "another generation"
    assert (await site.store.update_spec(made)).spec.user_data_secret == made.id
    assert await site.store.unseal(made.id) == TEXT


async def test_the_longest_fits_and_none_needs_none(site: Site) -> None:
    longest = "QUJD" * (65_535 // 4)
    made = await site.store.create(with_data(longest))
    assert await site.store.unseal(made.id) == longest
    await site.store.create(make_server())
    assert list(await site.secrets()) == [made.id]


async def test_it_goes_with_its_server(site: Site) -> None:
    held = await site.store.create(with_data(finalizers=["engine"]))
    free = await site.store.create(with_data())
    marked = await site.store.delete(Server, held.id)
    assert marked is not None
    assert await site.store.unseal(held.id) == TEXT, "the record of it is still to be written"
    marked.metadata.finalizers = []
    await site.store.update_status(marked)
    assert list(await site.secrets()) == [free.id]
    assert await site.store.delete(Server, free.id) is None
    assert await site.secrets() == {}
    with pytest.raises(NotFoundError):
        await site.store.unseal(free.id)


async def test_what_a_refused_creation_leaves_is_collected_and_nobody_elses_is_touched(site: Site) -> None:
    bad = with_data()
    bad.spec.name = "x" * 5000
    with pytest.raises(ValueError, match="cannot be stored") as refusal:
        await site.store.create(bad)
    assert TEXT not in str(refusal.value)
    site.store._sealed._grace = 0.0
    assert await site.store.collect() == 1
    assert await site.secrets() == {}
    good = await site.store.create(with_data())
    again = with_data("b3RoZXI=")
    again.metadata.id = again.metadata.key = good.id
    with pytest.raises(ExistsError):
        await site.store.create(again)
    again.spec.user_data = TEXT
    with pytest.raises(ExistsError):
        await site.store.create(again)
    assert await site.secrets() == {good.id: TEXT}


async def test_a_list_of_creations_stops_with_what_it_made(site: Site) -> None:
    servers = [with_data(name=str(number)) for number in range(3)]
    servers[1].spec.name = "x" * 300
    with pytest.raises(ValueError, match="cannot be stored"):
        await site.store.create_many(servers)
    assert set(await site.secrets()) == {servers[0].id, servers[1].id}, "the third was not begun"


class Cut(Client):
    """A client whose requests end in front of the server, or behind it."""

    before = after = ""  # the method and the last word of the path

    async def _insist(self, method: str, path: str, *more: Any) -> Any:
        named = f"{method} {path.rpartition('/')[2]}"
        if named == self.before:
            raise UnavailableError("killed before it")
        answer = await super()._insist(method, path, *more)
        if named == self.after:
            raise InDoubtError("killed after it")
        return answer


async def cut(site: Site, **where: str) -> KubernetesStore:
    client = Cut(access(site.url, "gurum-test"), manager="gurum-test")
    for name, value in where.items():
        setattr(client, name, value)
    return KubernetesStore(client, site.store.heads, clock=StepClock())


async def test_what_a_crash_before_the_server_leaves_is_collected(site: Site) -> None:
    kept = await site.store.create(with_data())
    cut_off = await cut(site, before="POST servers")
    with pytest.raises(UnavailableError):
        await cut_off.create(lost := with_data())
    await cut_off.close()
    assert set(await site.secrets()) == {kept.id, lost.id}
    assert await site.store.collect() == 0, "not before its time: the creation may be under way"
    site.store._sealed._grace = 0.0  # a minute later
    assert await site.store.collect() == 1
    assert await site.secrets() == {kept.id: TEXT}
    assert (await site.store.create(lost)).id == lost.id, "tried again, it is kept again"
    assert set(await site.secrets()) == {kept.id, lost.id}


async def test_a_creation_of_which_nothing_is_known_keeps_it(site: Site) -> None:
    cut_off = await cut(site, after="POST servers")
    with pytest.raises(InDoubtError):
        await cut_off.create(there := with_data())
    await cut_off.close()
    site.store._sealed._grace = 0.0
    assert await site.store.collect() == 0
    assert await text_of(site.store, await site.store.get(Server, there.id)) == TEXT


async def test_a_secret_of_which_nothing_is_known_is_no_server_in_doubt(site: Site) -> None:
    cut_off = await cut(site, after="POST secrets")
    with pytest.raises(UnavailableError) as refusal:
        await cut_off.create(with_data())
    assert not isinstance(refusal.value, InDoubtError)
    await cut_off.close()


async def test_what_a_crash_behind_the_server_leaves_is_collected(site: Site) -> None:
    server = await site.store.create(with_data())
    path = shape.address_of(server).path(PLACES["Server"])
    meta = (await site.object(server))["metadata"]
    checked(await site.client.delete(path, meta["uid"], meta["resourceVersion"]))
    await site.store.list(Server)  # the watch has told of it
    site.store._sealed._grace = 0.0
    assert await site.store.collect() == 1
    assert await site.secrets() == {}


async def test_there_may_be_nothing_to_collect(site: Site) -> None:
    assert await site.secrets() == {}
    assert await site.store.collect() == 0


async def test_the_collector_fetches_no_text(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await site.store.create(with_data())
    seen: list[bytes] = []
    whole = site.store.client._insist

    async def watched(*words: Any) -> Any:
        answer = await whole(*words)
        seen.append(answer.body)
        return answer

    monkeypatch.setattr(site.store.client, "_insist", watched)
    await site.store.collect()
    assert any(b"PartialObjectMetadata" in body for body in seen)
    assert not any(base64.b64encode(TEXT.encode()) in body for body in seen)


async def test_nobody_gets_anothers_by_naming_it(site: Site) -> None:
    """Not even who writes past the guard: a text is found by the server's own id."""
    victim = await site.store.create(with_data())
    thief = make_server()
    thief.spec.user_data_secret = victim.id
    thief = await site.store.create(thief)
    with pytest.raises(NotFoundError):
        await text_of(site.store, thief)
    await site.store.delete(Server, thief.id)
    assert await site.secrets() == {victim.id: TEXT}
    # A Secret that somebody put there under the server's name is not taken for its user data.
    other = sealed.document(with_data("c3Bvb2Y="))
    other["metadata"]["name"] = thief.id
    checked(await site.client.create(sealed.COLLECTION, other))
    with pytest.raises(NotFoundError):
        await site.store.unseal(thief.id)


async def test_people_neither_read_it_nor_say_that_there_is_some(site: Site) -> None:
    server = await site.store.create(with_data())
    for role, person in (("gurum-member", "alice"), ("admin", "bob")):
        site.kubectl("create", "rolebinding", person, f"--clusterrole={role}", f"--user={person}", check=False)
        what = ("get", "server", server.id, "-o", "json")
        assert TEXT not in site.kubectl(*what, f"--as={person}", check=person == "alice")
        for verb in ("get", "list", "watch", "create", "delete"):
            assert not await site.may(person, verb, USER_DATA), (person, verb)
    wish = {
        "apiVersion": PLACES["Server"].api_version,
        "kind": "Server",
        "metadata": {"name": "thief", "namespace": NAMESPACE},
        "spec": {"region": "kakao-usa-east1", "flavorRef": "m1.tiny", "userDataSecret": server.id},
    }
    told = site.kubectl("create", "--as=alice", "-f", "-", document=wish, check=False)
    assert "spec.userDataSecret is given by Gurum" in told
    patch = '{"spec":{"userDataSecret":null}}'
    told = site.kubectl("patch", "server", server.id, "--as=alice", "--type=merge", "-p", patch, check=False)
    assert "userDataSecret" in told
    assert (await site.object(server))["spec"]["userDataSecret"] == server.id


async def test_what_a_person_writes_inline_stays_where_they_wrote_it(site: Site) -> None:
    site.kubectl("create", "rolebinding", "alice", "--clusterrole=gurum-member", "--user=alice", check=False)
    wish = {
        "apiVersion": PLACES["Server"].api_version,
        "kind": "Server",
        "metadata": {"name": "by-hand", "namespace": NAMESPACE},
        "spec": {"region": "kakao-usa-east1", "flavorRef": "m1.tiny", "userData": TEXT},
    }
    assert "created" in site.kubectl("create", "--as=alice", "-f", "-", document=wish)
    path = f"{shape.collection(PLACES['Server'], NAMESPACE)}/by-hand"
    document = checked(await site.client.get(path)).json() | {"kind": "Server"}
    made = await site.store.wishes.admit(with_data(), document)
    assert (made.spec.user_data, made.spec.user_data_secret) == (TEXT, "")
    assert await site.secrets() == {}


async def test_each_process_has_these_rights_and_no_others(site: Site) -> None:
    await define(site.kubeconfig)
    verbs = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
    for user, role in RIGHTS.items():
        for namespace in (USER_DATA, NAMESPACE, "kube-system"):
            allowed = secret_rights.VERBS.get(role, ()) if namespace == USER_DATA else ()
            assert {verb for verb in verbs if await site.may(user, verb, namespace)} == set(allowed), (user, namespace)
