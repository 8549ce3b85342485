"""Keystone's revocation events, and which tokens they mean.

Keystone keeps no list of revoked tokens. It records statements ("what this user was issued before
then") and every holder of a cached validation has to apply them itself. The fields are those of
its OS-REVOKE API; all that an event names must fit (read from keystone 30's revoke model).
"""

from datetime import datetime

import msgspec

from gurum.identity.tokens.principal import Principal


class RevocationEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One statement. Fields that Keystone may add later make it fit more tokens, never fewer.

    Keystone 30 was seen to emit: `audit_id` and `audit_chain_id` (DELETE of a token), `user_id`
    (password, disabling, deletion, removal from a group, DELETE of all tokens of a user),
    `project_id` (deletion), `trust_id` and `OS-OAUTH1:consumer_id` (deletion). It emits nothing
    for a role that is taken away, a project or domain that is disabled, or an application
    credential that is deleted.
    """

    issued_before: datetime
    audit_id: str | None = None
    audit_chain_id: str | None = None
    user_id: str | None = None
    project_id: str | None = None
    role_id: str | None = None
    domain_id: str | None = None
    domain_scope_id: str | None = None
    expires_at: datetime | None = None
    trust_id: str | None = msgspec.field(default=None, name="OS-TRUST:trust_id")
    consumer_id: str | None = msgspec.field(default=None, name="OS-OAUTH1:consumer_id")
    access_token_id: str | None = msgspec.field(default=None, name="OS-OAUTH1:access_token_id")


class _Events(msgspec.Struct):
    events: list[RevocationEvent]


_decoder = msgspec.json.Decoder(_Events)


def events_of(document: bytes) -> list[RevocationEvent]:
    """Read Keystone's list. Raises msgspec.DecodeError if it is not one."""
    return _decoder.decode(document).events


# A facet is a pair (field of the event, value). Those of a token are what it can be found by.
Facet = tuple[str, str]

# From the narrowest: an event's candidates are looked up by the first that it names.
INDEXED = (
    "audit_id",
    "audit_chain_id",
    "trust_id",
    "access_token_id",
    "user_id",
    "consumer_id",
    "project_id",
    "domain_scope_id",
    "domain_id",
)


def facets(principal: Principal) -> frozenset[Facet]:
    """Give everything that an event may name the token by."""
    trust = principal.trust
    pairs: list[tuple[str, str | None]] = [
        ("user_id", principal.user_id),
        ("project_id", principal.project_id),
        ("domain_id", principal.user_domain_id),
        # Keystone leaves a project's domain out of the comparison. To ask again once too often is
        # cheaper than to depend on that.
        ("domain_id", principal.project_domain_id),
        ("domain_id", principal.domain_id),
        ("domain_scope_id", principal.domain_id),
        ("consumer_id", principal.oauth_consumer_id),
        ("access_token_id", principal.oauth_access_token_id),
    ]
    if principal.audit_ids:
        pairs.append(("audit_id", principal.audit_ids[0]))
    if len(principal.audit_ids) > 1:
        pairs.append(("audit_chain_id", principal.audit_ids[-1]))
    if trust is not None:
        pairs += [
            ("trust_id", trust.id),
            ("user_id", trust.trustor_user_id),
            ("user_id", trust.trustee_user_id),
        ]
    return frozenset((name, value) for name, value in pairs if value is not None)


def lookup_facet(event: RevocationEvent) -> Facet | None:
    """Give the facet to find an event's candidates by, or None if all tokens are candidates."""
    for name in INDEXED:
        value = getattr(event, name)
        if value is not None:
            return name, value
    return None


def is_meant(event: RevocationEvent, principal: Principal, found: frozenset[Facet]) -> bool:
    """Tell whether an event revokes a token; `found` are the token's facets."""
    if event.issued_before < principal.issued_at:
        return False
    if any((name, value) not in found for name in INDEXED if (value := getattr(event, name)) is not None):
        return False
    if event.role_id is not None and event.role_id not in principal.role_ids:
        return False
    # Events carry the expiry cut to the second.
    return event.expires_at is None or event.expires_at == principal.expires_at.replace(microsecond=0)
