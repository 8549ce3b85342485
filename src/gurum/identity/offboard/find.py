"""Who a person is in Keystone: every user that their logins by a provider have made, or the user that is named.

Keystone keeps the table itself (`federated` of a user: provider, protocol, unique id) and can be asked by it. A second
table of ours would be wrong as soon as Keystone is changed without us.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from gurum.identity.catalogue.api import Api, KeystoneRefused

IDPS = "OS-FEDERATION/identity_providers"


class Whom(msgspec.Struct, frozen=True, kw_only=True):
    """Either issuer and subject of a provider's tokens; or a Keystone user by id, or by name (and domain's name)."""

    issuer: str = ""
    subject: str = ""
    user: str = ""
    domain: str = ""

    def __str__(self) -> str:
        """Say who is meant."""
        return f"{self.subject} of {self.issuer}" if self.issuer else self.user


async def find(api: Api, whom: Whom) -> list[dict[str, Any]]:
    """Return the users, each with its `federated`; none: nobody is known by that. Raises KeystoneRefused.

    A subject is the unique id of a user where the provider's mapping has `sub` as the user's `id`; where it has another
    claim, that claim's value is the subject here. Who is named as a user is followed to the other users of the same
    provider and unique id, which another protocol may have made.
    """
    if whom.issuer:
        ids = await _federated(api, await providers(api, whom.issuer), quote(whom.subject))
    else:
        user = await _user(api, whom)
        if user is None:
            return []
        ids = {user["id"]}
        for one in user.get("federated", []):
            ids |= await _federated(api, [one["idp_id"]], *(each["unique_id"] for each in one["protocols"]))
    found = [await api.document(f"/users/{identity}", "user") for identity in sorted(ids)]
    return [user for user in found if user is not None]


async def providers(api: Api, issuer: str) -> list[str]:
    """Return the ids of Keystone's identity providers of an issuer. Raises KeystoneRefused for none."""
    found = [one["id"] for one in await api.list(IDPS) if issuer in one["remote_ids"]]
    if not found:
        raise KeystoneRefused(f"no identity provider of Keystone has the remote id {issuer!r}")
    return found


async def _federated(api: Api, idps: list[str], *unique: str) -> set[str]:
    return {
        user["id"] for idp in idps for each in unique for user in await api.list("users", idp_id=idp, unique_id=each)
    }


async def _user(api: Api, whom: Whom) -> dict[str, Any] | None:
    found = await api.document(f"/users/{quote(whom.user, safe='')}", "user") if not whom.domain else None
    if found is not None:
        return found
    where = {"domain_id": await _domain(api, whom.domain)} if whom.domain else {}
    named = {user["id"]: user for user in await api.list("users", name=whom.user, **where) if user["name"] == whom.user}
    if len(named) > 1:
        raise KeystoneRefused(f"{len(named)} users are named {whom.user!r}: name the domain, or the id")
    first = next(iter(named), None)
    return None if first is None else await api.document(f"/users/{first}", "user")


async def _domain(api: Api, name: str) -> str:
    found = await api.find("domains", name=name)
    if found is None:
        raise KeystoneRefused(f"there is no domain {name!r}")
    return str(found["id"])
