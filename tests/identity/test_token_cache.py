"""The cache stays within its bounds, forgets in time, and its index leaves nothing behind."""

from __future__ import annotations

from datetime import UTC, datetime

from gurum.identity.tokens import Principal
from gurum.identity.tokens.cache import Entry, TokenCache, entry_of, key_of

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def entry(name: str, until: float = 100.0) -> Entry:
    principal = Principal(
        user_id=name, user_name=name, user_domain_id="d", issued_at=NOW, expires_at=NOW, audit_ids=(name,)
    )
    return entry_of(principal, 0.0, until, until)


def test_key_does_not_contain_the_token() -> None:
    assert key_of("a") != key_of("b")
    assert len(key_of("a" * 500)) == 32


def test_the_oldest_goes_when_it_is_full() -> None:
    cache = TokenCache(3, 3)
    for name in "abcd":
        cache.put(key_of(name), entry(name))
    assert [cache.get(key_of(name)) is not None for name in "abcd"] == [False, True, True, True]
    assert len(cache) == 3


def test_putting_again_makes_it_the_newest() -> None:
    cache = TokenCache(2, 2)
    for name in "abac":
        cache.put(key_of(name), entry(name))
    assert [cache.get(key_of(name)) is not None for name in "abc"] == [True, False, True]


def test_refusals_are_bounded_and_end() -> None:
    cache = TokenCache(2, 2)
    for name in "abc":
        cache.put_invalid(key_of(name), 10.0)
    assert [cache.is_invalid(key_of(name), 9.9) for name in "abc"] == [False, True, True]
    assert not cache.is_invalid(key_of("c"), 10.0)


def test_an_entry_is_valid_or_refused_but_not_both() -> None:
    cache = TokenCache(2, 2)
    cache.put(key_of("a"), entry("a"))
    cache.put_invalid(key_of("a"), 10.0)
    assert cache.get(key_of("a")) is None
    cache.put(key_of("a"), entry("a"))
    assert not cache.is_invalid(key_of("a"), 0.0)


def test_expiry_empties_everything() -> None:
    cache = TokenCache(9, 9)
    cache.put(key_of("a"), entry("a", until=5.0))
    cache.put(key_of("b"), entry("b", until=7.0))
    cache.put_invalid(key_of("c"), 5.0)
    cache.expire(5.0)
    assert [cache.get(key_of(name)) is not None for name in "ab"] == [False, True]
    cache.expire(7.0)
    assert (cache._valid, cache._invalid, cache._index) == ({}, {}, {})
