"""What the front is told of each provider: everything that a token is held against, none of it out of a token."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

# Asymmetric ones only: with a shared secret, whoever can verify can forge.
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# What may go to Keystone beside `iss` and `sub`, unless the provider's own list is shorter.
CLAIMS = ("preferred_username", "email", "groups", "project")


class Trusted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OpenID provider, as Keystone's identity provider `name`, and the rules for its tokens.

    token_type: `typ` in the header of its access tokens (RFC 9068; `JWT` with providers that do not follow it).
    token_use: value of the claim `typ`, where the provider writes there what kind a token is (Keycloak: `Bearer`).
    client_id: as what browsers are sent there; empty: no browsers. claims: names that are handed on.
    introspects: the provider is asked at each login whether the token is good still, as the client `client_id`.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    issuer: str
    audience: Annotated[str, Meta(min_length=1)]
    protocol: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "openid"
    algorithms: list[Algorithm] = msgspec.field(default_factory=lambda: ["RS256"])
    token_type: str = "at+jwt"  # noqa: S105 - a media type
    token_use: str = ""
    jwks_url: str = ""  # default: what discovery says, which must be of the issuer's origin
    client_id: str = ""
    client_secret_file: Path | None = None
    scope: str = "openid profile email"
    claims: list[str] = msgspec.field(default_factory=lambda: list(CLAIMS))
    introspects: bool = False
    leeway: Annotated[float, Meta(ge=0, le=120)] = 30.0  # seconds that clocks may differ

    def __post_init__(self) -> None:
        """Refuse what would fetch keys from where somebody else can answer."""
        for url in (self.issuer, self.jwks_url or self.issuer):
            usable(url)
        if not self.algorithms:
            raise ValueError(f"{self.name}: no algorithm is allowed")
        if self.client_id and self.client_secret_file is None:
            raise ValueError(f"{self.name}: client_id needs client_secret_file")
        if self.introspects and not self.client_id:
            raise ValueError(f"{self.name}: introspects needs a client_id")


class FrontConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The providers, and where Keystone's tokens may be sent by way of a browser: URLs, to the letter."""

    trusted: list[Trusted] = msgspec.field(default_factory=list)
    dashboards: list[str] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse two providers of one name: which rules hold would be chance."""
        if len({one.name for one in self.trusted}) != len(self.trusted):
            raise ValueError("two providers have one name")


def usable(url: str) -> str:
    """Return the URL if it is https, or on this machine. Raises ValueError."""
    parts = urlsplit(url)
    fine = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not fine or not parts.hostname or parts.username is not None or parts.fragment:
        raise ValueError(f"{url!r} is neither https nor on this machine")
    return url
