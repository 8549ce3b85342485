"""Pure address arithmetic: which addresses a subnet has, in which zone they lie, which one to give out next.

It exists because the API and the controllers must agree to the address: the API claims an address for a port before
any cloud has heard of it, and a controller claims one again when a server moves on to another zone. Were the sums done
twice, a port could hold an address that its cloud subnet does not have.

Where the cloud's subnets are zonal (AWS), a subnet is cut into equal slices, one a zone, and each slice loses its
first four addresses and its last one (Amazon VPC user guide, "Subnet sizing": network, router, DNS, future use,
broadcast). Nothing here talks to anything; ValueError is the only error, and its message is for the caller to reword.
"""

from __future__ import annotations

import random
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from gurum.model.network import Pool

HEAD, TAIL = 4, 1  # what AWS keeps of every subnet: the first four addresses and the last one
LARGEST, SMALLEST = 16, 28  # prefix lengths of an AWS subnet and of the block of a VPC
WINDOW = 10  # how many of the first free addresses one is drawn from

_OCTETS = tuple(str(octet) for octet in range(256))


def slices(cidr: str, zones: Sequence[str]) -> dict[str, str]:
    """Return zone id -> its part of `cidr`: equal power-of-two parts, in the order of `zones`.

    A part is never smaller than /28, so a small network has room for the first few zones only, a /28 for one.
    Parts beyond the number of zones stay unused. Raises ValueError for what AWS cannot make: IPv6, larger than /16,
    smaller than /28, no zones.
    """
    network = ip_network(cidr)
    if isinstance(network, IPv6Network):
        raise ValueError(f"{cidr} is not IPv4")
    if not LARGEST <= network.prefixlen <= SMALLEST:
        raise ValueError(f"{cidr} is not between /{LARGEST} and /{SMALLEST}")
    if not zones:
        raise ValueError("there are no zones")
    bits = min((len(zones) - 1).bit_length(), SMALLEST - network.prefixlen)
    # subnets() yields 2**bits parts; where that is fewer than the zones, the last zones go without.
    return {zone: str(part) for zone, part in zip(zones, network.subnets(prefixlen_diff=bits), strict=False)}


def usable(cidr: str, *, head: int, tail: int) -> tuple[int, int]:
    """Return the first and the last usable address as integers, without `head` at the start and `tail` at the end.

    Raises ValueError when nothing is left.
    """
    network = ip_network(cidr)
    first, last = int(network.network_address) + head, int(network.broadcast_address) - tail
    if first > last:
        raise ValueError(f"{cidr} has no usable address")
    return first, last


def pools(cidr: str, gateway: str | None, slices: Mapping[str, str]) -> list[Pool]:
    """Return the allocation pools of a subnet nobody gave pools for, never holding `gateway`.

    Without slices Neutron's own: everything but network and broadcast address (IPv6: but the first address; two and
    one address networks: everything). With slices: of each what AWS lets instances have.
    """
    parse = _parser(cidr)
    if slices:
        ranges = [usable(part, head=HEAD, tail=TAIL) for part in slices.values()]
    else:
        network = ip_network(cidr)
        tiny = network.prefixlen >= network.max_prefixlen - 1
        tail = 0 if isinstance(network, IPv6Network) else 1
        ranges = [usable(cidr, head=0, tail=0) if tiny else usable(cidr, head=1, tail=tail)]
    without = int(ip_address(gateway)) if gateway else None
    return [
        Pool(start=str(parse(first)), end=str(parse(last)))
        for whole in sorted(ranges)
        for first, last in _split(whole, without)
    ]


def clip(given: Iterable[Pool], cidr: str, gateway: str | None, slices: Mapping[str, str]) -> list[Pool]:
    """Return the pools a user gave, cut to what the cloud really has; without slices, as they are.

    Sorted by address; empty when nothing of them is usable.
    """
    if not slices:
        return list(given)
    parse = _parser(cidr)
    real = [_bounds(pool) for pool in pools(cidr, gateway, slices)]
    cut = [
        (max(first, start), min(last, end))
        for start, end in map(_bounds, given)
        for first, last in real
        if max(first, start) <= min(last, end)
    ]
    return [Pool(start=str(parse(first)), end=str(parse(last))) for first, last in sorted(cut)]


def zone_of(address: str, slices: Mapping[str, str]) -> str | None:
    """Return the id of the zone whose slice holds the address, None when none does."""
    number = ip_address(address)
    return next((zone for zone, part in slices.items() if number in ip_network(part)), None)


def reserved(address: str, slices: Mapping[str, str]) -> bool:
    """Whether the cloud keeps this address for itself, or it lies in no zone at all."""
    zone = zone_of(address, slices)
    if zone is None:
        return True
    first, last = usable(slices[zone], head=HEAD, tail=TAIL)
    return not first <= int(ip_address(address)) <= last


def contains(pools: Iterable[Pool], address: str) -> bool:
    """Whether one of the pools holds the address."""
    number = int(ip_address(address))
    return any(first <= number <= last for first, last in map(_bounds, pools))


def overlap(first: Pool, second: Pool) -> bool:
    """Whether the pools have an address in common."""
    (low, high), (start, end) = _bounds(first), _bounds(second)
    return low <= end and start <= high


def size(pools: Iterable[Pool]) -> int:
    """Return how many addresses the pools hold together."""
    return sum(last - first + 1 for first, last in map(_bounds, pools))


def choose(
    pools: Iterable[Pool],
    taken: Container[str],
    *,
    zone_cidr: str | None = None,
    rng: random.Random | None = None,
    exclude: Container[str] = (),
) -> str | None:
    """Return a free address of the pools, None when none is free: exact, however full they are.

    One of the first `WINDOW` free ones, drawn with `rng`, so that callers who choose at once seldom choose the same;
    the first one without `rng`. `zone_cidr` keeps the choice within a slice. Addresses in `taken` and `exclude` are
    in canonical text. Costs about 0.2 µs per taken IPv4 address before the window.
    """
    window: list[str] = []
    size = WINDOW if rng else 1
    for address in _addresses(pools, ip_network(zone_cidr) if zone_cidr else None):
        if address not in taken and address not in exclude:
            window.append(address)
            if len(window) == size:
                break
    if not window:
        return None
    return rng.choice(window) if rng else window[0]


def mac(rng: random.Random) -> str:
    """Return a MAC address with Neutron's own prefix (base_mac fa:16:3e)."""
    return "fa:16:3e:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(3))


def _addresses(pools: Iterable[Pool], within: IPv4Network | IPv6Network | None) -> Iterator[str]:
    for pool in pools:
        first, last = _bounds(pool)
        if within is not None:
            first = max(first, int(within.network_address))
            last = min(last, int(within.broadcast_address))
        if ":" in pool.start:
            for number in range(first, last + 1):
                yield str(IPv6Address(number))
            continue
        # Text of an IPv4 address by table, a /24 at a time: ten times faster than str(IPv4Address(...)), and this is
        # the loop that walks past thousands of taken addresses.
        for block in range(first >> 8, (last >> 8) + 1):
            prefix = f"{block >> 16}.{block >> 8 & 255}.{block & 255}."
            low = max(first - (block << 8), 0)
            high = min(last - (block << 8), 255)
            for octet in _OCTETS[low : high + 1]:
                yield prefix + octet


def _bounds(pool: Pool) -> tuple[int, int]:
    return int(ip_address(pool.start)), int(ip_address(pool.end))


def _split(whole: tuple[int, int], without: int | None) -> list[tuple[int, int]]:
    first, last = whole
    if without is None or not first <= without <= last:
        return [whole]
    return [(start, end) for start, end in ((first, without - 1), (without + 1, last)) if start <= end]


def _parser(cidr: str) -> type[IPv4Address] | type[IPv6Address]:
    return IPv6Address if ":" in cidr else IPv4Address
