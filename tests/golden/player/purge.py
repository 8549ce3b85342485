"""Removes what a scenario left behind in its projects, before the projects go.

Scenarios clean up after themselves only as far as they came. A cloud whose project is deleted first keeps the
project's servers and networks for ever, and with AWS behind it they cost money.
"""

from __future__ import annotations

from typing import Any

import msgspec
from tests.golden.player.keystone import Actor
from tests.golden.player.play import Time
from tests.golden.player.transport import Sent, Transport, TransportError

PATIENCE = 120.0
"""Seconds that servers may take to disappear before their networks are tried."""


class Noun(msgspec.Struct, frozen=True, kw_only=True):
    """Where things are listed and deleted. `wrapper` is a key around each item, `id` the key to delete by."""

    service: str
    path: str
    list: str
    id: str = "id"
    wrapper: str | None = None
    awaited: bool = False
    keep: tuple[str, ...] = ()


NOUNS = (
    # In the order in which they let go of each other.
    Noun(service="compute", path="/v2.1/servers", list="servers", awaited=True),
    Noun(service="compute", path="/v2.1/os-server-groups", list="server_groups"),
    Noun(service="compute", path="/v2.1/os-keypairs", list="keypairs", id="name", wrapper="keypair"),
    Noun(service="network", path="/v2.0/floatingips", list="floatingips"),
    Noun(service="network", path="/v2.0/trunks", list="trunks"),
    Noun(service="network", path="/v2.0/routers", list="routers"),
    Noun(service="network", path="/v2.0/ports", list="ports"),
    Noun(service="network", path="/v2.0/subnets", list="subnets"),
    Noun(service="network", path="/v2.0/networks", list="networks"),
    Noun(service="network", path="/v2.0/security-groups", list="security_groups", keep=("default",)),
    Noun(service="network", path="/v2.0/subnetpools", list="subnetpools"),
    Noun(service="network", path="/v2.0/address-scopes", list="address_scopes"),
    Noun(service="image", path="/v2/images?visibility=private", list="images"),
    Noun(service="image", path="/v2/images?visibility=shared", list="images"),
)


async def purge(transport: Transport, actor: Actor, time: Time) -> list[str]:
    """Delete what the actor's project owns; says what is left. Idempotent. Nouns a region lacks are passed over."""
    purger = _Purger(transport, actor, time)
    left = []
    for noun in NOUNS:
        left += await purger.noun(noun)
    return left


class _Purger:
    def __init__(self, transport: Transport, actor: Actor, time: Time) -> None:
        self._transport, self._actor, self._time = transport, actor, time

    async def noun(self, noun: Noun) -> list[str]:
        for item in await self._items(noun):
            if noun.list == "routers":
                await self._free_router(noun, str(item["id"]))
            if item.get("protected"):
                await self._unprotect(noun, str(item["id"]))
            await self._send(noun, "DELETE", self._one(noun, item))
        end = self._time.now() + PATIENCE
        while noun.awaited and await self._items(noun) and self._time.now() < end:
            await self._time.sleep(1.0)
        return [f"{noun.list} {item[noun.id]}" for item in await self._items(noun)]

    def _one(self, noun: Noun, item: dict[str, Any]) -> str:
        return f"{noun.path.partition('?')[0]}/{item[noun.id]}"

    async def _items(self, noun: Noun) -> list[dict[str, Any]]:
        """The project's own things of a noun: public and shared ones are other people's."""
        document = await self._send(noun, "GET", noun.path)
        if not isinstance(document, dict):
            return []
        items = [i[noun.wrapper] if noun.wrapper else i for i in document.get(noun.list, [])]
        mine = (None, self._actor.project_id)
        return [
            item
            for item in items
            if item.get("project_id", item.get("owner")) in mine and item.get("name") not in noun.keep
        ]

    async def _free_router(self, noun: Noun, router: str) -> None:
        ports = await self._send(noun, "GET", f"/v2.0/ports?device_id={router}")
        for port in ports.get("ports", []) if isinstance(ports, dict) else []:
            path = f"{noun.path}/{router}/remove_router_interface"
            await self._send(noun, "PUT", path, {"port_id": port["id"]})

    async def _unprotect(self, noun: Noun, image: str) -> None:
        patch = [{"op": "replace", "path": "/protected", "value": False}]
        kind = "application/openstack-images-v2.1-json-patch"
        await self._send(noun, "PATCH", f"/v2/images/{image}", patch, kind)

    async def _send(self, noun: Noun, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """The document answered; None if there is none. What could not be deleted shows in the next list."""
        root = self._actor.endpoints.get(noun.service)
        if root is None:
            return None
        headers = {"X-Auth-Token": self._actor.token, "Accept": "application/json"}
        data = None
        if body is not None:
            headers["Content-Type"], data = kind, msgspec.json.encode(body)
        try:
            answer = await self._transport.send(Sent(method=method, url=root + path, headers=headers, data=data))
        except TransportError:
            return None
        if answer.status != 200 or not answer.content:
            return None
        try:
            return msgspec.json.decode(answer.content)
        except msgspec.DecodeError:
            return None
