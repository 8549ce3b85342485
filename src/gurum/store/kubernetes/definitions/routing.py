"""Routers and floating IPs."""

from __future__ import annotations

from gurum.store.kubernetes.definitions.networks import DESCRIPTION, NAME, TAGS
from gurum.store.kubernetes.definitions.row import SOME, Column, Field, Fields, Kind, Kinds, Reference

FIELDS: Fields = {
    "RouterSpec.name": Field(NAME),
    "RouterSpec.description": Field(DESCRIPTION),
    "RouterSpec.admin_state_up": Field("Whether the router forwards, as its owner wants it."),
    "RouterSpec.gateway": Field(
        "The external network that it leads to; absent: it leads to none.", said="external_gateway_info"
    ),
    "RouterSpec.routes": Field(
        "Its static routes. How many there may be is a quota (router_route): 30 unless an operator says otherwise.",
        most=SOME,
        merge=("destination", "nexthop"),
    ),
    "RouterSpec.availability_zone_hints": Field(
        "The availability zones in which the router is wished for. It cannot be changed later.", most=32, merge="set"
    ),
    "RouterSpec.tags": Field(TAGS, most=SOME, merge="set"),
    "RouterStatus.status": Field("ACTIVE, ALLOCATING or ERROR.", words=("ACTIVE", "ALLOCATING", "ERROR")),
    "Gateway.network_id": Field("The id of the external network. Filled in from networkRef."),
    "Gateway.enable_snat": Field("Whether what it joins reaches outside under the router's address."),
    "Gateway.external_fixed_ips": Field(
        "Its addresses on the external network. Left out, it gets one of each IP version.", most=SOME
    ),
    "FloatingIPSpec.floating_network_id": Field(
        "The id of the external network that the address is of. Filled in from floatingNetworkRef."
    ),
    "FloatingIPSpec.floating_ip_address": Field(
        "The address. Left out: any free one. Where the cloud chooses it, it stands in status. It cannot be changed"
        " later."
    ),
    "FloatingIPSpec.subnet_id": Field(
        "The id of the subnet of the external network that the address is of. Filled in from subnetRef."
    ),
    "FloatingIPSpec.port_id": Field(
        "The id of the port that its traffic is led to; absent: to none. Filled in from portRef."
    ),
    "FloatingIPSpec.fixed_ip_address": Field("The port's address that it is led to. Left out: the port's first one."),
    "FloatingIPSpec.router_id": Field("The id of the router that leads it there. Filled in."),
    "FloatingIPSpec.description": Field(DESCRIPTION),
    "FloatingIPSpec.dns_name": Field("A name for the address, where names are published; only kept and shown."),
    "FloatingIPSpec.dns_domain": Field("The domain of that name; only kept and shown."),
    "FloatingIPSpec.tags": Field(TAGS, most=SOME, merge="set"),
    "FloatingIPStatus.status": Field(
        "ACTIVE while its traffic reaches a server, else DOWN.", words=("ACTIVE", "DOWN", "ERROR")
    ),
    "FloatingIPStatus.floating_ip_address": Field("The address that the cloud chose."),
    "FloatingIPStatus.external": Field("Where it is in the cloud: in AWS its Elastic IP."),
    "FloatingIPClaimSpec.floating_ip_id": Field("The id of the floating IP that holds the address."),
    "FloatingIPClaimSpec.port_id": Field("The id of the port."),
    "FloatingIPClaimSpec.fixed_ip_address": Field("The port's address that is held."),
}

KINDS: Kinds = {
    "Router": Kind(
        text="Joins networks with each other and with an external one; its interfaces are ports. In AWS it is a route"
        " table of their VPC, and the VPC's internet gateway.",
        fixed=("availability_zone_hints",),
        references=(
            Reference(
                written="gateway.networkRef",
                filled="gateway.networkID",
                target="Network",
                text="The external network: its name or id.",
            ),
            Reference(
                written="gateway.externalFixedIPs[].subnetRef",
                filled="gateway.externalFixedIPs[].subnetID",
                target="Subnet",
                text="The subnet of the external network that the address is of: its name or id.",
            ),
        ),
        state=".status.status",
    ),
    "FloatingIP": Kind(
        text="A public address that is led to a server's port. In AWS it is an Elastic IP.",
        fixed=("floating_network_id", "floating_ip_address", "subnet_id", "dns_name", "dns_domain"),
        references=(
            Reference(
                written="floatingNetworkRef",
                filled="floatingNetworkID",
                target="Network",
                text="The external network that the address is of: its name or id. It cannot be changed later.",
            ),
            Reference(
                written="subnetRef",
                filled="subnetID",
                target="Subnet",
                text="The subnet of the external network that the address is of: its name or id.",
            ),
            Reference(
                written="portRef",
                filled="portID",
                target="Port",
                text="The port that its traffic is led to: its name or id.",
            ),
        ),
        state=".status.status",
        columns=(
            Column("Address", ".spec.floatingIPAddress"),
            Column("Chosen", ".status.floatingIPAddress"),
            Column("Port", ".spec.portID", priority=1),
        ),
    ),
    "FloatingIPClaim": Kind(
        text="An address of a port, held by one floating IP: a second association is refused. Made by Gurum.",
        fixed=("*",),
    ),
}
