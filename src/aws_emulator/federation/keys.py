"""Issuers' public keys: fetched by who has sockets (`fetch`), kept here, and fetched once more for a key id not known.

The core never waits for a network: it is asked which issuer a request needs, and told what came back.
"""

import json
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from aws_emulator.federation.token import unverified
from aws_emulator.rules import refuse
from aws_emulator.wire.request import form

SECONDS = 5.0  # for both documents together
LARGEST = 65_536  # bytes of a document
_ACTION = "AssumeRoleWithWebIdentity"


class Keys:
    """What is known of issuers, by their URLs: their keys, or why these could not be had."""

    def __init__(self) -> None:
        self._known: dict[str, KeySet] = {}
        self._failed: dict[str, str] = {}

    def wanted(self, body: str) -> str:
        """Return the issuer whose keys a request needs and this lacks; empty: none."""
        if _ACTION not in body:
            return ""
        fields = form(body)
        header, claims = unverified(fields.get("WebIdentityToken", ""))
        issuer = claims.get("iss")
        if fields.get("Action") != _ACTION or not isinstance(issuer, str) or not _fetchable(issuer):
            return ""
        return "" if self._find(issuer, header.get("kid")) else issuer

    def learn(self, issuer: str, document: dict[str, Any] | str) -> None:
        """Take an issuer's JWKS, or why it could not be had: `unreachable` or `unusable`."""
        self._failed.pop(issuer, None)
        try:
            if isinstance(document, str):
                self._failed[issuer] = document
            else:
                self._known[issuer] = KeySet.import_key_set(document)  # type: ignore[arg-type]  # whatever they sent
        except (JoseError, ValueError, TypeError, KeyError):
            self._failed[issuer] = "unusable"

    def key(self, issuer: str, kid: Any) -> Any:
        """Return an issuer's key. Raises Refusal."""
        found = self._find(issuer, kid)
        if found is None:
            raise refuse("sts.unreachable" if self._failed.get(issuer) == "unreachable" else "sts.no-key")
        return found

    def _find(self, issuer: str, kid: Any) -> Any:
        known = self._known.get(issuer)
        return None if known is None else next((key for key in known.keys if key.kid == kid), None)


async def fetch(issuer: str) -> dict[str, Any] | str:
    """Return the issuer's JWKS by way of its discovery document, or `unreachable`, or `unusable`."""
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session:
            discovery = await _document(session, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            where = discovery.get("jwks_uri")
            if discovery.get("issuer") != issuer or not isinstance(where, str) or not _fetchable(where):
                return "unusable"
            return await _document(session, where)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return "unreachable"
    except ValueError:
        return "unusable"


async def _document(session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    async with session.get(url, allow_redirects=False) as answer:
        answer.raise_for_status()
        if answer.status != 200:
            raise ValueError("not a document")
        found = json.loads(await answer.content.read(LARGEST))
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def _fetchable(url: str) -> bool:
    """Whether AWS would fetch from there; plain HTTP is our own, for an issuer on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))
