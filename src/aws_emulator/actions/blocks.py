"""IPv4 blocks and addresses as EC2 reads them."""

import ipaddress
from functools import lru_cache

from aws_emulator.context import Context
from aws_emulator.rules import refuse
from aws_emulator.state.network import NetworkInterface, Subnet

Block = ipaddress.IPv4Network
# The first four addresses and the last one belong to AWS (VPC User Guide, "Subnet sizing").
RESERVED_FIRST, RESERVED = 4, 5


@lru_cache(maxsize=4096)
def block(cidr: str) -> Block:
    """Return a block already known to be valid."""
    return ipaddress.IPv4Network(cidr)


def parse_block(cidr: str) -> Block:
    """Return the block of a request. Refusal for other text and for host bits."""
    try:
        found = ipaddress.IPv4Network(cidr, strict=False)
    except ValueError:
        raise refuse("cidr.malformed", cidr=cidr) from None
    if "/" not in cidr:
        raise refuse("cidr.malformed", cidr=cidr)
    if str(found) != cidr:
        raise refuse("cidr.host-bits", cidr=cidr)
    return found


def parse_address(text: str, subnet: Subnet) -> str:
    """Return an address a customer may have in the subnet, or the Refusal that says why not."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise refuse("ip.malformed", ip=text) from None
    found = block(subnet.cidr)
    if address not in found:
        raise refuse("ip.outside")
    offset = int(address) - int(found.network_address)
    if offset < RESERVED_FIRST or offset == found.num_addresses - 1:
        raise refuse("ip.reserved")
    return str(address)


def used(call: Context, subnet: Subnet) -> int:
    """Return how many addresses of the subnet interfaces hold."""
    table = call.region.interfaces
    return sum(len(row.addresses) for row in table.by("subnet", subnet.id))


def available(call: Context, subnet: Subnet) -> int:
    """Return how many addresses are left for customers."""
    return block(subnet.cidr).num_addresses - RESERVED - used(call, subnet)


def holder(call: Context, subnet: Subnet, address: str) -> NetworkInterface | None:
    """Return the interface that holds an address of a subnet."""
    found = call.region.interfaces.by("address", (subnet.id, address))
    return found[0] if found else None


def free_addresses(call: Context, subnet: Subnet, count: int, taken: frozenset[str] = frozenset()) -> list[str]:
    """Return `count` free addresses, none of `taken`; at random places as EC2 does.

    Refusal when the subnet has too few; nothing is claimed until an interface holds them.
    """
    found = block(subnet.cidr)
    first, size = int(found.network_address) + RESERVED_FIRST, found.num_addresses - RESERVED
    chosen: list[str] = []
    start = call.random.randrange(size)
    ids = call.region.interfaces.ids
    for step in range(size):
        if len(chosen) == count:
            break
        address = str(ipaddress.IPv4Address(first + (start + step) % size))
        if address not in taken and not ids("address", (subnet.id, address)):
            chosen.append(address)
    if len(chosen) < count:
        raise refuse("ip.none-free")
    return chosen
