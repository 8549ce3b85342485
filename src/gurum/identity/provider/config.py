"""What a provider is told, and whom it knows: two kinds of files, neither with a secret in clear.

Passwords stand in the people's file as scrypt hashes; clients' secrets are files of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from gurum.ops import secrets

DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"
Grant = Literal[
    "authorization_code",
    "client_credentials",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ProviderError(Exception):
    """The provider cannot be run so; the sentence names the file or the key."""


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the sections: immutable, and a misspelt key is an error."""


class Claims(_Section, frozen=True):
    """What the provider says of somebody beside their name."""

    name: str = ""
    email: str = ""
    groups: list[str] = msgspec.field(default_factory=list)
    project: str = ""


class Person(_Section, frozen=True):
    """Somebody who can log in. `subject` is theirs for ever; a username may be given to somebody else later."""

    username: str
    subject: str
    password_hash: str
    claims: Claims = Claims()
    enabled: bool = True


class People(_Section, frozen=True):
    """The file of the people."""

    people: list[Person]


class Client(_Section, frozen=True):
    """An application. Without `secret_file` it is a public one, which proves nothing but that it knows its id.

    redirect_uris, logout_uris: compared to the letter. pkce: only a confidential client may be let off it, for tools
    that cannot (keystoneauth's v3oidcauthcode sends no verifier). claims: what is said of it when it acts for itself.
    """

    id: str
    grants: list[Grant]
    secret_file: Path | None = None
    redirect_uris: list[str] = msgspec.field(default_factory=list)
    logout_uris: list[str] = msgspec.field(default_factory=list)
    pkce: bool = True
    introspects: bool = False
    claims: Claims = Claims()

    def __post_init__(self) -> None:
        """Refuse what would leave a grant unprotected."""
        if self.secret_file is None and (not self.pkce or self.introspects or "client_credentials" in self.grants):
            raise ValueError(f"client {self.id!r} needs a secret_file for what it may do")


class ProviderConfig(_Section, frozen=True):
    """One provider. `issuer` is its URL as everybody sees it; `audience` is whom its access tokens are for."""

    name: str
    issuer: str
    audience: str
    directory: Path
    people_file: Path
    clients: list[Client]
    title: str = "For development"
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    allow_other_hosts: bool = False  # listen beyond this machine: this provider is for development
    access_token_seconds: Annotated[int, Meta(ge=10, le=3600)] = 300
    refresh_token_seconds: Annotated[int, Meta(ge=60)] = 28_800
    code_seconds: Annotated[int, Meta(ge=5, le=600)] = 60
    login_seconds: Annotated[int, Meta(ge=30, le=3600)] = 600  # from the page to its answer; also a device's code
    device_interval: Annotated[int, Meta(ge=1, le=60)] = 5
    rotate_days: float = 30.0
    publish_ahead_hours: float = 24.0

    def __post_init__(self) -> None:
        """Refuse an address that strangers could reach, unless that was meant, and clients of one name."""
        if self.host not in LOOPBACK and not self.allow_other_hosts:
            raise ValueError(f"{self.host} is not this machine alone; this provider is for development")
        parts = urlsplit(self.issuer)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"issuer {self.issuer!r} is not a URL")
        if self.issuer.endswith("/"):
            raise ValueError(f"issuer {self.issuer!r} must not end in a slash")
        if len({client.id for client in self.clients}) != len(self.clients):
            raise ValueError("two clients have one id")


class Providers(_Section, frozen=True):
    """The configuration file: providers that one process runs, with nothing in common but the process."""

    providers: list[ProviderConfig]


def load(path: Path) -> Providers:
    """Read a configuration file (YAML). Raises ProviderError."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=Providers, dec_hook=_path)
    except OSError as error:
        raise ProviderError(f"{path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise ProviderError(f"{path}: {error}") from error


def load_people(path: Path) -> list[Person]:
    """Read the people's file (YAML; mode 0600). Raises ProviderError, SecretError."""
    text = secrets.read(path)
    try:
        found = msgspec.yaml.decode(text, type=People).people
    except msgspec.MsgspecError as error:
        raise ProviderError(f"{path}: {error}") from None
    for field in ("username", "subject"):
        if len({getattr(person, field) for person in found}) != len(found):
            raise ProviderError(f"{path}: two people have one {field}")
    return found


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError("expected a path")
