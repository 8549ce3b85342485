"""Fresh projects and users for a scenario, made by an administrator and removed again.

A scenario's lists are only comparable in a project that was empty before, and its refusals only with a reader and a
stranger beside the member. So each scenario gets two projects and three users of its own.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

import msgspec
from tests.golden.player.clouds import Admin, Cloud
from tests.golden.player.transport import Sent, Transport

SERVICE_TYPES: dict[str, tuple[str, ...]] = {
    "identity": ("identity",),
    "compute": ("compute",),
    "network": ("network",),
    "image": ("image",),
    "volume": ("block-storage", "volumev3", "block-store", "volume"),
    "object-store": ("object-store",),
    "load-balancer": ("load-balancer",),
    "key-manager": ("key-manager",),
    "placement": ("placement",),
}
"""A scenario's name for a service -> its types in catalogues, the preferred one first."""

MEMBER_ROLES = ("member", "reader", "load-balancer_member", "creator")
"""What the scenarios' member holds, as in the recorded cloud; roles that a cloud does not have are left out."""

_DOMAIN = "default"


class KeystoneError(Exception):
    """The administrator could not do what a run needs."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Someone with a token: who, in which project, and where the region's services are."""

    token: str
    password: str
    user_id: str
    username: str
    project_id: str
    project_name: str
    endpoints: dict[str, str]
    account: str = ""

    def variables(self, name: str) -> dict[str, str]:
        """What scenarios may say about this actor. An administrator's secrets are not among it."""
        told = ["project_id", "project_name", "user_id", "username", "account"]
        told += ["password", "token"] if name != "admin" else []
        return {f"{name}.{key}": getattr(self, key) for key in told}


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """The actors of one scenario, and what was made for them."""

    actors: dict[str, Actor]
    projects: list[str]
    users: list[str]


class Keystone:
    """The identity service, as the administrator of `cloud` uses it; endpoints are those of `region`.

    With `make_roles` the member's roles that the cloud lacks are made: tokens list the roles they carry, so without
    them no token is equal.
    """

    def __init__(self, transport: Transport, cloud: Cloud, region: str, *, make_roles: bool = False) -> None:
        self._transport, self._cloud, self._region = transport, cloud, region
        self._make_roles = make_roles
        self._admin: Actor | None = None
        self._roles: dict[str, str] = {}
        self._made: list[str] = []

    async def admin(self) -> Actor:
        """The administrator; authenticated once a run."""
        if self._admin is None:
            who = self._cloud.admin
            user = {"name": who.username, "domain": who.user_domain, "password": who.password}
            scope = {"project": {"name": who.project, "domain": who.project_domain}}
            self._admin = await self._login(user, scope)
        return self._admin

    async def prepare(self) -> list[str]:
        """Find (and make, if so told) the roles; the member's roles that are lacking. Before any cast."""
        admin = await self.admin()
        listed = await self._call(admin, "GET", "/roles")
        self._roles = {role["name"]: role["id"] for role in listed["roles"]}
        lacking = [role for role in MEMBER_ROLES if role not in self._roles]
        if not self._make_roles:
            return lacking
        for name in lacking:
            made = await self._call(admin, "POST", "/roles", {"role": {"name": name}})
            self._roles[name] = made["role"]["id"]
            self._made.append(made["role"]["id"])
        return []

    async def restore(self) -> None:
        """Remove the roles that were made."""
        admin = await self.admin()
        for role in self._made:
            await self._call(admin, "DELETE", f"/roles/{role}", also=(404,))

    async def cast(self) -> Cast:
        """Two fresh projects: one with a member and a reader, one with another member. And the administrator."""
        admin = await self.admin()
        tag = secrets.token_hex(4)
        projects = [await self._project(admin, f"golden-{tag}-{letter}") for letter in "ab"]
        actors = {"admin": admin}
        for name, project, roles in (
            ("member", projects[0], MEMBER_ROLES),
            ("reader", projects[0], ("reader",)),
            ("other", projects[1], MEMBER_ROLES),
        ):
            actors[name] = await self._user(admin, f"golden-{tag}-{name}", project, roles)
        users = [actor.user_id for name, actor in actors.items() if name != "admin"]
        return Cast(actors=actors, projects=projects, users=users)

    async def dismiss(self, cast: Cast) -> None:
        """Delete the users and projects of a cast. What is gone already is no error."""
        admin = await self.admin()
        for path in [f"/users/{u}" for u in cast.users] + [f"/projects/{p}" for p in cast.projects]:
            await self._call(admin, "DELETE", path, also=(404,))

    async def _project(self, admin: Actor, name: str) -> str:
        body = {"project": {"name": name, "domain_id": _DOMAIN}}
        return str((await self._call(admin, "POST", "/projects", body))["project"]["id"])

    async def _user(self, admin: Actor, name: str, project: str, roles: tuple[str, ...]) -> Actor:
        user = {
            "name": name,
            "password": secrets.token_hex(8),
            "domain_id": _DOMAIN,
            "default_project_id": project,
        }
        made = (await self._call(admin, "POST", "/users", {"user": user}))["user"]["id"]
        for role in roles:
            if role in self._roles:
                path = f"/projects/{project}/users/{made}/roles/{self._roles[role]}"
                await self._call(admin, "PUT", path)
        login = {"id": made, "password": user["password"]}
        return await self._login(login, {"project": {"id": project}})

    async def _login(self, user: dict[str, Any], scope: dict[str, Any]) -> Actor:
        identity = {"methods": ["password"], "password": {"user": user}}
        answer = await self._transport.send(
            Sent(
                method="POST",
                url=self._cloud.auth_url + "/auth/tokens",
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                data=json.dumps({"auth": {"identity": identity, "scope": scope}}).encode(),
            )
        )
        if answer.status != 201:
            name = user.get("name") or user.get("id")
            raise KeystoneError(f"{name} cannot authenticate: {answer.status}")
        token = msgspec.json.decode(answer.content)["token"]
        endpoints, account = self._endpoints(token.get("catalog", []))
        return Actor(
            token=answer.headers["x-subject-token"],
            password=user["password"],
            user_id=token["user"]["id"],
            username=token["user"]["name"],
            project_id=token["project"]["id"],
            project_name=token["project"]["name"],
            endpoints=endpoints,
            account=account,
        )

    def _endpoints(self, catalog: list[dict[str, Any]]) -> tuple[dict[str, str], str]:
        """Service roots of the region, and the object store's account."""
        found, account = {"identity": root_of(self._cloud.auth_url)}, ""
        for name, types in SERVICE_TYPES.items():
            for service in (s for s in catalog if s["type"] in types):
                for endpoint in service["endpoints"]:
                    here = endpoint.get("region_id") or endpoint.get("region")
                    if endpoint["interface"] == self._cloud.interface and here == self._region:
                        found.setdefault(name, root_of(endpoint["url"]))
                        if name == "object-store":
                            account = endpoint["url"].rstrip("/").rsplit("/", 1)[-1]
        return found, account

    async def _call(
        self,
        admin: Actor,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        also: tuple[int, ...] = (),
    ) -> Any:
        headers = {"X-Auth-Token": admin.token, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = await self._transport.send(
            Sent(
                method=method,
                url=self._cloud.auth_url + path,
                headers=headers,
                data=None if body is None else json.dumps(body).encode(),
            )
        )
        if answer.status >= 300 and answer.status not in also:
            raise KeystoneError(f"{method} {path}: {answer.status}")
        return msgspec.json.decode(answer.content) if answer.content else None


def root_of(url: str) -> str:
    """A service's root: its catalogue URL without version and whatever follows."""
    return re.sub(r"/v\d[\d.]*(/.*)?$", "", url.rstrip("/"))


__all__ = ["MEMBER_ROLES", "SERVICE_TYPES", "Actor", "Admin", "Cast", "Keystone", "KeystoneError"]
