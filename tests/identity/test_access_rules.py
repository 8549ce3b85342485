"""Access rules: what a rule's pattern covers, and that everything else is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gurum.identity.tokens import AccessRule, ApplicationCredential, Principal, access_allowed

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def limited(*rules: AccessRule) -> Principal:
    return Principal(
        user_id="u",
        user_name="u",
        user_domain_id="d",
        issued_at=NOW,
        expires_at=NOW,
        audit_ids=("a",),
        application_credential=ApplicationCredential(id="c", access_rules=tuple(rules)),
    )


def test_without_rules_everything_is_allowed() -> None:
    plain = Principal(user_id="u", user_name="u", user_domain_id="d", issued_at=NOW, expires_at=NOW, audit_ids=("a",))
    assert access_allowed(plain, "compute", "DELETE", "/v2.1/servers/1")
    free = Principal(
        user_id="u",
        user_name="u",
        user_domain_id="d",
        issued_at=NOW,
        expires_at=NOW,
        audit_ids=("a",),
        application_credential=ApplicationCredential(id="c"),
    )
    assert access_allowed(free, "compute", "DELETE", "/v2.1/servers/1")


def test_an_empty_list_allows_nothing() -> None:
    assert not access_allowed(limited(), "compute", "GET", "/v2.1/servers")


@pytest.mark.parametrize(
    ("pattern", "path", "allowed"),
    [
        ("/v2.1/servers", "/v2.1/servers", True),
        ("/v2.1/servers", "/v2.1/servers/", False),
        ("/v2.1/servers", "/v2.1/servers/1", False),
        ("/v2.1/servers", "/v2x1/servers", False),
        ("/v2.1/servers", "/x/v2.1/servers", False),
        ("/v2.1/servers", "/v2.1/servers\n", False),
        ("/v2.1/servers/*", "/v2.1/servers/1", True),
        ("/v2.1/servers/*", "/v2.1/servers/", False),
        ("/v2.1/servers/*", "/v2.1/servers/1/action", False),
        ("/v2.1/servers/{server_id}", "/v2.1/servers/1", True),
        ("/v2.1/servers/{server_id}", "/v2.1/servers/1/action", False),
        ("/v2.1/servers/{server_id}/ips", "/v2.1/servers/1/ips", True),
        ("/v2.1/*/x*", "/v2.1/a/xy", True),
        ("/v2.1/**", "/v2.1/servers/1/action", True),
        ("/v2.1/**", "/v2.0/servers", False),
        ("**", "/anything/at/all", True),
        ("/a+b(c)[d]", "/a+b(c)[d]", True),
        ("/a+b(c)[d]", "/aab(c)d", False),
        ("/v1/{", "/v1/{", True),
    ],
)
def test_patterns(pattern: str, path: str, allowed: bool) -> None:
    assert access_allowed(limited(AccessRule("compute", "GET", pattern)), "compute", "GET", path) is allowed


def test_service_and_method_must_be_equal() -> None:
    principal = limited(AccessRule("compute", "GET", "**"), AccessRule("network", "POST", "/v2.0/ports"))
    assert access_allowed(principal, "compute", "GET", "/v2.1/servers")
    assert not access_allowed(principal, "compute", "HEAD", "/v2.1/servers")
    assert not access_allowed(principal, "compute", "POST", "/v2.0/ports")
    assert not access_allowed(principal, "network", "GET", "/v2.0/ports")
    assert access_allowed(principal, "network", "POST", "/v2.0/ports")
