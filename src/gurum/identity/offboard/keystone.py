"""What one Keystone user can get in by, ended in the order in which most ends first; and then looked at again.

Disabling refuses everything at once and revokes the tokens, but an application credential, a trust or a password would
be good again as soon as somebody enables the user: so they go, too. Each step reads what is there and ends it, so that
a second run, or one after a kill, does only what is left.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from gurum.identity.catalogue.api import Administrator, Api, KeystoneRefused
from gurum.identity.offboard.ending import Ending, State
from gurum.identity.offboard.find import Whom, find
from gurum.identity.session import IdentityUnavailable

GROUP = "gurum-left"
LOOKS = 4  # how often a user that is found enabled is disabled anew
# What is deleted: how it is called, where it is listed (with these parameters), and the path of one, without its s.
_DELETED: tuple[tuple[str, str, Mapping[str, str], str], ...] = (
    ("application credential", "users/{user}/application_credentials", {}, "users/{user}/application_credential"),
    ("trust given", "OS-TRUST/trusts", {"trustor_user_id": "{user}"}, "OS-TRUST/trust"),
    ("trust held", "OS-TRUST/trusts", {"trustee_user_id": "{user}"}, "OS-TRUST/trust"),
    ("credential", "credentials", {"user_id": "{user}"}, "credential"),  # EC2 keys, one-time passwords
    ("OAuth 1 token", "users/{user}/OS-OAUTH1/access_tokens", {}, "users/{user}/OS-OAUTH1/access_token"),
)


async def offboard(
    administrator: Administrator, whom: Whom, *, dry_run: bool = False, spared: Mapping[str, str] | None = None
) -> list[Ending]:
    """End everything of everybody who `whom` is in Keystone, and return each thing with what became of it.

    Idempotent; may be killed anywhere and run again. `spared`: users by id that must not be ended, and why. Raises
    KeystoneRefused when nobody, or somebody who is spared, is meant, and IdentityUnavailable while nothing is done yet;
    afterwards, what fails is `left`.
    """
    api = Api(administrator)
    users = await find(api, whom)
    if not users:
        raise KeystoneRefused(f"Keystone has no user that is {whom}")
    for user in users:
        if why := (spared or {}).get(user["id"]):
            raise KeystoneRefused(f"user {user['name']!r} ({user['id']}) is {why}, and stays")
    found: list[Ending] = []
    for user in users:
        found += await _planned(api, user) if dry_run else await _ended(api, user)
    return found


async def _planned(api: Api, user: dict[str, Any]) -> list[Ending]:
    state: State = "would end" if user["enabled"] else "ended"
    found = [Ending(user=user["id"], what="user", id=user["id"], state=state, detail=user["name"])]
    if _local(user):
        found.append(Ending(user=user["id"], what="password", id=user["id"], state="would end"))
    for what, identity, detail, _ in await _things(api, user["id"]):
        found.append(Ending(user=user["id"], what=what, id=identity, state="would end", detail=detail))
    return found


async def _ended(api: Api, user: dict[str, Any]) -> list[Ending]:
    identity, name = str(user["id"]), str(user["name"])
    found: list[Ending] = []

    async def step(what: str, of: str, work: Callable[[], Awaitable[object]], detail: str = "") -> None:
        try:
            await work()
        except (KeystoneRefused, IdentityUnavailable) as error:
            found.append(Ending(user=identity, what=what, id=of, state="left", detail=str(error)))
        else:
            found.append(Ending(user=identity, what=what, id=of, state="ended", detail=detail))

    await step("user", identity, lambda: api.update("user", name, identity, {"enabled": False}), name)
    if _local(user):
        # Nobody learns it. That the length suffices for the rules of a Keystone is likely; if not, it is `left`.
        password = f"{secrets.token_urlsafe(32)}-aA1"
        await step("password", identity, lambda: api.update("user", name, identity, {"password": password}))
    try:
        things = await _things(api, identity)
    except (KeystoneRefused, IdentityUnavailable) as error:
        return [*found, Ending(user=identity, what="everything else", id=identity, state="left", detail=str(error))]
    for what, each, detail, kind in things:
        await step(what, each, _deletion(api, kind, detail, each), detail)
    await step("tokens", identity, lambda: _revoked(api, user), "revoked")
    await step("all of it", identity, lambda: _looked_at(api, identity, name), "looked at again")
    return found


def _deletion(api: Api, kind: str, name: str, identity: str) -> Callable[[], Awaitable[object]]:
    return lambda: api.delete(kind, name, identity)


async def _revoked(api: Api, user: Mapping[str, Any]) -> None:
    """Have Keystone revoke every token of the user that was issued until now.

    To disable a user does so, but once: not if somebody had disabled them before, or Keystone was killed in between;
    and a federated login of a disabled user may still give a token, which is good as soon as the user is enabled. To
    leave a group revokes each time. The group has no roles and, afterwards, nobody in it.
    """
    where = {"name": GROUP, "domain_id": str(user["domain_id"])}
    group = await api.find("groups", **where)
    identity = group["id"] if group else await api.create("group", GROUP, where)
    await api.put(f"/groups/{identity}/users/{user['id']}")
    await api.delete(f"groups/{identity}/user", str(user["name"]), str(user["id"]))


async def _looked_at(api: Api, user: str, name: str) -> None:
    """See that all is as it should be now. Raises KeystoneRefused, IdentityUnavailable.

    A login of the same moment may put the user whom it has read before back into Keystone's cache, enabled, for as long
    as that remembers. To disable them once more takes them from there.
    """
    for _ in range(LOOKS):
        now = await api.document(f"/users/{user}", "user")
        if now is None or not now["enabled"]:
            break
        await api.update("user", name, user, {"enabled": False})
    else:
        raise KeystoneRefused("the user is enabled again and again")
    if things := await _things(api, user):
        raise KeystoneRefused(f"still there: {', '.join(sorted({what for what, *_ in things}))}")


async def _things(api: Api, user: str) -> list[tuple[str, str, str, str]]:
    """Return (what, id, name, kind for a deletion) of everything that has to be deleted; a trust to oneself once."""
    found: dict[str, tuple[str, str, str, str]] = {}
    for what, path, query, kind in _DELETED:
        asked = {key: value.format(user=user) for key, value in query.items()}
        for one in await api.list(path.format(user=user), **asked):
            told = str(one.get("name") or one.get("type") or "")
            found.setdefault(one["id"], (what, one["id"], told, kind.format(user=user)))
    return list(found.values())


def _local(user: Mapping[str, Any]) -> bool:
    """Whether Keystone may keep a password of the user. Who comes from a provider has none, and must not get one."""
    return not user.get("federated")


def left(endings: Iterable[Ending]) -> list[Ending]:
    """Return what is still good."""
    return [one for one in endings if one.state == "left"]
