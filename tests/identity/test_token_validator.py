"""The validator against a fake Keystone: what it asks, what it keeps, when it refuses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from tests.identity.fake_keystone import SERVICE_PASSWORD, Clock, FakeKeystone

from gurum.identity.session import PasswordAuth
from gurum.identity.tokens import (
    IdentityUnavailable,
    ServiceLoginRefused,
    TokenInvalid,
    TokenValidator,
    ValidatorSettings,
    www_authenticate,
)
from gurum.ops import secrets
from gurum.ops.config import IdentityConfig

SETTINGS = ValidatorSettings(cache_seconds=60, poll_seconds=2, blind_seconds=10, invalid_seconds=5)


@pytest.fixture
async def validator(fake: FakeKeystone, service: PasswordAuth, clock: Clock) -> AsyncIterator[TokenValidator]:
    async with TokenValidator(service, SETTINGS, monotonic=clock, sleep=clock.sleep) as entered:
        yield entered


async def test_gives_the_principal_and_asks_once(fake: FakeKeystone, validator: TokenValidator) -> None:
    token = fake.issue("alice")
    first = await validator.validate(token)
    second = await validator.validate(token)
    assert first is second
    assert (first.user_id, first.project_id, first.roles) == ("user-alice", "project-alice", ("member", "reader"))
    assert fake.validations == 1
    assert (validator.counters.asked, validator.counters.hits) == (1, 1)


async def test_identical_misses_share_one_question(fake: FakeKeystone, validator: TokenValidator) -> None:
    token = fake.issue("alice")
    fake.open.clear()
    waiting = [asyncio.create_task(validator.validate(token)) for _ in range(10)]
    await fake.held.wait()
    # One that goes away leaves the others their answer.
    waiting[0].cancel()
    fake.open.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert {answer.user_id for answer in answers[1:] if not isinstance(answer, BaseException)} == {"user-alice"}
    assert (fake.validations, validator.counters.shared) == (1, 9)


async def test_an_unknown_token_is_refused_and_remembered_briefly(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    for _ in range(3):
        with pytest.raises(TokenInvalid):
            await validator.validate("nobody-knows-this")
    assert fake.validations == 1
    clock.advance(5)
    with pytest.raises(TokenInvalid):
        await validator.validate("nobody-knows-this")
    assert fake.validations == 2


@pytest.mark.parametrize("token", ["", " ", "a b", "a\r\nX-Auth-Token: b", "토큰", "x" * 8193])
async def test_what_cannot_be_a_token_is_not_sent(fake: FakeKeystone, validator: TokenValidator, token: str) -> None:
    with pytest.raises(TokenInvalid):
        await validator.validate(token)
    assert fake.validations == 0


async def test_asks_again_when_the_entry_is_old(fake: FakeKeystone, validator: TokenValidator, clock: Clock) -> None:
    token = fake.issue("alice")
    await validator.validate(token)
    for _ in range(7):
        clock.advance(8)
        await validator.poll()
    assert validator.cached(token) is not None
    clock.advance(4)
    assert validator.cached(token) is None
    fake.tokens[token]["roles"] = [{"id": "role-reader", "name": "reader"}]
    assert (await validator.validate(token)).roles == ("reader",)
    assert fake.validations == 2


@pytest.mark.parametrize("skew", [0.0, 0.1, 0.9, -500.25, 500.5])
async def test_never_outlives_the_token_whatever_keystones_clock_says(
    fake: FakeKeystone, service: PasswordAuth, clock: Clock, skew: float
) -> None:
    fake.skew = skew
    async with TokenValidator(service, SETTINGS, monotonic=clock, sleep=clock.sleep) as validator:
        fake.token_life = 7
        token = fake.issue("alice")
        expiry = float(int(fake.server_now())) + 7
        await validator.validate(token)
        while validator.cached(token) is not None:
            assert fake.server_now() < expiry
            clock.advance(0.125)
        assert fake.server_now() > expiry - 2


async def test_a_revoked_token_is_gone_after_the_next_poll(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    token, other = fake.issue("alice"), fake.issue("bob")
    await validator.validate(token)
    await validator.validate(other)
    clock.advance(1)
    fake.revoke(token)
    assert (await validator.validate(token)).user_id == "user-alice"  # the window: not yet polled
    await clock.advance_and_settle(1)
    with pytest.raises(TokenInvalid):
        await validator.validate(token)
    assert validator.cached(other) is not None
    assert validator.counters.revoked == 1


async def test_an_event_older_than_the_token_spares_it(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    fake.announce(user_id="user-alice")
    clock.advance(2)
    token = fake.issue("alice")
    await validator.validate(token)
    await validator.poll()
    assert validator.cached(token) is not None


async def test_a_revocation_that_overtakes_the_answer_keeps_it_out_of_the_cache(
    fake: FakeKeystone, validator: TokenValidator
) -> None:
    token = fake.issue("alice")
    fake.open.clear()
    asking = asyncio.create_task(validator.validate(token))
    await fake.held.wait()
    fake.revoke(token)
    await validator.poll()
    fake.open.set()
    assert (await asking).user_id == "user-alice"  # it was valid when Keystone was asked
    with pytest.raises(TokenInvalid):
        await validator.validate(token)


async def test_a_very_late_answer_is_not_kept(fake: FakeKeystone, validator: TokenValidator, clock: Clock) -> None:
    token = fake.issue("alice")
    fake.open.clear()
    asking = asyncio.create_task(validator.validate(token))
    await fake.held.wait()
    clock.advance(9)
    fake.open.set()
    await asking
    assert validator.cached(token) is None


async def test_events_are_asked_for_with_overlap_and_in_keystones_time(
    fake: FakeKeystone, service: PasswordAuth, clock: Clock
) -> None:
    fake.skew = -1000.0
    async with TokenValidator(service, SETTINGS, monotonic=clock, sleep=clock.sleep) as validator:
        clock.advance(100)
        await validator.poll()
        clock.advance(1)
        await validator.poll()
    # Keystone's clock stood at epoch + 0, then + 100; 15 s of overlap each.
    assert fake.polls == [
        "2027-01-15T07:59:45.000000Z",
        "2027-01-15T07:59:45.000000Z",
        "2027-01-15T08:01:25.000000Z",
    ]


async def test_events_are_found_after_keystones_clock_was_set_back(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    fake.skew -= 3000
    await validator.poll()
    token = fake.issue("alice")
    await validator.validate(token)
    fake.revoke(token)
    await validator.poll()
    with pytest.raises(TokenInvalid):
        await validator.validate(token)


async def test_without_events_nothing_older_than_the_bound_is_believed(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    token = fake.issue("alice")
    await validator.validate(token)
    fake.events_status = 503
    for _ in range(5):
        await clock.advance_and_settle(2)
    assert validator.cached(token) is not None
    clock.advance(0.5)
    assert validator.cached(token) is None
    # Keystone itself answers: the token is good for another ten seconds.
    assert (await validator.validate(token)).user_id == "user-alice"
    assert validator.cached(token) is not None
    fake.events_status = None
    await clock.advance_and_settle(2)
    assert (validator.counters.failed_polls, validator.counters.polls) == (5, 2)


@pytest.mark.parametrize("status", [500, 502, 503, 429, 403, 418])
async def test_is_closed_while_keystone_gives_no_usable_answer(
    fake: FakeKeystone, validator: TokenValidator, status: int
) -> None:
    token = fake.issue("alice")
    fake.status = status
    with pytest.raises(IdentityUnavailable):
        await validator.validate(token)
    fake.status = None
    # A failure is not remembered as a refusal.
    assert (await validator.validate(token)).user_id == "user-alice"


async def test_a_front_end_that_lost_keystone_logs_nobody_out(fake: FakeKeystone, validator: TokenValidator) -> None:
    token = fake.issue("alice")
    fake.lost = True
    with pytest.raises(IdentityUnavailable):
        await validator.validate(token)
    fake.lost = False
    assert (await validator.validate(token)).user_id == "user-alice"


async def test_is_closed_when_nobody_listens(service: PasswordAuth, fake: FakeKeystone, clock: Clock) -> None:
    dead = PasswordAuth(auth_url="http://127.0.0.1:1/v3", username="gurum", password_file=service.password_file)
    with pytest.raises(IdentityUnavailable, match="no answer"):
        async with TokenValidator(dead, SETTINGS, monotonic=clock, sleep=clock.sleep):
            raise AssertionError("entered without a Keystone")


async def test_a_refused_own_token_costs_one_login(fake: FakeKeystone, validator: TokenValidator) -> None:
    token = fake.issue("alice")
    fake.own_tokens.clear()
    assert (await validator.validate(token)).user_id == "user-alice"
    assert fake.logins == 2


async def test_a_token_that_dies_in_its_first_second_is_replaced_in_the_next(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    token = fake.issue("alice")
    fake.stillborn = 1
    fake.own_tokens.clear()
    asking = asyncio.create_task(validator.validate(token))
    await clock.until_somebody_sleeps(1.05)
    clock.advance(1.05)
    assert (await asking).user_id == "user-alice"
    assert fake.logins == 3


async def test_own_tokens_that_are_never_accepted_end_in_unavailable(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    fake.stillborn = 99
    fake.own_tokens.clear()
    asking = asyncio.create_task(validator.validate(fake.issue("alice")))
    await clock.until_somebody_sleeps(1.05)
    clock.advance(1.05)
    with pytest.raises(ServiceLoginRefused):
        await asking
    assert fake.logins == 3


async def test_own_token_is_renewed_before_it_expires(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock
) -> None:
    clock.advance(3600 - 121)
    await validator.poll()
    assert fake.logins == 1
    clock.advance(2)
    await asyncio.gather(*(validator.poll() for _ in range(5)))
    assert fake.logins == 2


async def test_a_wrong_service_password_is_tried_rarely(
    fake: FakeKeystone, validator: TokenValidator, clock: Clock, service: PasswordAuth
) -> None:
    token = fake.issue("alice")
    fake.own_tokens.clear()
    fake.password = "changed-by-somebody"
    for _ in range(5):
        with pytest.raises(ServiceLoginRefused):
            await validator.validate(token)
    assert fake.logins == 2
    # The operator mends the file; no restart is needed.
    secrets.write(service.password_file, "changed-by-somebody")
    clock.advance(5)
    assert (await validator.validate(token)).user_id == "user-alice"


async def test_a_readable_password_file_is_refused(service: PasswordAuth, clock: Clock) -> None:
    service.password_file.chmod(0o644)
    with pytest.raises(ServiceLoginRefused, match="0644"):
        async with TokenValidator(service, SETTINGS, monotonic=clock, sleep=clock.sleep):
            raise AssertionError("entered with a readable password")


async def test_nothing_secret_in_texts(
    fake: FakeKeystone, service: PasswordAuth, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    async with TokenValidator(service, SETTINGS, monotonic=clock, sleep=clock.sleep) as validator:
        token = fake.issue("alice")
        texts += [repr(await validator.validate(token)), repr(vars(validator)), repr(vars(validator._session))]
        texts += [repr(vars(validator._cache))]
        for status in (500, 403):
            fake.status = status
            with pytest.raises(IdentityUnavailable) as caught:
                await validator.validate(token + "x")
            texts.append(repr(caught.value) + str(caught.value.__cause__))
        fake.status = None
        with pytest.raises(TokenInvalid) as refused:
            await validator.validate(token + "y")
        texts.append(repr(refused.value))
    texts += [record.getMessage() for record in caplog.records]
    for text in texts:
        assert token not in text
        assert SERVICE_PASSWORD not in text
        assert "own-1" not in text


@pytest.mark.parametrize("url", ["http://k:5000/v3", "http://k:5000/v3/", "http://k:5000", "http://k:5000/"])
def test_www_authenticate(url: str) -> None:
    assert www_authenticate(url) == 'Keystone uri="http://k:5000"'


async def test_is_made_from_the_configuration(fake: FakeKeystone, service: PasswordAuth) -> None:
    config = IdentityConfig(url=fake.auth_url, service_password_file=str(service.password_file), token_cache_seconds=7)
    async with TokenValidator.of(config) as validator:
        assert (await validator.validate(fake.issue("alice"))).user_name == "alice"
    assert (validator.settings.cache_seconds, validator.settings.poll_seconds) == (7, 2)


def test_settings_that_never_use_the_cache_are_refused() -> None:
    with pytest.raises(ValueError, match="blind_seconds"):
        ValidatorSettings(poll_seconds=10, blind_seconds=10)
