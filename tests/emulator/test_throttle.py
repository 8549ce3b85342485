"""Rates per account, region and action."""

from contextlib import suppress

from tests.emulator.cloud import OTHER_ACCOUNT, Cloud, refused

from aws_emulator import Refusal


def _throttled(**more: object) -> Cloud:
    return Cloud(throttle={"enabled": True, **more})


def test_a_bucket_empties_and_refills() -> None:
    cloud = _throttled()
    for _ in range(100):
        cloud("DescribeVpcs")
    with refused("RequestLimitExceeded", 503):
        cloud("DescribeVpcs")
    cloud.wait(0.5)
    for _ in range(10):
        cloud("DescribeVpcs")
    with refused("RequestLimitExceeded", 503):
        cloud("DescribeVpcs")


def test_each_action_account_and_region_has_its_own() -> None:
    cloud = _throttled(requests={"DescribeVpcs": {"capacity": 1, "refill": 1}})
    cloud("DescribeVpcs")
    with refused("RequestLimitExceeded", 503):
        cloud("DescribeVpcs")
    cloud("DescribeSubnets")
    for account, region in ((OTHER_ACCOUNT, "us-east-1"), (cloud.account, "us-west-2")):
        assert cloud.emulator.call("DescribeVpcs", account=account, region=region) == {"Vpcs": []}


def test_launches_pay_for_each_instance() -> None:
    cloud = _throttled(resources={"RunInstances": {"capacity": 10, "refill": 2}})
    subnet = cloud.subnet()
    cloud.launch(subnet, MinCount=10, MaxCount=10)
    with refused("RequestLimitExceeded", 503):
        cloud.launch(subnet)
    cloud.wait(1)
    cloud.launch(subnet, MinCount=2, MaxCount=2)


def test_a_throttled_call_is_in_the_ledger_and_made_nothing() -> None:
    cloud = _throttled(requests={"CreateVpc": {"capacity": 1, "refill": 1}})
    cloud.vpc()
    with refused("RequestLimitExceeded", 503):
        cloud.vpc()
    last = cloud.emulator.ledger()[-1]
    assert (last["throttled"], last["made"], last["outcome"]) == (True, [], "RequestLimitExceeded")
    assert cloud.emulator.summary()["throttled"] == 1


def test_it_can_be_switched_off_and_on_while_running() -> None:
    cloud = Cloud()
    for _ in range(150):
        cloud("DescribeVpcs")
    cloud.emulator.configure({"throttle": {"enabled": True}})
    for _ in range(100):
        cloud("DescribeVpcs")
    with refused("RequestLimitExceeded", 503):
        cloud("DescribeVpcs")


def test_an_untokened_retry_storm_is_served_at_the_documented_rate() -> None:
    cloud = _throttled()
    subnet = cloud.subnet()
    served = 0
    for _ in range(40):
        with suppress(Refusal):
            cloud.launch(subnet)
        outcome = cloud.emulator.ledger()[-1]["outcome"]
        assert outcome in ("ok", "RequestLimitExceeded")
        served += outcome == "ok"
        cloud.wait(0.25)
    # 5 at once, then 2 a second for 10 seconds.
    assert 24 <= served <= 25
