"""Who a token stands for: what policy, audit and handlers may know of a request's sender.

Keystone's document is deep, optional in most places and differs by kind of token. It is read once,
here, into a flat immutable value; the token itself is not part of it.
"""

from datetime import datetime

import msgspec


class AccessRule(msgspec.Struct, frozen=True):
    """One thing that an application credential is limited to. `path` may hold `*`, `**`, `{name}`."""

    service: str
    method: str
    path: str


class ApplicationCredential(msgspec.Struct, frozen=True, kw_only=True):
    """The application credential that the token was got with.

    `restricted`: it may not be used to make or delete credentials and trusts. `access_rules`: None
    means no limit; else only what a rule allows is allowed (see `access_allowed`).
    """

    id: str
    name: str | None = None
    restricted: bool = True
    access_rules: tuple[AccessRule, ...] | None = None


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """The trust by which one user acts with another's roles."""

    id: str
    trustor_user_id: str
    trustee_user_id: str
    impersonation: bool


class Federation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a federated user comes from."""

    identity_provider: str
    protocol: str
    groups: tuple[str, ...] = ()


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A valid token's user, scope and roles.

    Exactly one scope is set, or none for an unscoped token: `project_id`, `domain_id` or `system`.
    `roles` are names, with implied roles included by Keystone. `is_admin_project` is true unless
    Keystone says otherwise, as in keystonemiddleware: alone it means nothing.
    """

    user_id: str
    user_name: str
    user_domain_id: str | None
    user_domain_name: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    project_domain_id: str | None = None
    project_domain_name: str | None = None
    domain_id: str | None = None
    domain_name: str | None = None
    system: bool = False
    roles: tuple[str, ...] = ()
    role_ids: tuple[str, ...] = ()
    is_admin_project: bool = True
    issued_at: datetime
    expires_at: datetime
    # The token's own, and if it was got with another token, that chain's first.
    audit_ids: tuple[str, ...]
    methods: tuple[str, ...] = ()
    application_credential: ApplicationCredential | None = None
    trust: Trust | None = None
    federation: Federation | None = None
    oauth_consumer_id: str | None = None
    oauth_access_token_id: str | None = None


class _Ref(msgspec.Struct):
    id: str
    name: str | None = None


class _Project(msgspec.Struct):
    id: str
    name: str
    domain: _Ref


class _UserFederation(msgspec.Struct):
    identity_provider: _Ref
    protocol: _Ref
    groups: list[_Ref] = []


class _User(msgspec.Struct):
    id: str
    name: str
    domain: _Ref | None = None
    federation: _UserFederation | None = msgspec.field(default=None, name="OS-FEDERATION")


class _System(msgspec.Struct):
    all: bool = False


class _Trust(msgspec.Struct):
    id: str
    trustor_user: _Ref
    trustee_user: _Ref
    impersonation: bool


class _OAuth(msgspec.Struct):
    consumer_id: str
    access_token_id: str


class _Token(msgspec.Struct):
    user: _User
    issued_at: datetime
    expires_at: datetime
    audit_ids: list[str]
    methods: list[str] = []
    project: _Project | None = None
    domain: _Ref | None = None
    system: _System | None = None
    roles: list[_Ref] = []
    is_admin_project: bool = True
    application_credential: ApplicationCredential | None = None
    trust: _Trust | None = msgspec.field(default=None, name="OS-TRUST:trust")
    oauth: _OAuth | None = msgspec.field(default=None, name="OS-OAUTH1")


class _Document(msgspec.Struct):
    token: _Token


_decoder = msgspec.json.Decoder(_Document)


def principal_of(document: bytes) -> Principal:
    """Read Keystone's answer to a validation. Raises msgspec.DecodeError if it is not one."""
    token = _decoder.decode(document).token
    user, project, domain, oauth = token.user, token.project, token.domain, token.oauth
    return Principal(
        user_id=user.id,
        user_name=user.name,
        user_domain_id=user.domain.id if user.domain else None,
        user_domain_name=user.domain.name if user.domain else None,
        project_id=project.id if project else None,
        project_name=project.name if project else None,
        project_domain_id=project.domain.id if project else None,
        project_domain_name=project.domain.name if project else None,
        domain_id=domain.id if domain else None,
        domain_name=domain.name if domain else None,
        system=token.system is not None and token.system.all,
        roles=tuple(role.name for role in token.roles if role.name is not None),
        role_ids=tuple(role.id for role in token.roles),
        is_admin_project=token.is_admin_project,
        issued_at=token.issued_at,
        expires_at=token.expires_at,
        audit_ids=tuple(token.audit_ids),
        methods=tuple(token.methods),
        application_credential=token.application_credential,
        trust=_trust(token.trust) if token.trust else None,
        federation=_federation(user.federation) if user.federation else None,
        oauth_consumer_id=oauth.consumer_id if oauth else None,
        oauth_access_token_id=oauth.access_token_id if oauth else None,
    )


def _trust(trust: _Trust) -> Trust:
    return Trust(
        id=trust.id,
        trustor_user_id=trust.trustor_user.id,
        trustee_user_id=trust.trustee_user.id,
        impersonation=trust.impersonation,
    )


def _federation(federation: _UserFederation) -> Federation:
    return Federation(
        identity_provider=federation.identity_provider.id,
        protocol=federation.protocol.id,
        groups=tuple(group.id for group in federation.groups),
    )
