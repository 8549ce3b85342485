"""Address arithmetic: what the API claims must exist in the cloud."""

from __future__ import annotations

import random
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gurum.model import addresses
from gurum.model.network import Pool

ZONES = ["use1-az1", "use1-az2", "use1-az4", "use1-az6"]


def p(*ends: str) -> list[Pool]:
    return [Pool(start=start, end=end) for start, end in (e.split("-") for e in ends)]


@pytest.mark.parametrize(
    ("cidr", "zones", "expected"),
    [
        ("10.0.0.0/24", 4, ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26", "10.0.0.192/26"]),
        ("10.0.0.0/24", 3, ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26"]),
        ("10.0.0.0/24", 1, ["10.0.0.0/24"]),
        ("10.0.0.0/26", 4, ["10.0.0.0/28", "10.0.0.16/28", "10.0.0.32/28", "10.0.0.48/28"]),
        ("10.0.0.0/27", 4, ["10.0.0.0/28", "10.0.0.16/28"]),
        ("10.0.0.0/28", 4, ["10.0.0.0/28"]),
        ("10.0.0.0/16", 2, ["10.0.0.0/17", "10.0.128.0/17"]),
    ],
)
def test_slices(cidr: str, zones: int, expected: list[str]) -> None:
    assert addresses.slices(cidr, ZONES[:zones]) == dict(zip(ZONES, expected, strict=False))


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/29", "10.0.0.0/32", "fd00::/64", "10.0.0.1/24", "x"])
def test_slices_refuses_what_the_cloud_cannot_make(cidr: str) -> None:
    with pytest.raises(ValueError):
        addresses.slices(cidr, ZONES)


def test_slices_without_zones() -> None:
    with pytest.raises(ValueError, match="no zones"):
        addresses.slices("10.0.0.0/24", [])


def test_usable() -> None:
    assert addresses.usable("0.0.0.0/28", head=4, tail=1) == (4, 14)
    with pytest.raises(ValueError, match="no usable"):
        addresses.usable("0.0.0.0/30", head=4, tail=1)


@pytest.mark.parametrize(
    ("cidr", "gateway", "expected"),
    [
        ("10.0.0.0/24", "10.0.0.1", ["10.0.0.2-10.0.0.254"]),
        ("10.0.0.0/24", None, ["10.0.0.1-10.0.0.254"]),
        ("10.0.0.0/24", "10.0.0.9", ["10.0.0.1-10.0.0.8", "10.0.0.10-10.0.0.254"]),
        ("10.0.0.0/24", "10.0.0.254", ["10.0.0.1-10.0.0.253"]),
        ("10.0.0.0/24", "192.168.0.1", ["10.0.0.1-10.0.0.254"]),
        ("10.0.0.0/31", "10.0.0.0", ["10.0.0.1-10.0.0.1"]),
        ("10.0.0.7/32", None, ["10.0.0.7-10.0.0.7"]),
        ("fd00::/64", "fd00::1", ["fd00::2-fd00::ffff:ffff:ffff:ffff"]),
    ],
)
def test_pools_are_neutrons(cidr: str, gateway: str | None, expected: list[str]) -> None:
    assert addresses.pools(cidr, gateway, {}) == p(*expected)


def test_pools_of_slices_lose_what_aws_keeps() -> None:
    cut = addresses.slices("10.0.0.0/24", ZONES)
    assert addresses.pools("10.0.0.0/24", "10.0.0.1", cut) == p(
        "10.0.0.4-10.0.0.62", "10.0.0.68-10.0.0.126", "10.0.0.132-10.0.0.190", "10.0.0.196-10.0.0.254"
    )


def test_clip() -> None:
    cut = addresses.slices("10.0.0.0/24", ZONES)
    given_pools = p("10.0.0.100-10.0.0.140", "10.0.0.2-10.0.0.10")
    assert addresses.clip(given_pools, "10.0.0.0/24", "10.0.0.1", cut) == p(
        "10.0.0.4-10.0.0.10", "10.0.0.100-10.0.0.126", "10.0.0.132-10.0.0.140"
    )
    assert addresses.clip(given_pools, "10.0.0.0/24", "10.0.0.1", {}) == given_pools
    assert addresses.clip(p("10.0.0.64-10.0.0.67"), "10.0.0.0/24", None, cut) == []


def test_zone_of_and_reserved() -> None:
    cut = addresses.slices("10.0.0.0/24", ZONES[:3])
    assert addresses.zone_of("10.0.0.70", cut) == "use1-az2"
    assert addresses.zone_of("10.0.0.200", cut) is None
    assert addresses.zone_of("fd00::1", cut) is None
    kept = [f"10.0.0.{n}" for n in range(192) if addresses.reserved(f"10.0.0.{n}", cut)]
    assert kept == [f"10.0.0.{start + n}" for start in (0, 64, 128) for n in (0, 1, 2, 3, 63)]
    assert addresses.reserved("10.0.0.200", cut)


def test_contains_and_size() -> None:
    both = p("10.0.0.4-10.0.0.62", "10.0.0.70-10.0.0.70")
    assert addresses.contains(both, "10.0.0.62")
    assert not addresses.contains(both, "10.0.0.63")
    assert addresses.size(both) == 60


def test_choose_draws_from_the_first_free_ones() -> None:
    pool = p("10.0.0.4-10.0.0.62")
    assert addresses.choose(pool, set()) == "10.0.0.4"
    drawn = {addresses.choose(pool, {"10.0.0.4"}, rng=random.Random(n)) for n in range(300)}
    assert drawn == {f"10.0.0.{n}" for n in range(5, 15)}


def test_choose_finds_the_last_free_address() -> None:
    pool = p("10.0.0.4-10.0.15.254")
    everything = {str(ip_address(n)) for n in range(int(ip_address("10.0.0.4")), int(ip_address("10.0.15.254")) + 1)}
    assert addresses.choose(pool, everything - {"10.0.9.255"}, rng=random.Random(1)) == "10.0.9.255"
    assert addresses.choose(pool, everything) is None
    assert addresses.choose(pool, everything - {"10.0.9.255"}, exclude={"10.0.9.255"}) is None


def test_choose_within_a_zone() -> None:
    cut = addresses.slices("10.0.0.0/24", ZONES)
    whole = addresses.pools("10.0.0.0/24", None, cut)
    assert addresses.choose(whole, {"10.0.0.132"}, zone_cidr=cut["use1-az4"]) == "10.0.0.133"
    assert addresses.choose(p("10.0.0.4-10.0.0.62"), set(), zone_cidr=cut["use1-az4"]) is None


def test_choose_ipv6() -> None:
    assert addresses.choose(p("fd00::2-fd00::ffff:ffff:ffff:ffff"), {"fd00::2"}) == "fd00::3"


def test_mac() -> None:
    assert addresses.mac(random.Random(1)) != addresses.mac(random.Random(2))
    assert addresses.mac(random.Random(1)).startswith("fa:16:3e:")
    assert len(addresses.mac(random.Random(1))) == 17


@settings(max_examples=60, deadline=None)
@given(prefix=st.integers(16, 28), zones=st.integers(1, 8), base=st.integers(0, 2**16 - 1), gateway=st.integers(0, 15))
def test_slices_and_pools_agree(prefix: int, zones: int, base: int, gateway: int) -> None:
    network = ip_network(((10 << 24) | (base << 8) & (2**32 - 2 ** (32 - prefix)), prefix))
    cut = addresses.slices(str(network), [f"z{n}" for n in range(zones)])
    parts = [ip_network(part) for part in cut.values()]
    assert all(part.subnet_of(network) and part.prefixlen <= 28 for part in parts)  # type: ignore[arg-type]  # both v4
    assert len({part.num_addresses for part in parts}) == 1
    assert len(set(parts)) == len(parts) == min(zones, 2 ** (28 - prefix))
    gw = str(network[gateway])
    whole = addresses.pools(str(network), gw, cut)
    assert not addresses.contains(whole, gw)
    for pool in whole:
        for end in (pool.start, pool.end):
            assert addresses.zone_of(end, cut) is not None
            assert not addresses.reserved(end, cut)
    kept = 1 if not addresses.reserved(gw, cut) else 0
    assert addresses.size(whole) == sum(part.num_addresses - 5 for part in parts) - kept
