"""Who there is: two projects, and in each one person a role, made in the run's own Keystone by its administrator."""

from __future__ import annotations

from dataclasses import dataclass

from tests.cells.hands import Hand
from tests.cells.matrix import ROLES
from tests.support.stack import Stack

PASSWORD = "cells-of-both-faces"
UNKNOWN = "auditor"  # a role that no row of the policy names: what a person has who has nothing


@dataclass(frozen=True)
class Project:
    """A project, and the tokens of the people in it by role."""

    id: str
    tokens: dict[str, str]
    users: dict[str, str]


def projects(stack: Stack) -> tuple[Project, Project]:
    """Make two projects with a person a role in each; return them."""
    admin = Hand(stack.config.identity.url, {"X-Auth-Token": stack.token("gurum-admin")})
    admin.ok("POST", "/v3/roles", {"role": {"name": UNKNOWN}})
    roles = {one["name"]: one["id"] for one in admin.ok("GET", "/v3/roles")["roles"]}
    made = [_project(admin, name, roles) for name in ("cells-a", "cells-b")]
    return made[0], made[1]


def _project(admin: Hand, name: str, roles: dict[str, str]) -> Project:
    project = admin.ok("POST", "/v3/projects", {"project": {"name": name, "domain_id": "default"}})["project"]["id"]
    tokens, users = {}, {}
    for role in ROLES:
        user = {"name": f"{name}-{role}", "password": PASSWORD, "domain_id": "default"}
        uid = admin.ok("POST", "/v3/users", {"user": user})["user"]["id"]
        held = roles[UNKNOWN if role == "none" else role]
        admin.ok("PUT", f"/v3/projects/{project}/users/{uid}/roles/{held}")
        tokens[role], users[role] = _login(admin, uid, project), uid
    return Project(project, tokens, users)


def _login(admin: Hand, user: str, project: str) -> str:
    identity = {"methods": ["password"], "password": {"user": {"id": user, "password": PASSWORD}}}
    said = admin.call(
        "POST", "/v3/auth/tokens", {"auth": {"identity": identity, "scope": {"project": {"id": project}}}}
    )
    if said.status != 201:
        raise RuntimeError(f"no token for {user}: {said.status}")
    return said.headers["x-subject-token"]
