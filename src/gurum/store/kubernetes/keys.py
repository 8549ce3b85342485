"""Keys that are not an object's name: taken by an object of their own.

A security group rule stands in its project's namespace under its id, and yet no two may say the same. Kubernetes makes
only names unique, within a namespace: so the key is the name of a small object in a namespace that all share. It is
made first and removed last; one whose object never came is nobody's after a while: whoever wants it takes it over, and
what nobody wants is collected. Until then it can be said neither that there is such an object nor that there is none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from gurum.model.base import Resource
from gurum.store.contract import ExistsError, InDoubtError, UnavailableError, WatchExpiredError
from gurum.store.kubernetes import namespaces, shape
from gurum.store.kubernetes.client import Client, checked
from gurum.store.kubernetes.kinds import KEY_CLAIM, PLACES, SYSTEM, name_of
from gurum.store.kubernetes.lists import list_all
from gurum.store.kubernetes.shape import Address
from gurum.store.kubernetes.words import seconds

GRACE = 60.0  # seconds between a key's taking and its object's creation, at most: requests have given up long before
RACE = 2.0  # seconds in which the object of one who was faster comes, if nothing went wrong
_LOOK, _SELDOM = 0.05, 0.5  # seconds between two looks: the first, and the longest


class Keys:
    """The keys of objects that are named by their ids."""

    def __init__(self, client: Client, grace: float = GRACE, race: float = RACE) -> None:
        """`grace`: seconds after which a key without its object is anybody's; `race`: for which it is waited for."""
        self._client, self._grace, self._race = client, grace, race

    async def take(self, obj: Resource, at: Address | None = None) -> None:
        """Take the object's key for it. Idempotent by the object's id. Raises ExistsError, UnavailableError.

        ExistsError is for the key of an object that is there. `at`: where the object stands, if that is not where one
        that we create does.
        """
        meta = obj.metadata
        owner, claim = at or shape.address_of(obj), address(obj.kind, meta.key)
        document = {
            "apiVersion": KEY_CLAIM.api_version,
            "kind": "KeyClaim",
            "metadata": {"name": claim.name, "namespace": claim.namespace},
            "spec": {
                "kind": obj.kind,
                "key": meta.key,
                "ownerID": meta.id,
                "ownerNamespace": owner.namespace,
                "ownerName": owner.name,
            },
        }
        patience, pause = time.monotonic() + self._race, _LOOK
        while True:
            try:
                answer = await namespaces.create(self._client, KEY_CLAIM, document)
                if answer.status != 409:
                    checked(answer)
                    return
            except InDoubtError as error:  # of the key alone: of its object nothing was sent
                raise UnavailableError(str(error)) from error
            held = await self._held(obj.kind, meta.key)
            if held is not None:
                if held["spec"]["ownerID"] == meta.id:
                    return
                if await self._owned(held):
                    raise ExistsError(obj.kind, meta.key, held["spec"]["ownerID"])
                if self._old(held):
                    await self._remove(held)
            if time.monotonic() > patience:
                raise UnavailableError(
                    f"{obj.kind} {meta.key[:100]!r} is being made by another request, or was, by one that was cut off:"
                    f" then it can be made after at most {self._grace:g} s"
                )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _SELDOM)

    async def owner(self, kind: type[Resource], key: str) -> str:
        """Return the id of the object that holds the key, empty for none. Raises UnavailableError."""
        held = await self._held(kind.kind, key)
        return str(held["spec"]["ownerID"]) if held is not None else ""

    async def release(self, kind: type[Resource], key: str, id: str) -> None:
        """Give the key back if the object of that id has it. Idempotent. Raises UnavailableError."""
        held = await self._held(kind.kind, key)
        if held is not None and held["spec"]["ownerID"] == id:
            await self._remove(held)

    async def collect(self, known: Callable[[str, str], bool]) -> int:
        """Remove the keys whose objects never came, or went without them; return how many. Raises UnavailableError.

        known: whether an object of that kind (by name) and id was seen and not gone since: the server is asked for
        those alone of which that cannot be said.
        """
        try:
            held = (await list_all(self._client, shape.collection(KEY_CLAIM, SYSTEM))).documents
        except WatchExpiredError as error:
            raise UnavailableError(str(error)) from error
        removed = 0
        for one in held:
            if not known(one["spec"]["kind"], one["spec"]["ownerID"]) and await self._abandoned(one):
                await self._remove(one)
                removed += 1
        return removed

    async def _held(self, kind: str, key: str) -> dict[str, Any] | None:
        answer = await self._client.get(address(kind, key).path(KEY_CLAIM))
        return None if answer.status == 404 else checked(answer).json()

    async def _abandoned(self, held: dict[str, Any]) -> bool:
        return self._old(held) and not await self._owned(held)

    def _old(self, held: dict[str, Any]) -> bool:
        return time.time() - seconds(held["metadata"]["creationTimestamp"]) >= self._grace

    async def _owned(self, held: dict[str, Any]) -> bool:
        """Whether the object that the key is for is there."""
        spec = held["spec"]
        owner = Address(spec.get("ownerNamespace", ""), spec["ownerName"])
        answer = await self._client.get(owner.path(PLACES[spec["kind"]]))
        # Where a person wrote the object it stands there before it is anybody's: it is the owner once it has the id.
        return answer.status != 404 and checked(answer).json().get("spec", {}).get("id") == spec["ownerID"]

    async def _remove(self, held: dict[str, Any]) -> None:
        meta = held["metadata"]
        answer = await self._client.delete(
            Address(SYSTEM, meta["name"]).path(KEY_CLAIM), meta["uid"], meta["resourceVersion"]
        )
        if answer.status not in (404, 409):  # gone, or another one's by now
            checked(answer)


def address(kind: str, key: str) -> Address:
    """Return where the claim of a kind's key stands."""
    return Address(SYSTEM, name_of(f"{kind.lower()}/{key}"))
