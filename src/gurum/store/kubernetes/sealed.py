"""User data of servers in Secrets: whoever reads a project's objects does not read it.

One immutable Secret a server, named by the server's id, in a namespace of its own, so that our processes need no right
on anybody else's Secrets. It is made before the server and removed after it; one whose server never came, because it
was refused or its maker was killed, or that went without it, is nobody's after a while and is collected. So the API's
processes need no right to remove any.

What a server's `userDataSecret` says is for people. A Secret is found by the server's own id, so that nobody gets
another's by naming it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec

from gurum.model.base import Resource
from gurum.model.server import Server
from gurum.ops.together import together
from gurum.store.contract import ExistsError, InDoubtError, NotFoundError, UnavailableError, WatchExpiredError
from gurum.store.kubernetes import shape
from gurum.store.kubernetes.client import BARE, BARE_LIST, Client, checked
from gurum.store.kubernetes.keys import GRACE
from gurum.store.kubernetes.kinds import DOMAIN, PLACES, USER_DATA, name_of
from gurum.store.kubernetes.lists import list_all
from gurum.store.kubernetes.shape import Address
from gurum.store.kubernetes.words import seconds
from gurum.store.userdata import quoted

R = TypeVar("R", bound=Resource)

TYPE = f"{DOMAIN}/user-data"
COLLECTION = f"/api/v1/namespaces/{USER_DATA}/secrets"
FIELD = "userData"  # of the Secret's data: the text, which is base64 already, as it came
ID, STANDS = f"{DOMAIN}/server-id", f"{DOMAIN}/server"  # annotations: whose it is, and `namespace/name` of the object
AT_ONCE = 32  # read at once
_TRIES = 8
_log = logging.getLogger(__name__)


def path(id: str) -> str:
    """Return where the Secret of a server's user data stands."""
    return f"{COLLECTION}/{name_of(id)}"


def document(server: Server) -> dict[str, Any]:
    """Return the Secret that keeps a server's user data."""
    stands = shape.address_of(server)
    text = server.spec.user_data.encode("utf-8", "surrogatepass")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name_of(server.id),
            "namespace": USER_DATA,
            "annotations": {ID: server.id, STANDS: f"{stands.namespace}/{stands.name}"},
        },
        "type": TYPE,
        "immutable": True,
        "data": {FIELD: base64.b64encode(text).decode()},
    }


class Sealed:
    """The Secrets of one cluster."""

    def __init__(self, client: Client, grace: float = GRACE) -> None:
        """`grace`: seconds in which the server of a Secret may be still to come."""
        self._client, self._grace = client, grace

    async def seal(self, obj: R, *, anew: bool = False) -> R:
        """Keep an object's user data, if it has any; return the object without it.

        Idempotent. Raises ExistsError for another text of a server of this id, which with `anew` is replaced;
        UnavailableError: nothing was written that anybody would find.
        """
        if not isinstance(obj, Server) or not obj.spec.user_data:
            return obj
        await self._keep(obj, anew=anew)
        spec = msgspec.structs.replace(obj.spec, user_data="", user_data_secret=name_of(obj.id))
        return cast("R", msgspec.structs.replace(quoted(obj), spec=spec))

    async def _keep(self, server: Server, *, anew: bool) -> None:
        for _ in range(_TRIES):
            try:
                answer = await self._client.create(COLLECTION, document(server))
                if answer.status != 409:
                    checked(answer)
                    return
            except InDoubtError as error:  # of the Secret; there is no server yet, and the collector looks for that
                raise UnavailableError(str(error)) from error
            try:
                if await self.unseal(server.id) == server.spec.user_data:
                    return
            except NotFoundError:
                if not anew:
                    continue  # gone just now
            else:
                if not anew:
                    raise ExistsError(server.kind, server.metadata.key, server.id)
            await self.forget(server.id)
        raise UnavailableError(f"the user data of Server {server.id!r} is being kept and removed all the time")

    async def unseal(self, id: str) -> str:
        """Return the user data of the server of that id. Raises NotFoundError, UnavailableError."""
        answer = await self._client.get(path(id))
        text = None if answer.status == 404 else _text(checked(answer).json(), id)
        if text is None:
            raise NotFoundError(f"the user data of Server {id!r} is not in the Secret {USER_DATA}/{name_of(id)}")
        return text

    async def forget(self, id: str) -> None:
        """Remove the user data of the server of that id. Idempotent. Raises UnavailableError."""
        for _ in range(_TRIES):
            answer = await self._client.get(path(id), form=BARE)
            if answer.status == 404 or await self._remove(checked(answer).json()["metadata"]):
                return
        raise UnavailableError(f"the Secret {USER_DATA}/{name_of(id)} changes all the time")

    async def collect(self, known: Callable[[str, str], bool]) -> int:
        """Remove the user data whose server never came, or went without it; return how much. Raises UnavailableError.

        known: whether an object of that kind (by name) and id was seen and not gone since.
        """
        try:
            held = (await list_all(self._client, COLLECTION, BARE_LIST)).documents
        except WatchExpiredError as error:
            raise UnavailableError(str(error)) from error
        removed = 0
        for meta in (one["metadata"] for one in held):
            whose = meta.get("annotations", {}).get(ID, "")
            if whose and not known(Server.kind, whose) and await self._abandoned(meta):
                removed += await self._remove(meta)
        return removed

    async def _abandoned(self, meta: Mapping[str, Any]) -> bool:
        if time.time() - seconds(meta["creationTimestamp"]) < self._grace:
            return False
        namespace, _, name = meta["annotations"].get(STANDS, "").partition("/")
        place = PLACES[Server.kind]
        return bool(name) and (await self._client.get(Address(namespace, name).path(place))).status == 404

    async def _remove(self, meta: Mapping[str, Any]) -> bool:
        """Remove a Secret as it was seen; False if it is another by now."""
        answer = await self._client.delete(f"{COLLECTION}/{meta['name']}", meta["uid"], meta["resourceVersion"])
        return answer.status != 409 and (answer.status == 404 or bool(checked(answer)))


async def put_in(client: Client, servers: Sequence[Server], moment: Mapping[str, str]) -> None:
    """Give servers of a moment (parameters of a list) the text of their user data, as stores have it that keep it so.

    One whose Secret is missing keeps its name. Raises WatchExpiredError, UnavailableError.
    """
    turns = asyncio.Semaphore(AT_ONCE)

    async def fill(server: Server) -> None:
        named = {"fieldSelector": f"metadata.name={name_of(server.id)}", **moment}
        async with turns:
            answer = await client.get(COLLECTION, **named)
        if answer.status == 410:
            raise WatchExpiredError("the cluster does not remember the moment at which this was begun: begin again")
        texts = [text for one in checked(answer).json()["items"] if (text := _text(one, server.id)) is not None]
        if texts:
            server.spec.user_data, server.spec.user_data_secret = texts[0], ""
        else:
            _log.warning("the user data of Server %s is in no Secret: it stays away", server.id)

    await together([fill(server) for server in servers if server.spec.user_data_secret])


def _text(secret: Mapping[str, Any], id: str) -> str | None:
    """Return what a Secret keeps for a server; None for one that is not its, or not ours."""
    if secret.get("type") != TYPE or secret["metadata"].get("annotations", {}).get(ID) != id:
        return None
    try:
        return base64.b64decode(secret["data"][FIELD], validate=True).decode("utf-8", "surrogatepass")
    except (KeyError, TypeError, binascii.Error, UnicodeDecodeError):
        return None
