"""Neutron's judgements of single values, and how it reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gurum.pia.kernel.errors import ApiError
from gurum.pia.network import body, convert, protocols
from gurum.pia.network import validators as v
from gurum.pia.network.attributes import Noun
from gurum.pia.network.tables.networks import NETWORK
from gurum.pia.network.tables.ports import PORT
from gurum.pia.network.tables.security_groups import SECURITY_GROUP, SECURITY_GROUP_RULE
from gurum.pia.network.tables.subnets import SUBNET

UID = "11111111-2222-4333-8444-555555555555"
NOUNS = (NETWORK, SUBNET, PORT, SECURITY_GROUP, SECURITY_GROUP_RULE)


@pytest.mark.parametrize(
    ("check", "value", "problem"),
    [
        (v.string(3), "abcd", "'abcd' exceeds maximum length of 3"),
        (v.string(3), 5, "'5' is not a valid string"),
        (v.string(3), "abc", None),
        (v.one_of(("a", "b")), "c", "c is not in valid_values"),
        (v.optional(v.string()), None, None),
        (v.uuid_like, UID, None),
        (v.uuid_like, UID.replace("-", "").upper(), None),
        (v.uuid_like, "x", "'x' is not a valid UUID"),
        (v.uuid_like, None, "'None' is not a valid UUID"),
        (v.mac_address, "01:00:5e:00:00:01", None),
        (v.mac_address, "00:00:00:00:00:00", "'00:00:00:00:00:00' is not a valid MAC address"),
        (v.mac_address, "x", "'x' is not a valid MAC address"),
        (v.address, "10.0.0.1 ", "'10.0.0.1 ' is not a valid IP address"),
        (v.address, "10.0.01", "'10.0.01' is not a valid IP address"),
        (v.address, "fe80::1%eth0", "'fe80::1%eth0' is not a valid IP address"),
        (v.address, 5, "'5' is not a valid IP address"),
        (v.subnet, "10.0.0.0/8", None),
        (v.subnet, "10.0.0.0", "'10.0.0.0' isn't a recognized IP subnet cidr, '10.0.0.0/32' is recommended"),
        (v.subnet, "x/8", "'x/8' is not a valid IP subnet"),
        (v.nameservers, "8", "'8' is not a valid nameserver. '8' is not a valid IP address"),
        (v.nameservers, ["8.8.8.8", "8.8.8.8"], "Duplicate nameserver '8.8.8.8'"),
        (v.nameservers, 5, "Invalid data format for nameserver: '5'"),
        (v.allocation_pools, "x", "Invalid data format for IP pool: 'x'"),
        (
            v.allocation_pools,
            [{"start": "10.0.0.1"}],
            "Validation of dictionary's keys failed. Expected keys: {'end', 'start'} Provided keys: {'start'}",
        ),
        (v.host_routes, [5], "Invalid input. '5' must be a dictionary with keys: ['destination', 'nexthop']"),
        (v.fixed_ips, [5], "Invalid data format for fixed IP: '5'"),
        (v.service_types, ["x"], "Subnet service type 'x' does not correspond to a valid device owner"),
        (v.service_types, "x", "Subnet service types must be a list, found 'str'"),
    ],
)
def test_validators(check: v.Validator, value: Any, problem: str | None) -> None:
    assert check(value) == problem


@pytest.mark.parametrize(
    ("pairs", "type_", "message"),
    [
        ("x", "HTTPBadRequest", "Allowed address pairs must be a list."),
        ([{"mac_address": "x"}], "AllowedAddressPairsMissingIP", "AllowedAddressPair must contain ip_address"),
        ([{"ip_address": "x"}], "HTTPBadRequest", "'x' is not a valid IP address"),
        ([{"ip_address": "10.0.0.0/99"}], "HTTPBadRequest", "'10.0.0.0/99' is not a valid IP subnet"),
        ([{"ip_address": "10.0.0.1", "x": 1}], "HTTPBadRequest", "Unrecognized attribute(s) 'x'"),
        ([{"ip_address": "10.0.0.1", "mac_address": "x"}], "HTTPBadRequest", "'x' is not a valid MAC address"),
        (
            [{"ip_address": "10.0.0.1"}] * 2,
            "DuplicateAddressPairInRequest",
            "Request contains duplicate address pair: mac_address None ip_address 10.0.0.1.",
        ),
    ],
)
def test_address_pairs(pairs: Any, type_: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        v.address_pairs(pairs)
    assert (caught.value.type, caught.value.message) == (type_, message)


@pytest.mark.parametrize(
    "options",
    [
        "x",
        ["x"],
        [{"opt_name": "", "opt_value": "x"}],
        [{"opt_name": "a"}],
        [{"opt_name": "a", "opt_value": "b", "c": 1}],
        [{"opt_name": "a", "opt_value": "b", "ip_version": 5}],
    ],
)
def test_dhcp_options(options: Any) -> None:
    with pytest.raises(ApiError) as caught:
        v.dhcp_options(options)
    assert caught.value.type == "InvalidInput"


@pytest.mark.parametrize(("value", "truth"), [(True, True), ("TRUE", True), (1, True), ("0", False), ("false", False)])
def test_booleans(value: Any, truth: bool) -> None:
    assert convert.boolean(value) is truth


@pytest.mark.parametrize("value", [None, 2, "yes", [], 1.0])
def test_no_booleans(value: Any) -> None:
    with pytest.raises(ApiError):
        convert.boolean(value)


def test_the_refusal_of_a_protocol_lists_them_in_neutrons_order() -> None:
    with pytest.raises(ApiError) as caught:
        protocols.canonical("nope")
    assert "(None, 'any', 'ah', 'dccp'," in caught.value.message
    assert caught.value.message.endswith("'vrrp') and integer representations [0 to 255] are supported.")


def test_required_attributes_are_asked_for_in_order() -> None:
    with pytest.raises(ApiError, match="Required attribute 'ip_version' not specified"):
        body.for_create(SUBNET, {"network_id": UID}, "p")
    with pytest.raises(ApiError, match="Required attribute 'network_id' not specified"):
        body.for_create(PORT, {}, "p")


def test_what_a_body_writes_is_named_as_policy_knows_it() -> None:
    item = {"tenant_id": "a", "project_id": "a", "fixed_ips": [{"subnet_id": UID}, {"ip_address": "x", "y": 1}]}
    assert body.written(item) == ["tenant_id", "fixed_ips", "fixed_ips:subnet_id", "fixed_ips:ip_address"]


texts = st.text("ab1:./-", max_size=8)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
bodies = st.sampled_from(NOUNS).flatmap(
    lambda noun: st.tuples(
        st.just(noun),
        st.dictionaries(st.sampled_from([row.name for row in noun.rows if row.post]), json, max_size=3),
    )
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies)
def test_no_value_of_an_attribute_is_more_than_a_refusal(drawn: tuple[Noun, dict[str, Any]]) -> None:
    """Whatever JSON an attribute has, it is taken or refused with a 4xx; never an error of ours."""
    noun, item = drawn
    statuses = set()
    reads: tuple[Callable[[], object], ...] = (
        lambda: body.for_create(noun, item, "p"),
        lambda: body.for_update(noun, item),
    )
    for read in reads:
        try:
            read()
        except ApiError as error:
            statuses.add(error.status)
    assert all(400 <= status < 500 for status in statuses)
