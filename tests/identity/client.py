"""What a test does to a real Keystone in people's names: plain requests, nothing of the product."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from tests.support.keystone import RunningKeystone


@dataclass(frozen=True)
class Person:
    """A user that has a role on a project of its own."""

    name: str
    user_id: str
    project_id: str
    password: str


class Client:
    """Requests to Keystone, by default as its administrator."""

    def __init__(self, http: aiohttp.ClientSession, auth_url: str) -> None:
        self._http = http
        self._auth_url = auth_url
        self.admin = ""
        self.roles: dict[str, str] = {}

    async def call(
        self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, Any, str]:
        """Give status, document and the token in the answer's header."""
        sent = {"X-Auth-Token": token or self.admin} if token or self.admin else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._http.request(method, self._auth_url + path, json=body, headers=sent) as response:
            document = await response.json() if response.content_type == "application/json" else None
            return response.status, document, response.headers.get("X-Subject-Token", "")

    async def made(self, path: str, kind: str, **values: Any) -> str:
        status, document, _ = await self.call("POST", path, {kind: values})
        assert status == 201, document
        made: str = document[kind]["id"]
        return made

    async def token(self, **auth: Any) -> str:
        """Log in with an `auth` object's parts: identity, scope."""
        _, document, token = await self.call("POST", "/auth/tokens", {"auth": auth})
        assert token, document
        return token

    async def login(self, person: Person, **scope: Any) -> str:
        """A token of a person, scoped to the own project unless told otherwise."""
        user = {"id": person.user_id, "password": person.password}
        return await self.token(
            identity={"methods": ["password"], "password": {"user": user}},
            scope=scope or {"project": {"id": person.project_id}},
        )

    async def person(self, role: str = "member") -> Person:
        """Make a user with a role on a fresh project."""
        name = f"person-{uuid.uuid4().hex[:8]}"
        project_id = await self.made("/projects", "project", name=name)
        user_id = await self.made("/users", "user", name=name, password="their-secret")
        await self.grant(user_id, project_id, role)
        return Person(name, user_id, project_id, "their-secret")

    async def grant(self, user_id: str, project_id: str, role: str, method: str = "PUT") -> None:
        """Give a role, or with DELETE take it."""
        path = f"/projects/{project_id}/users/{user_id}/roles/{self.roles[role]}"
        status, document, _ = await self.call(method, path)
        assert status == 204, document

    async def change(self, path: str, kind: str, **values: Any) -> None:
        status, document, _ = await self.call("PATCH", path, {kind: values})
        assert status == 200, document


@asynccontextmanager
async def administrator(keystone: RunningKeystone) -> AsyncIterator[Client]:
    """A client that is logged in as the administrator."""
    async with aiohttp.ClientSession() as http:
        client = Client(http, keystone.auth_url)
        user = {"name": "admin", "domain": {"id": "default"}, "password": keystone.admin_password}
        client.admin = await client.token(
            identity={"methods": ["password"], "password": {"user": user}},
            scope={"project": {"name": "admin", "domain": {"id": "default"}}},
        )
        _, document, _ = await client.call("GET", "/roles")
        client.roles = {role["name"]: role["id"] for role in document["roles"]}
        yield client
