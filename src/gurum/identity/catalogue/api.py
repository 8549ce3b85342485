"""The few verbs of Keystone's v3 API that the catalogue needs.

Lists here are never paged by Keystone (it truncates, if told to, and says so); a truncated list
would make `ensure` create doubles, so it is an error.
"""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import msgspec

from gurum.identity.session import Answer


class Administrator(Protocol):
    """Requests in the name of an administrator, however they logged in. Both raise IdentityUnavailable."""

    async def request(
        self, method: str, path: str, *, json: object = None, params: Mapping[str, str] | None = None
    ) -> Answer:
        """Send; `path` is below `/v3`. Gives any answer below 500."""
        ...

    async def password_is(self, user_id: str, password: str) -> bool:
        """Tell whether a user can log in with a password."""
        ...


class KeystoneRefused(Exception):  # noqa: N818 - named for what happened, like the others here
    """Keystone refuses a request, or the description names something that does not exist."""


class Api:
    """Keystone's objects as dictionaries; every method raises KeystoneRefused for a refusal."""

    def __init__(self, session: Administrator) -> None:
        self._session = session

    async def list(self, collection: str, **query: str) -> list[dict[str, Any]]:
        """Give all objects of a collection that match; it may be a path, whose last word the collection is."""
        answer = await self._session.request("GET", f"/{collection}", params=query)
        document = _checked(answer, 200, f"list of {collection}").json()
        if document.get("truncated"):
            raise KeystoneRefused(f"Keystone gives only a part of its {collection} (list_limit)")
        found: list[dict[str, Any]] = document[collection.rpartition("/")[2]]
        return found

    async def find(self, collection: str, **query: str) -> dict[str, Any] | None:
        """Give the object of a name, which Keystone keeps unique, or None."""
        return next(
            (
                found
                for found in await self.list(collection, **query)
                # Names are compared without case by some databases; ours are meant exactly.
                if found["name"] == query["name"]
            ),
            None,
        )

    async def create(self, kind: str, name: str, values: Mapping[str, Any]) -> str:
        """Make an object and give its id. `name` is for errors."""
        answer = await self._session.request("POST", f"/{kind}s", json={kind: dict(values)})
        checked = _checked(answer, 201, f"creation of {kind} {name!r}", values.get("password"))
        identity: str = checked.json()[kind]["id"]
        return identity

    async def update(self, kind: str, name: str, identity: str, values: Mapping[str, Any]) -> None:
        """Change fields of an object. `name` is for errors."""
        answer = await self._session.request("PATCH", f"/{kind}s/{identity}", json={kind: dict(values)})
        _checked(answer, 200, f"update of {kind} {name!r}", values.get("password"))

    async def put(self, path: str) -> None:
        """Make a relation (a grant, an implied role). Idempotent."""
        answer = await self._session.request("PUT", path)
        # An implied role is 201 with a body, a grant 204.
        if answer.status not in (201, 204):
            _checked(answer, 204, f"PUT {path}")

    async def document(self, path: str, kind: str) -> dict[str, Any] | None:
        """Give what is at a path, or None if nothing is."""
        answer = await self._session.request("GET", path)
        if answer.status == 404:
            return None
        found: dict[str, Any] = _checked(answer, 200, f"GET {path}").json()[kind]
        return found

    async def store(self, method: Literal["PUT", "PATCH"], path: str, kind: str, values: Mapping[str, Any]) -> None:
        """Make (PUT) or change (PATCH) what is at a path that the client chooses."""
        answer = await self._session.request(method, path, json={kind: dict(values)})
        if answer.status not in (200, 201):
            _checked(answer, 201, f"{method} {path}")

    async def delete(self, kind: str, name: str, identity: str) -> None:
        """Remove an object; not being there is fine. `name` is for errors."""
        answer = await self._session.request("DELETE", f"/{kind}s/{identity}")
        if answer.status != 404:
            _checked(answer, 204, f"removal of {kind} {name!r}")

    async def exists(self, path: str) -> bool:
        """Tell whether a relation is there."""
        answer = await self._session.request("HEAD", path)
        if answer.status == 404:
            return False
        _checked(answer, 204, f"HEAD {path}")
        return True

    async def implied_roles(self) -> set[tuple[str, str]]:
        """Give (role, directly implied role) by names."""
        answer = await self._session.request("GET", "/role_inferences")
        document = _checked(answer, 200, "list of implied roles").json()
        return {
            (inference["prior_role"]["name"], implied["name"])
            for inference in document["role_inferences"]
            for implied in inference["implies"]
        }


def fields(entry: msgspec.Struct, *names: str) -> dict[str, Any]:
    """Give those fields of a description that it does not leave open."""
    values = {name: getattr(entry, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _checked(answer: Answer, status: int, what: str, password: object = None) -> Answer:
    if answer.status != status:
        raise KeystoneRefused(f"{what}: {answer.status} {_reason(answer, password)}")
    return answer


def _reason(answer: Answer, password: object) -> str:
    """Give Keystone's own text, unless the request had a password that it may repeat."""
    try:
        text = str(msgspec.json.decode(answer.body)["error"]["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return "(no reason given)"
    quotes = ("Value:", "On instance", str(password))
    if password is not None and any(quote in text for quote in quotes):
        return "(the reason quotes the request, which has a password)"
    return text
