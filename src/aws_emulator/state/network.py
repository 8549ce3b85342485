"""Rows of the network: VPC, subnet, interface, group, gateway, route table, address."""

import msgspec

from aws_emulator.state.resource import Resource


class Vpc(Resource, kw_only=True, gc=False):
    """A virtual private cloud; `more` maps association ids to the blocks added to its first one."""

    cidr: str
    more: dict[str, str] = msgspec.field(default_factory=dict)
    is_default: bool = False
    tenancy: str = "default"
    dns_support: bool = True
    dns_hostnames: bool = False
    usage_metrics: bool = False


class Subnet(Resource, kw_only=True, gc=False):
    """One block of a VPC in one zone."""

    vpc_id: str
    cidr: str
    zone: str
    zone_id: str
    default_for_zone: bool = False
    map_public_ip: bool = False


class InterfaceAttachment(msgspec.Struct, kw_only=True, gc=False):
    """How an interface hangs on an instance; `status` is attaching, attached or detaching."""

    id: str
    instance_id: str
    device_index: int
    status: str
    attached_at: float
    delete_on_termination: bool


class NetworkInterface(Resource, kw_only=True, gc=False):
    """An elastic network interface; the first of `addresses` is the primary one.

    `public` says that a public address is to come by itself, `auto_public_ip` which one it has now.
    """

    vpc_id: str
    subnet_id: str
    zone: str
    mac: str
    addresses: list[str]
    groups: list[str]
    description: str = ""
    source_dest_check: bool = True
    attachment: InterfaceAttachment | None = None
    public: bool = False
    auto_public_ip: str = ""
    client_token: str = ""


class GroupRule(msgspec.Struct, kw_only=True, gc=False):
    """One rule of a security group; exactly one of the four peers is set. Ports -1 mean all."""

    id: str
    egress: bool
    protocol: str
    from_port: int | None
    to_port: int | None
    cidr4: str = ""
    cidr6: str = ""
    group: str = ""
    group_owner: str = ""
    prefix_list: str = ""
    description: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def peer(self) -> str:
        """Return the one peer that is set."""
        return self.cidr4 or self.cidr6 or self.group or self.prefix_list

    def key(self) -> tuple[object, ...]:
        """Return what makes two rules the same to AWS: everything but id, text and tags."""
        return (self.egress, self.protocol, self.from_port, self.to_port, self.peer)


class SecurityGroup(Resource, kw_only=True, gc=False):
    """A security group of a VPC."""

    vpc_id: str
    name: str
    description: str
    rules: list[GroupRule] = msgspec.field(default_factory=list)


class InternetGateway(Resource, kw_only=True, gc=False):
    """A gateway, attached to at most one VPC."""

    vpc_id: str = ""


class Route(msgspec.Struct, kw_only=True, gc=False):
    """A route that somebody made (the local one is derived from the VPC)."""

    cidr: str
    gateway_id: str = ""
    interface_id: str = ""


class RouteTable(Resource, kw_only=True, gc=False):
    """A route table; `associations` maps association ids to subnets, "" being the main one."""

    vpc_id: str
    routes: list[Route] = msgspec.field(default_factory=list)
    associations: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def main(self) -> bool:
        """Tell whether this is the VPC's main table."""
        return "" in self.associations.values()


class Address(Resource, kw_only=True, gc=False):
    """An Elastic IP address; `association_id` is empty while it is free."""

    public_ip: str
    association_id: str = ""
    interface_id: str = ""
    private_ip: str = ""
