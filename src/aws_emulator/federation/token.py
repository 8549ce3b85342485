"""A web identity token: its form, its signature, its claims, in the order in which AWS is taken to look at them.

The order is not documented; each refusal has its row in the table of rules, with what is known of its text.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError

from aws_emulator.iam.trust import OidcProvider
from aws_emulator.rules import refuse

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
TAGS, SOURCE = "https://aws.amazon.com/tags", "https://aws.amazon.com/source_identity"
_TAGS, _KEY, _VALUE = 50, 128, 256
_SKEW = 300  # seconds that a token may be from the future


class Identity(NamedTuple):
    """What a verified token says. `tags` and `source` are empty where it has none."""

    provider: OidcProvider
    subject: str
    audience: str
    claims: dict[str, Any]
    tags: dict[str, str]
    transitive: list[str]
    source: str


def unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims as they stand, empty for what is no token; nothing is believed by it."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}, {}
    header, claims = _object(parts[0]), _object(parts[1])
    return header, claims


def verify(
    token: str, account: str, providers: Iterable[OidcProvider], key: Callable[[str, Any], Any], now: float
) -> Identity:
    """Return what the token says, if the account's provider of its issuer bears it out. Raises Refusal."""
    header, claims = unverified(token)
    if not header or not claims:
        raise refuse("sts.malformed")
    issuer = claims.get("iss")
    provider = next((each for each in providers if each.account == account and each.url == issuer), None)
    if provider is None:
        raise refuse("sts.no-provider", issuer=issuer)
    if header.get("alg") not in ALGORITHMS:
        raise refuse("sts.algorithm")
    public = key(provider.url, header.get("kid"))
    try:
        jwt.decode(token, public, algorithms=[header["alg"]])
    except (JoseError, ValueError, TypeError):
        raise refuse("sts.signature") from None
    _claims(claims, now)
    audience = _audience(claims, provider)
    tags, transitive = _tags(claims)
    source = claims.get(SOURCE, "")
    return Identity(provider, claims["sub"], audience, claims, tags, transitive, str(source))


def _claims(claims: dict[str, Any], now: float) -> None:
    for name in ("sub", "aud", "exp", "iat"):
        if not claims.get(name):
            raise refuse("sts.claim-missing", name=name)
    for name in ("exp", "iat", "nbf"):
        if name in claims and (not isinstance(claims[name], int) or isinstance(claims[name], bool)):
            raise refuse("sts.claim-wrong", name=name)
    if not isinstance(claims["sub"], str):
        raise refuse("sts.claim-wrong", name="sub")
    if now >= claims["exp"]:
        raise refuse("sts.expired", now=int(now), end=claims["exp"])
    if claims.get("nbf", 0) > now + _SKEW or claims["iat"] > now + _SKEW:
        raise refuse("sts.not-yet")


def _audience(claims: dict[str, Any], provider: OidcProvider) -> str:
    told = claims["aud"]
    given = told if isinstance(told, list) else [told]
    found = next((each for each in given if each in provider.audiences), None)
    if found is None:
        raise refuse("sts.audience")
    return str(claims.get("azp", found))


def _tags(claims: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    told = claims.get(TAGS, {})
    if not isinstance(told, dict):
        raise refuse("sts.tags")
    given, transitive = told.get("principal_tags", {}), told.get("transitive_tag_keys", [])
    if not isinstance(given, dict) or not isinstance(transitive, list) or len(given) > _TAGS:
        raise refuse("sts.tags")
    tags: dict[str, str] = {}
    for name, values in given.items():
        well = isinstance(values, list) and len(values) == 1 and isinstance(values[0], str)
        if not well or not 0 < len(name) <= _KEY or len(values[0]) > _VALUE or name.lower().startswith("aws:"):
            raise refuse("sts.tags")
        tags[name] = values[0]
    if any(name not in tags for name in transitive):
        raise refuse("sts.tags")
    return tags, [str(name) for name in transitive]


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
