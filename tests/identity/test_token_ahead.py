"""Entries in use are renewed before they end, and end when they would have ended if they cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.identity.fake_keystone import Clock, FakeKeystone

from gurum.identity.session import PasswordAuth
from gurum.identity.tokens import IdentityUnavailable, TokenInvalid, TokenValidator, ValidatorSettings

# No polls but those of the test; renewed from the 45th second on.
SETTINGS = ValidatorSettings(cache_seconds=60, poll_seconds=3000, blind_seconds=4000, ahead=0.25, ahead_at_once=2)


@pytest.fixture
async def validator(fake: FakeKeystone, service: PasswordAuth, clock: Clock) -> AsyncIterator[TokenValidator]:
    async with TokenValidator(service, SETTINGS, monotonic=clock, sleep=clock.sleep) as entered:
        yield entered


async def idle(validator: TokenValidator) -> None:
    """Wait until no question is under way."""
    await asyncio.gather(*validator._asking.values(), return_exceptions=True)
    await asyncio.sleep(0)


async def test_a_token_in_use_never_waits_again(fake: FakeKeystone, validator: TokenValidator, clock: Clock) -> None:
    token = fake.issue("alice")
    await validator.validate(token)
    for _ in range(40):  # ten minutes
        clock.advance(15)
        assert validator.cached(token) is not None
        await idle(validator)
    assert validator.counters.asked == fake.validations == 1 + validator.counters.ahead
    assert validator.counters.ahead == 13  # every 45 s


async def test_a_token_that_is_not_used_is_not_asked_about(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    token = fake.issue("alice")
    await validator.validate(token)
    clock.advance(44.5)
    assert validator.cached(token) is not None
    await idle(validator)
    clock.advance(16)
    assert validator.cached(token) is None
    assert fake.validations == 1


async def test_what_was_learned_ahead_holds_at_once(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    token = fake.issue("alice")
    await validator.validate(token)
    fake.tokens[token]["roles"] = [{"id": "role-reader", "name": "reader"}]
    clock.advance(50)
    first = validator.cached(token)
    assert first is not None
    assert first.roles == ("member", "reader")
    await idle(validator)
    second = validator.cached(token)
    assert second is not None
    assert second.roles == ("reader",)


async def test_a_token_found_dead_ahead_of_time_is_dead(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    token = fake.issue("alice")
    await validator.validate(token)
    del fake.tokens[token]  # without an event
    clock.advance(50)
    assert validator.cached(token) is not None
    await idle(validator)
    assert validator.cached(token) is None
    with pytest.raises(TokenInvalid):
        await validator.validate(token)


async def test_without_an_answer_the_entry_ends_when_it_would_have(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    token = fake.issue("alice")
    await validator.validate(token)
    fake.status = 503
    clock.advance(50)
    for _ in range(9):
        assert validator.cached(token) is not None
        await idle(validator)
        clock.advance(1)
    clock.advance(1)
    assert validator.cached(token) is None
    with pytest.raises(IdentityUnavailable):
        await validator.validate(token)


async def test_a_revocation_ends_what_is_being_renewed(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    token = fake.issue("alice")
    await validator.validate(token)
    clock.advance(50)
    fake.open.clear()
    assert validator.cached(token) is not None
    await fake.held.wait()
    fake.revoke(token)
    await validator.poll()
    assert validator.cached(token) is None
    fake.open.set()
    await idle(validator)
    assert validator.cached(token) is None


async def test_who_needs_the_answer_shares_the_question_and_few_are_asked_at_once(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    tokens = [fake.issue(name) for name in ("alice", "bob", "carol")]
    for token in tokens:
        await validator.validate(token)
    clock.advance(50)
    fake.open.clear()
    for token in tokens * 3:
        assert validator.cached(token) is not None
    assert (validator.counters.ahead, len(validator._asking)) == (2, 2)
    clock.advance(11)  # over: now somebody waits, for the question that is under way
    waiting = asyncio.create_task(validator.validate(tokens[0]))
    await asyncio.sleep(0)
    fake.open.set()
    assert (await waiting).user_name == "alice"
    assert validator.counters.shared == 1
    await idle(validator)
    assert validator._ahead == set()


async def test_what_ends_with_its_token_is_not_asked_about_again_and_again(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    fake.token_life = 30
    token = fake.issue("alice")
    await validator.validate(token)
    for _ in range(20):
        clock.advance(1)
        assert validator.cached(token) is not None
        await idle(validator)
    assert fake.validations == 1
