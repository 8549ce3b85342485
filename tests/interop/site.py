"""The region that is tested: a whole run of our own, with accounts and their networks made before.

Security compliance is on in its Keystone: lockout and password history are part of what the guideline asks for, and
they are off in Keystone's own defaults.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from tests.interop import accounts
from tests.interop.accounts import Account
from tests.interop.rest import Http
from tests.support.stack import Stack, running

ADMIN = "gurum-admin"
COMPLIANCE = {
    "lockout_failure_attempts": 4,
    "lockout_duration": 10,  # seconds: a test waits for its end
    "unique_last_password_count": 3,
    "password_regex": r"^(?=.*\d)(?=.*[a-zA-Z]).{7,}$",
    "password_regex_description": "at least seven characters, among them a letter and a digit",
}
FLAVORS = ("m1.tiny", "m1.small")


@dataclass(frozen=True)
class Site:
    """Where it runs and what is there. `identity`: Keystone's /v3. `facts`: what stands in Tempest's configuration."""

    stack: Stack
    region: str
    accounts: list[Account]
    admin: Account
    network: str  # id of the external network
    images: list[str]
    flavors: list[str]
    extensions: list[str]
    newest: str  # compute's newest microversion

    @property
    def identity(self) -> str:
        """Keystone's URL."""
        return self.stack.config.identity.url

    def rows(self) -> list[dict[str, Any]]:
        """Return Tempest's accounts file; the administrator serves the one test that asks for one."""
        return [*(account.row() for account in self.accounts), self.admin.row() | {"types": ["admin"]}]


def change(document: dict[str, Any]) -> None:
    """Put what the tests need into a configuration: compliance, room for networks, a quick cloud."""
    embedded = document["embedded"]
    keystone = embedded.setdefault("keystone_settings", {})
    keystone["bcrypt_rounds"] = 4  # the tests log in some hundred times
    keystone["security_compliance"] = COMPLIANCE
    settings = embedded["aws_emulator_settings"]
    settings["time_factor"] = 0.02
    settings.setdefault("quotas", {})["vpcs"] = 200  # AWS's default is five, for all projects of an account together
    for region in document["regions"]:
        if region["provider"] == "aws":
            region["aws"] |= {"observe_interval": 0.5, "idle_interval": 5.0}  # nobody's rate is spent here


@contextmanager
def started(region: str, projects: int) -> Iterator[Site]:
    """Start it in a directory of its own; everything is gone in the end. Raises RuntimeError if it cannot be made."""
    with tempfile.TemporaryDirectory(prefix="interop-") as directory, running(Path(directory), change=change) as stack:
        yield prepared(stack, region, projects)


def prepared(stack: Stack, region: str, projects: int) -> Site:
    """Make accounts and their networks; find the external network, images, flavors and extensions."""
    token, url, identity = stack.token(ADMIN), stack.url(region), stack.config.identity.url
    operator = Http(url, token)
    made = accounts.made(Http(identity, token), projects)
    for account in made:
        if account.role == accounts.MEMBER:
            accounts.network(Http(url, accounts.token(Http(identity), account)))
    images = operator.json("GET", "/image/v2/images")["images"]
    flavors = {row["name"]: row["id"] for row in operator.json("GET", "/compute/v2.1/flavors")["flavors"]}
    extensions = operator.json("GET", "/network/v2.0/extensions")["extensions"]
    return Site(
        stack=stack,
        region=region,
        accounts=[replace(account, network=accounts.NETWORK) for account in made],
        admin=_administrator(stack),
        network=_external(operator),
        images=[image["id"] for image in images],
        flavors=[flavors[name] for name in FLAVORS],
        extensions=sorted(row["alias"] for row in extensions),
        newest=operator.json("GET", "/compute/v2.1")["version"]["version"],
    )


def _administrator(stack: Stack) -> Account:
    auth = yaml.safe_load(stack.places.clouds.read_text())["clouds"][ADMIN]["auth"]
    return Account(auth["username"], auth["project_name"], "", "admin", auth["password"])


def _external(operator: Http) -> str:
    """Return the external network that the region comes with, as its configuration says."""
    found = operator.json("GET", "/network/v2.0/networks?router:external=true")["networks"]
    return str(found[0]["id"])
