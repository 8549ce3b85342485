"""Accounts made before the run, as in a public cloud: Tempest gets a list of users and never an administrator's rights.

Every project has one member and one reader: two accounts in one project would see each other's things, and Tempest's
tests of lists count on an empty project.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from tests.interop.rest import Http

MEMBER, READER = "member", "reader"
NETWORK = "interop"
CIDR = "10.81.0.0/20"  # one network a project for the servers; none overlaps with what the tests make
DOMAIN = "default"


@dataclass(frozen=True)
class Account:
    """A user with one role on one project. Ids are Keystone's; `network` is the name of the project's own network."""

    user: str
    project: str
    project_id: str
    role: str
    password: str = field(repr=False)
    network: str = ""

    def row(self) -> dict[str, Any]:
        """Return the account as Tempest's accounts file has it."""
        row: dict[str, Any] = {
            "username": self.user,
            "project_name": self.project,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
            "password": self.password,
            "roles": [self.role],
        }
        return row | ({"resources": {"network": self.network}} if self.network else {})


def made(keystone: Http, count: int) -> list[Account]:
    """Make `count` projects with a member and a reader each; all members come first.

    The order matters: a test that wants just any account takes the first free one, and must not get a reader.
    """
    roles = {role["name"]: role["id"] for role in keystone.json("GET", "/roles")["roles"]}
    accounts = []
    for number in range(1, count + 1):
        name = f"interop-{number}"
        wish = {"project": {"name": name, "domain_id": DOMAIN}}
        project = keystone.json("POST", "/projects", wish)["project"]["id"]
        for role in (MEMBER, READER):
            account = Account(f"{name}-{role}", name, project, role, _password())
            user = _user(keystone, account)
            keystone.json("PUT", f"/projects/{project}/users/{user}/roles/{roles[role]}")
            accounts.append(account)
    return sorted(accounts, key=lambda account: account.role != MEMBER)


def _user(keystone: Http, account: Account) -> str:
    wish = {"name": account.user, "password": account.password, "domain_id": DOMAIN}
    return str(keystone.json("POST", "/users", {"user": wish})["user"]["id"])


def _password() -> str:
    # In the form that the rules of security compliance ask for, whatever the randomness is.
    return f"Aa1-{secrets.token_hex(12)}"


def token(keystone: Http, account: Account) -> str:
    """Log in as an account; return the token."""
    user = {"name": account.user, "domain": {"id": DOMAIN}, "password": account.password}
    scope = {"project": {"id": account.project_id}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
    return str(keystone.answer("POST", "/auth/tokens", body).headers["X-Subject-Token"])


def network(http: Http) -> str:
    """Make the project's own network, as its member; return its name."""
    wish = {"name": NETWORK, "admin_state_up": True}
    made = http.json("POST", "/network/v2.0/networks", {"network": wish})["network"]["id"]
    subnet = {"network_id": made, "name": NETWORK, "ip_version": 4, "cidr": CIDR}
    http.json("POST", "/network/v2.0/subnets", {"subnet": subnet})
    return NETWORK
