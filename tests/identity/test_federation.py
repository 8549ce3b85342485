"""Keystone with its two providers: who logs in how, what they get.

Short: `make federation` and `make attacks` are the whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.attacks.forge import claims, signed
from tests.attacks.providers import rows as provider_rows
from tests.attacks.rows import bearer
from tests.federation.flows import ALICE, BOB, CAROL, FLOWS, Who, login, password, wanted
from tests.support.federation import Site, running

from gurum.identity.catalogue import ensure
from gurum.supervisor import people

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("federation")) as running_site:
        yield running_site


@pytest.mark.parametrize(
    ("flow", "who"),
    [
        ("v3oidcpassword", BOB),
        ("v3oidcclientcredentials", ALICE),
        ("v3oidcauthcode", CAROL),
        ("v3oidcaccesstoken", ALICE),
    ],
)
def test_stock_plugins_log_in(site: Site, flow: str, who: Who) -> None:
    expected = who if flow != "v3oidcclientcredentials" else wanted(flow, who.provider)
    assert login(FLOWS[flow](site, who)).problems(expected) == []


def test_a_partner_gets_nothing_of_the_staff(site: Site) -> None:
    plugin = password(site, Who("public", "carol", "staff", "team-media", frozenset()))
    with pytest.raises(Exception, match="HTTP 401"):  # keystoneauth's Unauthorized
        login(plugin)


def test_a_signed_token_that_its_provider_does_not_know_is_refused(site: Site) -> None:
    """With whatever claims: what a front hands on that does not ask is `tests.attacks`."""
    smuggled = [row for row in provider_rows() if row.guard == "claims"]
    assert len(smuggled) == 4
    assert [(found.status, found.accepted) for found in (row.attempt(site) for row in smuggled)] == [(401, False)] * 4


def test_a_token_that_was_made_elsewhere_is_refused_and_says_why_in_the_log_only(site: Site) -> None:
    token = signed(site, claims(site, aud="https://elsewhere.test"))
    assert bearer(site, token).status == 401
    assert "for another audience" in site.log
    assert token not in site.log


def test_a_second_start_changes_nothing(site: Site) -> None:
    assert asyncio.run(ensure(site.admin, people.catalogue(site.config, site.places))) == []


def test_no_password_is_where_others_look(site: Site, tmp_path: Path) -> None:
    stored = (site.places.state / "providers" / "private" / "people.yaml").read_text()
    shown = [stored, site.places.providers_config.read_text(), site.places.keystone_config.read_text(), site.log]
    for name in ("alice", "bob", "private-robot", "private-keystone", "private-code"):
        assert not any(site.secret(name) in text for text in shown), name
