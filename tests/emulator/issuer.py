"""An issuer for tests of the emulator: its own keys and its own library, so that no mistake is made on both sides."""

import itertools
import json
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from tests.emulator.cloud import ACCOUNT, REGION

from aws_emulator import Emulator

ISSUER, HOST, AUDIENCE = "https://issuer.example/gurum", "issuer.example/gurum", "sts.amazonaws.com"
NAME = "gurum"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{NAME}"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST}"
TAGS = "https://aws.amazon.com/tags"
_numbers = itertools.count(1)


@cache
def _key(name: str) -> Any:
    """Return a private key of that name: making one takes longer than a test. Names with `ec` are of P-256."""
    return ec.generate_private_key(ec.SECP256R1()) if "ec" in name else rsa.generate_private_key(65537, 2048)


def trust(*, actions: tuple[str, ...] = ("sts:AssumeRoleWithWebIdentity", "sts:TagSession"), **condition: Any) -> Any:
    """Return a trust policy with one statement; the condition defaults to audience and a pattern of subjects."""
    usual = {"StringEquals": {f"{HOST}:aud": AUDIENCE}, "StringLike": {f"{HOST}:sub": "project:*:user:*"}}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": list(actions),
        "Condition": condition.get("condition", usual),
    }
    return {"Version": "2012-10-17", "Statement": [statement, *condition.get("further", [])]}


def role(document: Any | None = None, **more: Any) -> dict[str, Any]:
    """Return a role of the configuration."""
    return {"account": ACCOUNT, "name": NAME, "trust": trust() if document is None else document} | more


def config(*roles: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration that knows the issuer and these roles (default: one)."""
    provider = {"account": ACCOUNT, "url": ISSUER, "audiences": [AUDIENCE]}
    return {"oidc_providers": [provider], "roles": list(roles) or [role()]}


CONFIG = config()


def tag_claim(tags: dict[str, Any], *, transitive: list[str] | None = None) -> dict[str, Any]:
    """Return the claim of session tags."""
    told = {key: value if isinstance(value, list) else [value] for key, value in tags.items()}
    return {TAGS: {"principal_tags": told, "transitive_tag_keys": list(tags) if transitive is None else transitive}}


class Issuer:
    """Signs tokens that are well, unless told otherwise."""

    def __init__(self, key: str = "rsa", now: float = 1_767_225_600.0) -> None:
        self.private, self.kid, self.now = _key(key), key, now
        self.algorithm = "ES256" if "ec" in key else "RS256"

    def jwks(self) -> dict[str, Any]:
        """Return the public key as the issuer publishes it."""
        maker = ECAlgorithm if "ec" in self.kid else RSAAlgorithm
        made = maker.to_jwk(self.private.public_key(), as_dict=True)
        return {"keys": [{**made, "kid": self.kid, "use": "sig", "alg": self.algorithm}]}

    def learned(self, emulator: Emulator) -> None:
        """Have the emulator know the keys, and the issuer the emulator's time."""
        emulator.learn(ISSUER, self.jwks())
        self.now = emulator.clock.now()

    def token(self, *, kid: str = "", algorithm: str = "", life: int = 300, **claims: Any) -> str:
        """Return a token; a claim that is None is left out."""
        said = {
            "iss": ISSUER,
            "sub": "project:p1:user:alice",
            "aud": AUDIENCE,
            "jti": str(next(_numbers)),
            "iat": int(self.now),
            "exp": int(self.now) + life,
        } | claims
        said = {name: value for name, value in said.items() if value is not None}
        form = algorithm or self.algorithm
        key: Any = None if form == "none" else self.private
        # The library checks types that a hostile issuer would not.
        return jwt.api_jws.encode(json.dumps(said).encode(), key, form, headers={"kid": kid or self.kid})

    def session(self, emulator: Emulator, name: str = "alice", *, seconds: int = 900, **claims: Any) -> dict[str, Any]:
        """Return the credentials of a session."""
        self.learned(emulator)
        answer = emulator.call(
            "AssumeRoleWithWebIdentity",
            {
                "RoleArn": ROLE, "RoleSessionName": name, "WebIdentityToken": self.token(**claims),
                "DurationSeconds": seconds,
            },
            account=ACCOUNT,
            region=REGION,
            service="sts",
        )  # fmt: skip
        credentials: dict[str, Any] = answer["Credentials"]
        return credentials
