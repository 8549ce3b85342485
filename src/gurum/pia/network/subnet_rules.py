"""What makes a subnet valid, in Neutron's order and words, and what a zonal cloud makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from gurum.model import addresses
from gurum.model.network import Pool, Subnet
from gurum.pia.network.attributes import UNSET
from gurum.pia.network.capabilities import GATEWAY, SIZE, Capabilities
from gurum.pia.network.faults import fault, invalid_input

MAX_NAMESERVERS = 5  # max_dns_nameservers
EUI64_PREFIX = 64  # RFC 4291, appendix A
MAX_ROUTES = 20  # max_subnet_host_routes


def cidr_of(values: Mapping[str, Any]) -> str:
    """Return the cidr that a POST asks for. Raises the fault if it names none, or a subnet pool: there are none."""
    cidr = values["cidr"]
    has_cidr = cidr is not UNSET and cidr is not None
    pool = values["subnetpool_id"]
    if has_cidr and values["prefixlen"] is not UNSET:
        raise fault("BadRequest", resource="subnets", message="cidr and prefixlen must not be supplied together")
    if pool is not UNSET and pool is not None:
        raise fault("SubnetPoolNotFound", id=pool)
    if values["use_default_subnetpool"]:
        version = values["ip_version"]
        raise fault("BadRequest", resource="subnets", message=f"No default subnetpool found for IPv{version}")
    if not has_cidr:
        raise fault("BadRequest", resource="subnets", message="a subnetpool must be specified in the absence of a cidr")
    try:
        if isinstance(cidr, str):
            return str(ip_network(cidr))
    except ValueError:
        pass
    raise invalid_input(f"{cidr} is not in a CIDR format")


def first_address(cidr: str) -> str:
    """Return the address that a gateway has where nobody says otherwise."""
    network = ip_network(cidr)
    return str(network[1] if network.num_addresses > 1 else network[0])


def validate(
    cidr: str, version: int, values: Mapping[str, Any], can: Capabilities, *, subnet_id: str | None = None
) -> None:
    """Raise the first fault of the values a subnet of that cidr is to have; `subnet_id` of one that is changed."""
    network = ip_network(cidr)
    if network.version != version:
        raise invalid_input(f"cidr '{cidr}' does not match the ip_version '{version}'")
    if values.get("enable_dhcp") and subnet_id is None:
        _dhcp(network)
    gateway = values.get("gateway_ip")
    if gateway:
        _version(gateway, version, "gateway_ip")
        if _not_a_host(network, gateway):
            raise invalid_input("Gateway is not valid on subnet")
    name = subnet_id or "new subnet"
    servers: Sequence[str] = values.get("dns_nameservers") or ()
    for limit in (MAX_NAMESERVERS, can.limit("subnet.dns_nameservers", MAX_NAMESERVERS)):
        if len(servers) > limit:
            raise fault("DNSNameServersExhausted", id=name, limit=limit)
    for server in servers:
        _version(server, version, "dns_nameserver")
    routes: Sequence[Mapping[str, str]] = values.get("host_routes") or ()
    if len(routes) > MAX_ROUTES:
        raise fault("HostRoutesExhausted", id=name, limit=MAX_ROUTES)
    for route in routes:
        _version(route["nexthop"], version, "nexthop")
        _version(route["destination"], version, "destination")
    for mode in ("ipv6_ra_mode", "ipv6_address_mode"):
        if values.get(mode) and version == 4:
            raise invalid_input(f"{mode} is not valid when ip_version is 4")
    if subnet_id is None:
        _modes(network, values)


def automatic(mode: str | None) -> bool:
    """Whether the hosts of a subnet of this ipv6_address_mode make their addresses of their MAC addresses."""
    return mode in ("slaac", "dhcpv6-stateless")


def _modes(network: IPv4Network | IPv6Network, values: Mapping[str, Any]) -> None:
    advertised, address = values.get("ipv6_ra_mode"), values.get("ipv6_address_mode")
    if (advertised or address) and not values.get("enable_dhcp"):
        raise invalid_input("ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False")
    if advertised and address and advertised != address:
        raise invalid_input(
            f"ipv6_ra_mode set to '{advertised}' with ipv6_address_mode set to '{address}' is not valid. If both "
            "attributes are set, they must be the same value"
        )
    if automatic(address) and network.prefixlen != EUI64_PREFIX:
        raise invalid_input(
            f"Invalid CIDR {network} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires "
            f"the prefix to be /{EUI64_PREFIX}"
        )


def _dhcp(network: IPv4Network | IPv6Network) -> None:
    if network.prefixlen > network.max_prefixlen - 2:
        raise invalid_input("Subnet has a prefix length that is incompatible with DHCP service enabled")
    if network.is_multicast:
        raise invalid_input("Multicast IP subnet is not supported if enable_dhcp is True")
    if network.is_loopback:
        raise invalid_input("Loopback IP subnet is not supported if enable_dhcp is True")
    if isinstance(network, IPv4Network) and int(network.network_address) == 0:
        raise invalid_input("First IP '0.0.0.0' of network is not supported if enable_dhcp is True.")


def _version(value: str, version: int, name: str) -> None:
    if ip_network(value, strict=False).version != version:
        raise invalid_input(f"{name} '{value}' does not match the ip_version '{version}'")


def _not_a_host(network: IPv4Network | IPv6Network, address: str) -> bool:
    """Whether the address is the network's own or its broadcast address; one outside the network is allowed."""
    if network.prefixlen >= network.max_prefixlen - 1:
        return False
    value = ip_address(address)
    return value == network.network_address or (value == network.broadcast_address and value.version == 4)


def host_of(cidr: str, address: str) -> bool:
    """Whether a port may have the address in a subnet of that cidr."""
    network = ip_network(cidr)
    return ip_address(address) in network and not _not_a_host(network, address)


def own_gateway(cidr: str, gateway: str | None, can: Capabilities, *, bound: bool) -> None:
    """Raise InvalidInput for a gateway that a cloud with gateways of its own does not have."""
    can.refuse_if(GATEWAY, "gateway_ip", gateway not in (None, first_address(cidr)), bound=bound)


def good_size(cidr: str, can: Capabilities) -> bool:
    """Whether an IPv4 subnet of a zonal cloud can be so large, and so small: between what the region publishes."""
    network = ip_network(cidr)
    shortest = can.limit("subnet.shortest_prefix", addresses.LARGEST)
    longest = can.limit("subnet.longest_prefix", addresses.SMALLEST)
    return network.version != 4 or shortest <= network.prefixlen <= longest


def slices(cidr: str, gateway: str | None, can: Capabilities, *, bound: bool) -> dict[str, str]:
    """Return the parts of a subnet by zone id; none where the region's subnets are not zonal.

    None either of a subnet that is kept although the cloud has none of its size. Raises InvalidInput for what the
    zonal cloud cannot make: a size out of its bounds, another gateway than its own. bound: servers are on the network.
    """
    own_gateway(cidr, gateway, can, bound=bound)
    can.refuse_if(SIZE, "cidr", not good_size(cidr, can), bound=bound)
    if not can.zonal or (can.keeps(SIZE) and not good_size(cidr, can)):
        return {}
    try:
        return addresses.slices(cidr, [zone.id for zone in can.zones])
    except ValueError as error:
        raise invalid_input(f"this value of cidr is not possible in this region: {error}") from None


def given_pools(given: Sequence[Mapping[str, str]], cidr: str, gateway: str | None) -> list[Pool]:
    """Return the pools of a body. Raises Neutron's faults of pools that cannot be meant."""
    wanted = [_pool(pool, cidr) for pool in given]
    _disjoint(wanted, cidr)
    if gateway:
        gateway_outside(gateway, wanted)
    return wanted


def pools(given: Sequence[Pool], cidr: str, gateway: str | None, slices: Mapping[str, str]) -> list[Pool]:
    """Return the allocation pools: those given, cut to what the cloud has, or what there is by default."""
    if not given:
        return addresses.pools(cidr, gateway, slices)
    cut = addresses.clip(given, cidr, gateway, slices)
    if not cut:
        raise invalid_input("allocation_pools hold no address that is usable in this region")
    return cut


def _pool(given: Mapping[str, str], cidr: str) -> Pool:
    network = ip_network(cidr)
    start, end = ip_address(given["start"]), ip_address(given["end"])
    if start.version != end.version or start.version != network.version or int(start) > int(end):
        raise fault("InvalidAllocationPool", pool=dict(given))
    tail = 1 if network.version == 4 else 0
    first, last = int(network.network_address) + 1, int(network.broadcast_address) - tail
    if int(start) < first or int(end) > last:
        raise fault("OutOfBoundsAllocationPool", start=start, end=end, cidr=cidr)
    return Pool(start=str(start), end=str(end))


def _disjoint(pools: Sequence[Pool], cidr: str) -> None:
    for number, first in enumerate(pools):
        for second in pools[number + 1 :]:
            if addresses.overlap(first, second):
                texts = [f"{pool.start}-{pool.end}" for pool in (first, second)]
                raise fault("OverlappingAllocationPools", first=texts[0], second=texts[1], cidr=cidr)


def gateway_outside(gateway: str, pools: Iterable[Pool]) -> None:
    """Raise GatewayConflictWithAllocationPools if a pool holds the gateway's address."""
    for pool in pools:
        if addresses.contains([pool], gateway):
            raise fault("GatewayConflictWithAllocationPools", gateway=gateway, start=pool.start, end=pool.end)


def no_overlap(network_id: str, cidr: str, others: Iterable[Subnet]) -> None:
    """Raise InvalidInput if a subnet of the network overlaps the cidr."""
    wanted = ip_network(cidr)
    if wanted.prefixlen == 0:
        raise invalid_input("0 is not allowed as CIDR prefix length")
    for other in others:
        taken = ip_network(other.spec.cidr)
        if other.spec.network_id == network_id and taken.version == wanted.version and taken.overlaps(wanted):
            raise invalid_input(
                f"Requested subnet with cidr: {cidr} for network: {network_id} overlaps with another subnet"
            )
