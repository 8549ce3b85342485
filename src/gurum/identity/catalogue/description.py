"""The wanted content of a Keystone, as data.

Things are named as people name them (a domain by name, a service by type), never by Keystone's
ids, so that one description fits every Keystone. What a description does not name is left alone:
nothing is ever deleted, and None in a field means "as it is".
"""

from pathlib import Path
from typing import Any

import msgspec

DEFAULT_DOMAIN = "Default"
INTERFACES = ("public", "internal", "admin")


class _Entry(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Base of the entries: keyword only, immutable, and a misspelt field is an error."""


class Region(_Entry, frozen=True):
    """A region of the region list; `id` is what users type (`kr-central-1`)."""

    id: str
    description: str | None = None


class Service(_Entry, frozen=True):
    """A service of the catalogue. An existing one of the type is taken whatever its name is."""

    type: str
    name: str
    description: str | None = None


class Endpoint(_Entry, frozen=True):
    """Where a service is reached in a region; the same URL for each of the interfaces."""

    service: str
    region: str
    url: str
    interfaces: tuple[str, ...] = INTERFACES


class Role(_Entry, frozen=True):
    """A role and those that it directly implies."""

    name: str
    implies: tuple[str, ...] = ()
    # For a role that is made; an existing role keeps its option.
    immutable: bool = True


class Domain(_Entry, frozen=True):
    """A domain: the namespace of users and projects of one origin."""

    name: str
    description: str | None = None
    enabled: bool = True


class Project(_Entry, frozen=True):
    """A project directly below its domain."""

    name: str
    domain: str = DEFAULT_DOMAIN
    description: str | None = None
    enabled: bool = True


class User(_Entry, frozen=True):
    """A user with a password from a file.

    The password is set when the user is made. Later it is set again only if `keep_password_set`
    and a login with it fails: right for a service's user, wrong for a person who may have changed
    it. Setting it revokes the user's tokens.
    """

    name: str
    password_file: Path
    domain: str = DEFAULT_DOMAIN
    description: str | None = None
    default_project: str | None = None
    enabled: bool = True
    keep_password_set: bool = False


class Grant(_Entry, frozen=True):
    """A role of a user on a project, or on the whole system if `system`."""

    role: str
    user: str
    user_domain: str = DEFAULT_DOMAIN
    project: str | None = None
    project_domain: str = DEFAULT_DOMAIN
    system: bool = False

    def __post_init__(self) -> None:
        """Refuse a grant on nothing and one on both."""
        if (self.project is None) != self.system:
            raise ValueError(f"grant of {self.role!r}: either a project or system")


class Group(_Entry, frozen=True):
    """A group: what a provider's claims can make somebody a member of."""

    name: str
    domain: str = DEFAULT_DOMAIN
    description: str | None = None


class GroupGrant(_Entry, frozen=True):
    """A role of a group's members on a project."""

    role: str
    group: str
    project: str
    group_domain: str = DEFAULT_DOMAIN
    project_domain: str = DEFAULT_DOMAIN


class Federated(_Entry, frozen=True):
    """An identity provider with its mapping and protocol; the mapping's id is `name`-`protocol`.

    remote_ids: what its assertions call it, of OpenID the issuer. domain: of its users, and chosen for good: Keystone
    does not change it. rules: as Keystone's mapping API takes them.
    """

    name: str
    domain: str
    remote_ids: tuple[str, ...]
    rules: list[dict[str, Any]]
    protocol: str = "openid"
    schema_version: str = "2.0"
    description: str | None = None
    enabled: bool = True


class Catalogue(_Entry, frozen=True):
    """Everything that is wanted. The order within a list does not matter."""

    regions: tuple[Region, ...] = ()
    services: tuple[Service, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    roles: tuple[Role, ...] = ()
    domains: tuple[Domain, ...] = ()
    projects: tuple[Project, ...] = ()
    users: tuple[User, ...] = ()
    grants: tuple[Grant, ...] = ()
    groups: tuple[Group, ...] = ()
    group_grants: tuple[GroupGrant, ...] = ()
    federated: tuple[Federated, ...] = ()
