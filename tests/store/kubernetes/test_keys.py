"""Whose a key is, when what it was taken for stands where a person wrote it."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from tests.support.store import make_network

from gurum.store.contract import ExistsError, UnavailableError
from gurum.store.kubernetes.client import Answer, Client
from gurum.store.kubernetes.keys import Keys, address
from gurum.store.kubernetes.kinds import KEY_CLAIM, PLACES
from gurum.store.kubernetes.shape import Address

Document = dict[str, Any]

WISH = Address("project-p", "wish")


class Cluster:
    """An API server's objects, by path."""

    def __init__(self) -> None:
        self.objects: dict[str, Document] = {}

    async def create(self, path: str, document: Document) -> Answer:
        where = f"{path}/{document['metadata']['name']}"
        if where in self.objects:
            return Answer(409, b"{}")
        meta = document["metadata"] | {"creationTimestamp": "2026-01-01T00:00:00Z", "uid": "u", "resourceVersion": "1"}
        self.objects[where] = document | {"metadata": meta}
        return Answer(201, b"{}")

    async def get(self, path: str) -> Answer:
        found = self.objects.get(path)
        return Answer(404, b"{}") if found is None else Answer(200, json.dumps(found).encode())

    async def delete(self, path: str, uid: str, resource_version: str) -> Answer:
        del self.objects[path]
        return Answer(200, b"{}")


@pytest.mark.parametrize("become", [False, True], ids=["cut off", "taken up"])
async def test_a_key_taken_for_a_wish_is_its_own_once_the_wish_is_the_object(become: bool) -> None:
    cluster = Cluster()
    keys = Keys(cast("Client", cluster))
    first, second = make_network(key="k"), make_network(key="k")
    await keys.take(first, WISH)
    wish: Document = {"metadata": {}, "spec": {"id": first.id} if become else {}}
    cluster.objects[WISH.path(PLACES["Network"])] = wish
    claim = address("Network", "k").path(KEY_CLAIM)
    if become:
        with pytest.raises(ExistsError):
            await keys.take(second, WISH)
        assert cluster.objects[claim]["spec"]["ownerID"] == first.id
    else:
        await keys.take(second, WISH)
        assert cluster.objects[claim]["spec"]["ownerID"] == second.id


async def test_it_is_not_taken_over_while_the_wish_may_be_on_its_way() -> None:
    cluster = Cluster()
    keys = Keys(cast("Client", cluster), grace=1e12, race=0.1)
    await keys.take(make_network(key="k"), WISH)
    cluster.objects[WISH.path(PLACES["Network"])] = {"metadata": {}, "spec": {}}
    with pytest.raises(UnavailableError):
        await keys.take(make_network(key="k"), WISH)
