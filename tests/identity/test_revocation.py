"""Which tokens an event means, and that the index finds just those."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gurum.identity.tokens import Principal, Trust
from gurum.identity.tokens.cache import TokenCache, entry_of, key_of
from gurum.identity.tokens.revocation import INDEXED, RevocationEvent, events_of, facets, is_meant

ISSUED = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
EXPIRES = ISSUED + timedelta(hours=1, microseconds=5)

PRINCIPAL = Principal(
    user_id="alice",
    user_name="alice",
    user_domain_id="people",
    project_id="team",
    project_name="team",
    project_domain_id="teams",
    roles=("member",),
    role_ids=("role-member",),
    issued_at=ISSUED,
    expires_at=EXPIRES,
    audit_ids=("own", "chain"),
    trust=Trust(id="trust", trustor_user_id="trustor", trustee_user_id="trustee", impersonation=False),
    oauth_consumer_id="consumer",
    oauth_access_token_id="access",
)


def event(**named: Any) -> RevocationEvent:
    return RevocationEvent(issued_before=named.pop("issued_before", ISSUED), **named)


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"audit_id": "own"},
        {"audit_chain_id": "chain"},
        {"user_id": "alice"},
        {"user_id": "trustor"},
        {"user_id": "trustee"},
        {"project_id": "team"},
        {"role_id": "role-member"},
        {"domain_id": "people"},
        {"domain_id": "teams"},
        {"trust_id": "trust"},
        {"consumer_id": "consumer"},
        {"access_token_id": "access"},
        {"expires_at": EXPIRES.replace(microsecond=0)},
        {"user_id": "alice", "project_id": "team", "role_id": "role-member"},
    ],
)
def test_means(named: dict[str, Any]) -> None:
    assert is_meant(event(**named), PRINCIPAL, facets(PRINCIPAL))


@pytest.mark.parametrize(
    "named",
    [
        {"issued_before": ISSUED - timedelta(microseconds=1)},
        {"audit_id": "chain"},
        {"audit_chain_id": "own"},
        {"user_id": "bob"},
        {"project_id": "alice"},
        {"role_id": "role-admin"},
        {"domain_id": "team"},
        {"domain_scope_id": "people"},
        {"trust_id": "own"},
        {"consumer_id": "access"},
        {"access_token_id": "consumer"},
        {"expires_at": EXPIRES + timedelta(seconds=1)},
        {"user_id": "alice", "project_id": "other"},
        {"user_id": "alice", "role_id": "role-admin"},
    ],
)
def test_spares(named: dict[str, Any]) -> None:
    assert not is_meant(event(**named), PRINCIPAL, facets(PRINCIPAL))


def test_a_domain_scoped_token_is_found_by_its_domain() -> None:
    scoped = msgspec.structs.replace(PRINCIPAL, project_id=None, project_domain_id=None, domain_id="teams")
    found = facets(scoped)
    assert is_meant(event(domain_scope_id="teams"), scoped, found)
    assert is_meant(event(domain_id="teams"), scoped, found)
    assert not is_meant(event(domain_scope_id="people"), scoped, found)


def test_reads_keystones_names_and_ignores_what_it_does_not_know() -> None:
    document = b"""{"events": [{
      "OS-TRUST:trust_id": "t", "OS-OAUTH1:consumer_id": "c", "OS-OAUTH1:access_token_id": "a", "new": 1,
      "issued_before": "2026-11-25T12:00:00.000000Z", "revoked_at": "2026-11-25T12:00:00.000000Z"}], "links": {}}"""
    assert events_of(document) == [event(trust_id="t", consumer_id="c", access_token_id="a")]


names = st.sampled_from(["a", "b", "c"])
optional = st.none() | names
moments = st.integers(0, 3).map(lambda seconds: ISSUED + timedelta(seconds=seconds))
trusts = st.builds(Trust, id=names, trustor_user_id=names, trustee_user_id=names, impersonation=st.booleans())
principals = st.builds(
    Principal,
    user_id=names,
    user_name=st.just("x"),
    user_domain_id=optional,
    project_id=optional,
    project_domain_id=optional,
    domain_id=optional,
    role_ids=st.lists(names, max_size=2).map(tuple),
    issued_at=moments,
    expires_at=moments,
    audit_ids=st.lists(names, min_size=1, max_size=2).map(tuple),
    trust=st.none()
    | st.builds(Trust, id=names, trustor_user_id=names, trustee_user_id=names, impersonation=st.booleans()),
    oauth_consumer_id=optional,
    oauth_access_token_id=optional,
)
events = st.builds(
    RevocationEvent,
    issued_before=moments,
    role_id=optional,
    expires_at=st.none() | moments,
    **dict.fromkeys(INDEXED, optional),
)


@settings(deadline=None)  # how long an example takes is the machine's business
@given(st.lists(principals, max_size=12), events)
def test_the_index_drops_exactly_what_is_meant(tokens: list[Principal], revoked: RevocationEvent) -> None:
    cache = TokenCache(100, 100)
    for number, principal in enumerate(tokens):
        cache.put(key_of(str(number)), entry_of(principal, 0, 1, 1))
    dropped = cache.revoke(revoked)
    for number, principal in enumerate(tokens):
        assert (cache.get(key_of(str(number))) is None) == is_meant(revoked, principal, facets(principal))
    assert dropped == len(tokens) - len(cache)
    assert cache.revoke(revoked) == 0
