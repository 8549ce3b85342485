"""What a run needs before its first child: directories, secrets, and the files that the children read.

Everything is idempotent. What is the operator's (`gurum.yaml`, passwords) is made once and then left alone; what is
derived from it is written anew at each start, so that it cannot be stale.
"""

from __future__ import annotations

import secrets as random
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import yaml

from gurum.identity.issuer import KeyRing
from gurum.identity.issuer.keeper import turn
from gurum.ops import secrets
from gurum.ops.clock import SystemClock
from gurum.ops.config import Config, RegionConfig, shipped, whole
from gurum.ops.urls import has_password
from gurum.providers.aws import trust
from gurum.supervisor import federation, people
from gurum.supervisor.kubernetes import rows as kubernetes
from gurum.supervisor.places import Places

SHIPPED_STORE = "sqlite:///${state}/gurum.sqlite"  # as the shipped document has it
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def operator_config(places: Places, environ: Mapping[str, str]) -> Path:
    """Return the operator's document, a copy of the shipped one on the first start.

    The store that this start was told is written down there, so that later commands look into the same one.
    """
    if not places.config.exists():
        text = (shipped() / "config" / "gurum.yaml").read_text(encoding="utf-8")
        store = environ.get("GURUM_STORE__URL", "")
        if store and not has_password(store):
            text = text.replace(f"url: {SHIPPED_STORE}", f"url: {store}", 1)
        secrets.write(places.config, text)
    return places.config


def prepare(config: Config, places: Places) -> None:
    """Make secrets and write what the children and the clients read. Raises OSError, SecretError."""
    secrets.directory(places.secrets)
    secrets.directory(places.run)
    if config.log.directory:
        secrets.directory(Path(config.log.directory))
    for name in ("gurum", *(person.name for person in people.PEOPLE)):
        secrets.make(places.secret(name))
    secrets.make(Path(config.engine.token_key_file))
    secrets.write(places.effective, whole(config))
    federation.prepare(config, places)
    if config.identity.embedded:
        secrets.write(places.keystone_config, yaml.safe_dump(keystone_document(config, places)))
    if config.embedded.kubernetes:
        kubernetes.prepare(config, places, datetime.now(UTC))
    if own_issuer(config):
        turn(config.identity.issuer, KeyRing(config.identity.issuer, SystemClock()))
    if emulated(config):
        secrets.write(places.emulator_config, msgspec.json.encode(emulator_document(config)))
    secrets.write(places.clouds, people.clouds(config, places))


def emulated(config: Config) -> list[RegionConfig]:
    """Return the regions whose AWS is to be our emulator on this machine (their `aws` is set)."""
    return [
        region
        for region in config.regions
        if config.embedded.aws_emulator and region.aws and urlsplit(region.aws.endpoint_url).hostname in LOOPBACK
    ]


def own_issuer(config: Config) -> bool:
    """Whether the issuer's documents are served from this machine, to an AWS that is on it, too."""
    return urlsplit(config.identity.issuer.url).hostname in LOOPBACK and any(
        account.role for region in emulated(config) if region.aws for account in region.aws.accounts
    )


def keystone_document(config: Config, places: Places) -> dict[str, Any]:
    """Return the embedded Keystone's configuration; it listens where the identity URL says."""
    url = urlsplit(config.identity.url)
    return {
        "dir": str(places.state / "keystone"),
        "admin_password_file": str(places.secret(people.BOOTSTRAPPED)),
        "region": config.regions[0].name,
        "host": url.hostname,
        "port": url.port or 5000,
        **({"log_file": str(Path(config.log.directory) / "keystone.log")} if config.log.directory else {}),
        "federation": federation.front(config, places),
        "options": {"DEFAULT": {"use_json": True}},  # lines of JSON like everybody else's
        **config.embedded.keystone_settings,
    }


def emulator_document(config: Config) -> dict[str, Any]:
    """Return the emulator's configuration: accounts by keys that we made, or with what `gurum accounts check` prints.

    So whoever pastes that into an account gives it what the embedded run works with.
    """
    keys: dict[str, str] = {}
    roles: dict[str, dict[str, Any]] = {}
    issuer, owner = config.identity.issuer.url, config.engine.deployment
    for region in emulated(config):
        for account in region.aws.accounts if region.aws else ():
            if account.role:
                policy = trust.trust_policy(issuer, account.number, owner)
                role = {"account": account.number, "name": account.role.lstrip("/"), "trust": policy}
                roles[f"{account.number} {account.role}"] = role
                if account.offboarding_role:
                    roles[f"{account.number} {account.offboarding_role}"] = {
                        "account": account.number,
                        "name": account.offboarding_role.lstrip("/"),
                        "trust": trust.offboarding_trust(issuer, account.number, owner),
                        "policy": trust.offboarding_policy(account.role, account.number),
                    }
            else:
                keys[aws_credentials(Path(account.credentials_file))["access_key_id"]] = account.number
    known = dict.fromkeys(str(role["account"]) for role in roles.values())
    providers = [{"account": number, "url": issuer, "audiences": [trust.AUDIENCE]} for number in known]
    federated = {"oidc_providers": providers, "roles": list(roles.values())} if roles else {}
    return {"accounts": keys, **federated, **config.embedded.aws_emulator_settings}


def aws_credentials(path: Path) -> dict[str, str]:
    """Return the AWS credentials in the file; for the emulator they are made at random, in AWS's form."""
    if not path.exists():
        made = {
            "access_key_id": "AKIA" + "".join(random.choice(string.ascii_uppercase + "234567") for _ in range(16)),
            "secret_access_key": random.token_urlsafe(30),
        }
        secrets.write(path, msgspec.json.encode(made))
    return msgspec.json.decode(secrets.read(path), type=dict[str, str])
