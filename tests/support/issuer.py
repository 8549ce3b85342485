"""An issuer of the product's in a directory of a test, and the emulator that trusts it."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from joserfc.jwk import RSAKey

from aws_emulator.config import Config as EmulatorConfig
from aws_emulator.emulator import Dropped, Emulator, InjectedError
from aws_emulator.rules import Refusal
from gurum.identity.issuer import Issuer, KeyRing
from gurum.identity.issuer import keys as issuer_keys
from gurum.identity.issuer.documents import documents
from gurum.ops.clock import Clock
from gurum.ops.config import IssuerConfig
from gurum.providers.aws import trust
from gurum.providers.aws.errors import AwsError, LostError
from gurum.providers.aws.sessions import Credentials

URL, ROLE, OWNER = "https://gurum.example/issuer", "gurum", "gurum"


@cache
def one_key() -> dict[str, Any]:
    """Return a private key, as a JWK: making one takes longer than most tests."""
    return RSAKey.generate_key(issuer_keys.SIZE, auto_kid=True).as_dict(private=True)


def keyed(directory: Path, clock: Clock, **more: Any) -> tuple[IssuerConfig, KeyRing]:
    """Return a configured issuer with a first key, the same in every test."""
    config = IssuerConfig(url=more.pop("url", URL), directory=str(directory), **more)
    folder = directory / "keys"
    folder.mkdir(parents=True, mode=0o700)
    jwk = one_key()
    stored = {"kid": jwk["kid"], "made_at": 0.0, "signs_from": 0.0, "jwk": jwk}
    path = folder / f"{jwk['kid']}.json"
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(stored))
    return config, KeyRing(config, clock)


def trusting(url: str, *accounts: str, **more: Any) -> dict[str, Any]:
    """Return the part of the emulator's configuration that has these accounts trust an issuer."""
    roles = [
        {"account": number, "name": ROLE, "trust": trust.trust_policy(url, number, OWNER)} | more for number in accounts
    ]
    providers = [{"account": number, "url": url, "audiences": [trust.AUDIENCE]} for number in accounts]
    return {"oidc_providers": providers, "roles": roles}


def emulator_config(*accounts: str, url: str = URL, **more: Any) -> EmulatorConfig:
    """Return a configuration of the emulator in which these accounts trust the issuer, and no key is known."""
    plain = EmulatorConfig(accounts={})
    return plain.patched({"throttle": {"enabled": False}, **trusting(url, *accounts), **more})


def learn(emulator: Emulator, config: IssuerConfig, ring: KeyRing) -> None:
    """Have the emulator know the keys as they are published now."""
    emulator.learn(config.url, msgspec.json.decode(documents(config, ring)["keys.json"], type=dict[str, Any]))


class EmulatorBroker:
    """The emulator's STS in process."""

    def __init__(self, emulator: Emulator, seconds: int = 900) -> None:
        self.emulator, self.seconds, self.asked = emulator, seconds, 0

    async def assume(self, account: str, name: str, token: str) -> Credentials:
        """Ask as `Sts` does."""
        self.asked += 1
        wish = {
            "RoleArn": trust.role_arn(ROLE, account),
            "RoleSessionName": name,
            "WebIdentityToken": token,
            "DurationSeconds": self.seconds,
        }
        try:
            answer = self.emulator.call(
                "AssumeRoleWithWebIdentity", wish, account=account, region="us-east-1", service="sts"
            )
        except Dropped as error:
            raise LostError("cut") from error
        except (Refusal, InjectedError) as error:
            raise AwsError(error.code, error.message, error.status, "req") from error
        made = answer["Credentials"]
        until = made["Expiration"]
        until = until.timestamp() if isinstance(until, datetime) else float(until)
        return Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"], until)

    async def close(self) -> None:
        """Nothing is open."""


def issuer(config: IssuerConfig, ring: KeyRing, clock: Clock) -> Issuer:
    """Return who signs."""
    return Issuer(config, ring, clock)
