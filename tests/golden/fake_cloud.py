"""A small cloud for the player's own tests: enough identity for casts, and services that answer as told.

It stands in for a region while the player itself is tested; it knows nothing of OpenStack beyond tokens and a
catalogue, so that a test says itself what is answered and sees exactly what was asked.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.golden.player.clouds import Admin, Cloud

REGION = "region-a"
PASSWORD = "the-administrators-secret"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it came in. `path` is as it was on the wire, without the service's prefix."""

    service: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    who: str


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What to answer: `body` as JSON, or `raw` as it is."""

    status: int = 200
    body: Any = msgspec.UNSET
    raw: bytes = b""
    headers: dict[str, str] = {}


Answerer = Callable[[Asked], Reply]


class FakeCloud:
    """Identity plus the services `/compute`, `/network`, `/image` of one region; `asked` is all they were asked."""

    def __init__(self, answer: Answerer) -> None:
        self._answer = answer
        self.asked: list[Asked] = []
        self.projects: dict[str, str] = {}
        self.users: dict[str, dict[str, Any]] = {
            "u-admin": {"name": "admin", "password": PASSWORD, "project": "p-admin"}
        }
        self.roles = ["member", "reader", "admin"]
        self.url = ""

    def cloud(self) -> Cloud:
        """How the player reaches it."""
        domain = {"id": "default"}
        admin = Admin(
            username="admin",
            password=PASSWORD,
            project="admin",
            user_domain=domain,
            project_domain=domain,
        )
        return Cloud(auth_url=f"{self.url}/identity/v3", admin=admin)

    def app(self) -> web.Application:
        app = web.Application()
        v3 = "/identity/v3"
        app.router.add_post(v3 + "/auth/tokens", self._authenticate)
        app.router.add_get(v3 + "/roles", self._roles)
        app.router.add_post(v3 + "/roles", self._make_role)
        app.router.add_delete(v3 + "/roles/{id}", self._delete_role)
        app.router.add_post(v3 + "/projects", self._make_project)
        app.router.add_post(v3 + "/users", self._make_user)
        app.router.add_put(v3 + "/projects/{p}/users/{u}/roles/{r}", self._nothing)
        app.router.add_delete(v3 + "/users/{id}", self._delete)
        app.router.add_delete(v3 + "/projects/{id}", self._delete)
        app.router.add_route("*", "/{service}{path:/.*}", self._service)
        return app

    async def _authenticate(self, request: web.Request) -> web.Response:
        auth = (await request.json())["auth"]
        wanted = auth["identity"]["password"]["user"]
        user = next(
            (
                i
                for i, u in self.users.items()
                if wanted.get("id", i) == i and wanted.get("name", u["name"]) == u["name"]
            ),
            None,
        )
        if user is None or self.users[user]["password"] != wanted["password"]:
            return web.json_response({"error": {"code": 401}}, status=401)
        project = auth["scope"]["project"].get("id", "p-admin")
        token = {
            "user": {"id": user, "name": self.users[user]["name"], "domain": {"id": "default"}},
            "project": {"id": project, "name": self.projects.get(project, "admin")},
            "catalog": self._catalog(),
        }
        headers = {"X-Subject-Token": f"token-of-{user}"}
        return web.json_response({"token": token}, status=201, headers=headers)

    def _catalog(self) -> list[dict[str, Any]]:
        def endpoint(region: str, url: str) -> dict[str, str]:
            return {"interface": "public", "region_id": region, "url": url}

        return [
            {
                "type": kind,
                "endpoints": [
                    endpoint("elsewhere", f"http://elsewhere.example/{kind}{version}"),
                    endpoint(REGION, f"{self.url}/{kind}{version}"),
                ],
            }
            for kind, version in (("compute", "/v2.1"), ("network", ""), ("image", ""))
        ]

    async def _roles(self, _: web.Request) -> web.Response:
        roles = [{"id": f"r-{name}", "name": name} for name in self.roles]
        return web.json_response({"roles": roles})

    async def _make_role(self, request: web.Request) -> web.Response:
        name = (await request.json())["role"]["name"]
        self.roles.append(name)
        return web.json_response({"role": {"id": f"r-{name}", "name": name}}, status=201)

    async def _delete_role(self, request: web.Request) -> web.Response:
        self.roles.remove(request.match_info["id"].removeprefix("r-"))
        return web.Response(status=204)

    async def _make_project(self, request: web.Request) -> web.Response:
        name = (await request.json())["project"]["name"]
        project = f"p-{len(self.projects):030}"
        self.projects[project] = name
        return web.json_response({"project": {"id": project, "name": name}}, status=201)

    async def _make_user(self, request: web.Request) -> web.Response:
        user = (await request.json())["user"]
        made = f"u-{len(self.users):030}"
        self.users[made] = {**user, "project": user["default_project_id"]}
        return web.json_response({"user": {"id": made, "name": user["name"]}}, status=201)

    async def _nothing(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _delete(self, request: web.Request) -> web.Response:
        gone = request.match_info["id"]
        found = self.users.pop(gone, None) or self.projects.pop(gone, None)
        return web.Response(status=204 if found else 404)

    async def _service(self, request: web.Request) -> web.Response:
        service = request.match_info["service"]
        user = request.headers.get("X-Auth-Token", "").removeprefix("token-of-")
        asked = Asked(
            service=service,
            method=request.method,
            path=request.raw_path.removeprefix(f"/{service}"),
            headers={k.lower(): v for k, v in request.headers.items()},
            body=await request.read(),
            who=self.users[user]["name"].rsplit("-", 1)[-1] if user in self.users else "nobody",
        )
        self.asked.append(asked)
        reply = self._answer(asked)
        headers, content = dict(reply.headers), reply.raw
        if reply.body is not msgspec.UNSET:
            headers.setdefault("Content-Type", "application/json")
            content = json.dumps(reply.body).encode()
        return web.Response(status=reply.status, headers=headers, body=content)


@asynccontextmanager
async def serving(answer: Answerer) -> AsyncIterator[FakeCloud]:
    """A fake cloud on a port of its own."""
    fake = FakeCloud(answer)
    async with TestServer(fake.app(), host="127.0.0.1") as server:
        fake.url = f"http://{server.host}:{server.port}"
        yield fake
