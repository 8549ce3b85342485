"""Too many requests are refused in each service's own words, and the next one in time is served."""

from __future__ import annotations

import pytest
from tests.support.pia import USERS, Kit, ManualClock

from gurum.ops.config import PiaConfig, RateLimitConfig
from gurum.pia.kernel.rate import MOST, Buckets
from gurum.pia.services import SERVICES


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    clock = ManualClock()
    buckets = Buckets(2.0, 3.0, clock)
    assert [buckets.take("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert buckets.take("a") == pytest.approx(0.5, rel=1e-3)
    assert buckets.take("b") == 0.0  # each has its own
    clock.ahead(0.5)
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0.0
    clock.ahead(3600)
    assert [buckets.take("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_full_buckets_are_forgotten() -> None:
    clock = ManualClock()
    buckets = Buckets(1.0, 1.0, clock)
    for number in range(MOST):
        buckets.take(str(number))
    clock.ahead(10)
    buckets.take("one more")
    assert len(buckets._full_at) == 1


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/compute/v2.1/servers", "overLimit"),
        ("/network/v2.0/networks", "NeutronError"),
        ("/image/v2/images", "429"),
    ],
)
async def test_the_service_s_own_shape(path: str, fault: str) -> None:
    limits = RateLimitConfig(user_per_second=0.5, user_burst=2.0)
    kit = Kit(SERVICES, config=PiaConfig(rate_limit=limits))
    await kit.cache.start()
    assert [(await kit.call("GET", path)).status for _ in range(2)] == [200, 200]
    refused = await kit.call("GET", path)
    assert (refused.status, refused.headers["retry-after"]) == (429, "2")
    assert fault in refused.body.decode()
    assert "rate-limited" in refused.body.decode()
    kit.clock.ahead(2)
    assert (await kit.call("GET", path)).status == 200
    await kit.cache.stop()


async def test_a_project_s_limit_is_shared_by_its_users_and_nobody_else_s() -> None:
    limits = RateLimitConfig(project_per_second=0.1, project_burst=2.0)
    kit = Kit(SERVICES, config=PiaConfig(rate_limit=limits))
    await kit.cache.start()
    path = "/compute/v2.1/servers"
    statuses = [(await kit.call("GET", path, token=who)).status for who in ("member", "reader", "member")]
    assert statuses == [200, 200, 429]
    other = next(name for name in USERS if name not in ("member", "reader", "manager", "admin"))
    assert (await kit.call("GET", path, token=other)).status != 429
    # What needs no token is not counted: clients look at versions first.
    assert (await kit.call("GET", "/compute/", token=None)).status == 200
    await kit.cache.stop()


async def test_off_unless_configured() -> None:
    kit = Kit(SERVICES)
    await kit.cache.start()
    assert {(await kit.call("GET", "/compute/v2.1/servers")).status for _ in range(80)} == {200}
    await kit.cache.stop()
