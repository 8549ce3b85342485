"""A part of `make attacks` in the default tests: what needs no real Keystone, and that the guards are still there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.attacks import browsers, fetches, tokens
from tests.attacks.forge import claims, signed
from tests.attacks.guards import GUARDS, without
from tests.attacks.local import Local, local
from tests.attacks.rows import bearer
from tests.attacks.run import KINDS, one
from tests.support.federation import prepared

QUICK = ("signature", "audience", "nonce")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with local(*prepared(tmp_path_factory.mktemp("attacks"))) as running:
        yield running


def test_a_good_token_is_taken(site: Local) -> None:
    assert bearer(site, signed(site, claims(site))).status == 201


@pytest.mark.parametrize("kind", [tokens, browsers, fetches])
def test_nothing_is_accepted(site: Local, kind: object) -> None:
    (name,) = (name for name, rows in KINDS.items() if rows is kind.rows)  # type: ignore[attr-defined]  # each has rows
    assert [played.problem for row in KINDS[name]() if (played := one(site, name, row)).problem] == []


def test_every_row_names_a_guard_that_can_be_taken_out() -> None:
    named = {row.guard for rows in KINDS.values() for row in rows()} - {""}
    assert named == GUARDS.keys()
    for guard in GUARDS:
        with without(guard):
            pass


def test_without_a_guard_something_gets_in(tmp_path: Path) -> None:
    for guard in QUICK:
        with without(guard), local(*prepared(tmp_path)) as site:
            played = [one(site, kind, row) for kind, rows in KINDS.items() for row in rows() if row.guard == guard]
            assert any(one.result and one.result.accepted for one in played), guard
