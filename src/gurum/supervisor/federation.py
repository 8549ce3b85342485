"""Who may log in from elsewhere: two providers with their domains, mappings, people and clients, as data.

Keystone's identity providers, the front's rules for tokens, the providers of development and `clouds.yaml` are made of
the same rows, because a remote id or an audience that differs in one of them locks everybody out, or lets others in.
A real provider takes the place of one of development by `embedded.federation_settings.providers`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import yaml

from gurum.identity.catalogue import Catalogue, Domain, Federated, Group, GroupGrant, Project
from gurum.identity.front.config import Trusted
from gurum.identity.provider.config import DEVICE
from gurum.identity.provider.passwords import hashed
from gurum.ops import secrets
from gurum.ops.config import Config
from gurum.supervisor.places import Places
from gurum.supervisor.rows import Refusal

PROTOCOL = "openid"
CODE_RETURN = "http://localhost:9991/"  # where v3oidcauthcode's users see their code in the address bar
STAFF, PARTNERS = "staff", "partners"


class Real(Trusted, frozen=True, kw_only=True):
    """A provider that is not ours: its rules for tokens, Keystone's domain for its people, and the mapping."""

    domain: str
    rules: list[dict[str, Any]]
    schema_version: str = "3.0"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`embedded.federation_settings`. The URLs are where the providers of development listen."""

    private: str = "http://127.0.0.1:8787"
    public: str = "http://127.0.0.1:8788"
    dashboards: list[str] = msgspec.field(default_factory=lambda: ["http://localhost:9990/auth/websso/"])
    providers: list[Real] = msgspec.field(default_factory=list)


@dataclass(frozen=True)
class Somebody:
    """A person of a provider of development; the password is the secret `name`. cloud: theirs in `clouds.yaml`."""

    name: str
    project: str  # where the mapping gives them a role
    claims: dict[str, Any]
    cloud: str = ""


@dataclass(frozen=True)
class Development:
    """A provider of development. `claims` are handed on by the front, `robot` is what its robot's tokens say."""

    name: str
    title: str
    domain: str
    claims: tuple[str, ...]
    rules: list[dict[str, Any]]
    people: tuple[Somebody, ...]
    robot: dict[str, Any]


def _user(domain: str) -> dict[str, Any]:
    """Return the rule that says who somebody is: by `sub`, which is never given to somebody else."""
    return {
        "local": [{"user": {"id": "{0}", "name": "{1}", "domain": {"name": domain}}}],
        "remote": [{"type": "OIDC-sub"}, {"type": "OIDC-preferred_username"}],
    }


def _project(name: str, domain: str, roles: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"name": name, "domain": {"name": domain}, "roles": [{"name": role} for role in roles]}]


LEADS = "media-leads"
LEADING = (GroupGrant(role="manager", group=LEADS, group_domain=STAFF, project="team-media", project_domain=STAFF),)
DEVELOPMENT = (
    Development(
        "private",
        "Staff (for development)",
        STAFF,
        ("preferred_username", "email", "groups", "project"),
        [
            _user(STAFF),
            # Only groups that are named here mean anything: a provider's administrator cannot invent another.
            {
                "local": [{"groups": "{0}", "domain": {"name": STAFF}}],
                "remote": [{"type": "OIDC-groups", "whitelist": [LEADS]}],
            },
            {"local": [{"projects": _project("{0}", STAFF, ("member",))}], "remote": [{"type": "OIDC-project"}]},
        ],
        (
            Somebody("alice", "team-media", {"groups": [LEADS, "everyone"], "project": "team-media"}, "gurum-staff"),
            Somebody("bob", "team-search", {"groups": ["everyone"], "project": "team-search", "name": "Bob 박"}),
        ),
        {"project": "automation"},
    ),
    Development(
        "public",
        "Partners (for development)",
        PARTNERS,
        ("preferred_username", "email"),  # neither groups nor projects, whatever their tokens say
        [
            _user(PARTNERS),
            {
                "local": [{"projects": _project("partner-sandbox", PARTNERS, ("reader",))}],
                "remote": [{"type": "OIDC-sub"}],
            },
        ],
        # Her token claims what her provider likes to claim; it gives her nothing.
        (Somebody("carol", "partner-sandbox", {"groups": [LEADS, "admin"], "project": "team-media"}, "gurum-partner"),),
        {"groups": [LEADS]},
    ),
)


def settings(config: Config) -> Settings:
    """Return the settings. Raises Refusal."""
    try:
        return msgspec.convert(config.embedded.federation_settings, Settings, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise Refusal(f"embedded.federation_settings: {error}") from error


def federated(config: Config) -> bool:
    """Whether the embedded Keystone takes logins of providers."""
    return config.identity.embedded and config.embedded.federation


def developing(config: Config) -> list[tuple[Development, str]]:
    """Return the providers of development that this run has, with their URLs."""
    if not federated(config):
        return []
    told = settings(config)
    taken = {real.name for real in told.providers}
    return [(one, getattr(told, one.name)) for one in DEVELOPMENT if one.name not in taken]


def front(config: Config, places: Places) -> dict[str, Any]:
    """Return what the embedded Keystone's front is told."""
    if not federated(config):
        return {}
    told = settings(config)
    own = [
        Trusted(
            name=one.name,
            issuer=url,
            audience=config.identity.url,
            client_id="keystone",
            client_secret_file=_secret(places, one, "keystone"),
            introspects=True,
            claims=list(one.claims),
        )
        for one, url in developing(config)
    ]
    fields = Trusted.__struct_fields__
    real = [Trusted(**{name: getattr(one, name) for name in fields}) for one in told.providers]
    document = {"trusted": [*own, *real], "dashboards": told.dashboards}
    found: dict[str, Any] = msgspec.to_builtins(document, enc_hook=str)
    return found


def catalogue(config: Config, basis: Catalogue) -> Catalogue:
    """Return the description with the providers, their domains, and the projects and groups that mappings name."""
    if not federated(config):
        return basis
    own = developing(config)
    real = settings(config).providers
    domains = [one.domain for one, _ in own] + [one.domain for one in real]
    leads = any(one.domain == STAFF for one, _ in own)
    providers = [
        Federated(name=one.name, domain=one.domain, remote_ids=(url,), rules=one.rules, schema_version="3.0")
        for one, url in own
    ] + [
        Federated(
            name=one.name,
            domain=one.domain,
            remote_ids=(one.issuer,),
            rules=one.rules,
            protocol=one.protocol,
            schema_version=one.schema_version,
        )
        for one in real
    ]
    return msgspec.structs.replace(
        basis,
        domains=(*basis.domains, *(Domain(name=name) for name in dict.fromkeys(domains))),
        projects=(
            *basis.projects,
            *(
                Project(name=name, domain=one.domain)
                for one, _ in own
                for name in dict.fromkeys(person.project for person in one.people)
            ),
        ),
        groups=(*basis.groups, *([Group(name=LEADS, domain=STAFF)] if leads else [])),
        group_grants=(*basis.group_grants, *(LEADING if leads else ())),
        federated=tuple(providers),
    )


def prepare(config: Config, places: Places) -> None:
    """Make the providers' secrets and people, and write what their process reads. Idempotent. Raises OSError."""
    own = developing(config)
    if not own:
        return
    documents = []
    for one, url in own:
        for client in ("code", "keystone", "robot"):
            secrets.make(_secret(places, one, client))
        directory = secrets.directory(places.state / "providers" / one.name)
        _people(places, one, directory / "people.yaml")
        documents.append(_document(config, places, one, url, directory))
    secrets.write(places.providers_config, yaml.safe_dump({"providers": documents}))


def clouds(config: Config, places: Places) -> dict[str, Any]:
    """Return the clouds of people who log in by a provider, as `clouds.yaml` has them."""
    found = {}
    for one, url in developing(config):
        for person in one.people:
            if person.cloud:
                found[person.cloud] = {
                    "auth_type": "v3oidcpassword",
                    "auth": {
                        "auth_url": config.identity.url,
                        "identity_provider": one.name,
                        "protocol": PROTOCOL,
                        "client_id": "openstack",
                        "discovery_endpoint": f"{url}/.well-known/openid-configuration",
                        "username": person.name,
                        "password": secrets.read(places.secret(person.name)),
                        "project_name": person.project,
                        "project_domain_name": one.domain,
                    },
                    "identity_api_version": 3,
                    "regions": [region.name for region in config.regions],
                }
    return found


def _people(places: Places, one: Development, path: Path) -> None:
    """Write the people's file, unless it is there and no password is younger."""
    files = {person.name: places.secret(person.name) for person in one.people}
    for file in files.values():
        secrets.make(file)
    if path.exists() and all(path.stat().st_mtime_ns > file.stat().st_mtime_ns for file in files.values()):
        return
    people = [
        {
            "username": person.name,
            "subject": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{one.name}/{person.name}")),
            "password_hash": hashed(secrets.read(files[person.name])),
            "claims": {"email": f"{person.name}@{one.domain}.example", **person.claims},
        }
        for person in one.people
    ]
    secrets.write(path, yaml.safe_dump({"people": people}, allow_unicode=True))


def _document(config: Config, places: Places, one: Development, url: str, directory: Path) -> dict[str, Any]:
    parts, keystone = urlsplit(url), config.identity.url.removesuffix("/v3")
    back = f"{keystone}/v3/auth/OS-FEDERATION/identity_providers/{one.name}/protocols/{PROTOCOL}/callback"

    def client(name: str, grants: list[str], **further: Any) -> dict[str, Any]:
        return {"id": name, "grants": grants, **further}

    def secret(name: str) -> dict[str, str]:
        return {"secret_file": str(_secret(places, one, name))}

    return {
        "name": one.name,
        "title": one.title,
        "issuer": url,
        "audience": config.identity.url,
        "host": parts.hostname,
        "port": parts.port or 80,
        "directory": str(directory),
        "people_file": str(directory / "people.yaml"),
        "clients": [
            client("openstack", ["password", DEVICE, "refresh_token"]),
            # keystoneauth's v3oidcauthcode sends no PKCE verifier, so its client proves itself by a secret.
            client("openstack-code", ["authorization_code"], redirect_uris=[CODE_RETURN], pkce=False, **secret("code")),
            client("robot", ["client_credentials"], claims=one.robot, **secret("robot")),
            client("keystone", ["authorization_code"], redirect_uris=[back], introspects=True, **secret("keystone")),
        ],
    }


def _secret(places: Places, one: Development, client: str) -> Path:
    return places.secret(f"{one.name}-{client}")


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError("expected a path")
