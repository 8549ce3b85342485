"""Ports, and the claims of their addresses."""

from __future__ import annotations

from gurum.store.kubernetes.definitions.networks import DESCRIPTION, NAME, TAGS
from gurum.store.kubernetes.definitions.row import SOME, Column, Field, Fields, Kind, Kinds, Reference

VNIC_TYPES = (
    *("normal", "direct", "macvtap", "baremetal", "direct-physical", "virtio-forwarder", "smart-nic"),
    *("accelerator-direct", "accelerator-direct-physical", "remote-managed", "vdpa"),
)

FIELDS: Fields = {
    "PortSpec.network_id": Field("The id of the network that the port is on. Filled in from networkRef."),
    "PortSpec.name": Field(NAME),
    "PortSpec.description": Field(DESCRIPTION),
    "PortSpec.admin_state_up": Field("Whether the port carries traffic, as its owner wants it."),
    "PortSpec.mac_address": Field(
        "The MAC address. Left out, one is made; it is provisional until the cloud has given its own (in status)."
    ),
    "PortSpec.fixed_ips": Field(
        "Its addresses. Left out, it gets one of each IP version from the network's subnets.", most=SOME
    ),
    "PortSpec.security_groups": Field(
        "The ids of its security groups. Left out, it is the project's default group.", most=SOME, merge="set"
    ),
    "PortSpec.port_security_enabled": Field("Whether its traffic is filtered by its security groups."),
    "PortSpec.allowed_address_pairs": Field(
        "Further addresses that may send and receive through the port; at most 10.", most=10
    ),
    "PortSpec.extra_dhcp_opts": Field(
        "Further options that DHCP tells its holder.",
        most=SOME,
        entries={
            "opt_name": {"type": "string", "maxLength": 64, "description": "The option's name, or its number."},
            "opt_value": {"type": "string", "maxLength": 255, "description": "The option's value."},
            "ip_version": {
                "x-kubernetes-int-or-string": True,
                "maxLength": 1,
                "description": "For which version of IP: 4 or 6.",
            },
        },
    ),
    "PortSpec.device_id": Field(
        "The id of what holds the port: a server or a router. Written by whoever attaches it; from routerRef for an"
        " interface of a router."
    ),
    "PortSpec.device_owner": Field(
        "What kind of thing holds it: compute:<zone> of a server, network:router_interface of a router."
    ),
    "PortSpec.binding_host_id": Field(
        "The host that it is bound to. An administrator's to set.", said="binding:host_id"
    ),
    "PortSpec.binding_vnic_type": Field(
        "The kind of interface wanted; normal is a virtual one.", words=VNIC_TYPES, said="binding:vnic_type"
    ),
    "PortSpec.binding_profile": Field(
        "What a driver of the network is told. An administrator's to set.",
        longest=65_535,
        most=256,
        said="binding:profile",
    ),
    "PortSpec.propagate_uplink_status": Field("Whether the guest sees when the host's uplink is down; only kept."),
    "PortSpec.tags": Field(TAGS, most=SOME, merge="set"),
    "PortSpec.zone": Field("The cloud's id of the zone that its addresses lie in; empty while it is free to move."),
    "PortSpec.implied": Field("Whether a server's creation made it: it goes with the server."),
    "PortSpec.disposable": Field("Whether attaching an interface made it: it goes when it is detached."),
    "FixedIP.subnet_id": Field(
        "The id of the subnet that the address is of. Left out: the one that the address lies in.", filled=True
    ),
    "FixedIP.ip_address": Field("The address. Left out: any free one of the subnet.", filled=True),
    "AddressPair.ip_address": Field("The address, or a network: 10.0.0.0/24."),
    "AddressPair.mac_address": Field("The MAC address. Left out, it is the port's own.", filled=True),
    "PortStatus.status": Field(
        "ACTIVE while a server holds it, else DOWN.", words=("ACTIVE", "BUILD", "DOWN", "ERROR", "N/A")
    ),
    "PortStatus.mac_address": Field("The MAC address that the cloud has given."),
    "PortStatus.external": Field("Where it is in the cloud: in AWS its network interface."),
    "AddressClaimSpec.subnet_id": Field("The id of the subnet that the address is of."),
    "AddressClaimSpec.address": Field("The address that is held."),
    "AddressClaimSpec.owner_kind": Field("The kind of the holder: Port, Router, FloatingIP."),
    "AddressClaimSpec.owner_id": Field("The id of the holder."),
    "AddressClaimSpec.attempt": Field("For which attempt of a server it is held; 0 where there are none.", least=0),
}

KINDS: Kinds = {
    "Port": Kind(
        text="An interface on a network, with its addresses. In AWS it is a network interface, once a server holds it.",
        fixed=("network_id",),
        references=(
            Reference(
                written="networkRef",
                filled="networkID",
                target="Network",
                text="The network that the port is on: its name or id. It cannot be changed later.",
            ),
            Reference(
                written="fixedIPs[].subnetRef",
                filled="fixedIPs[].subnetID",
                target="Subnet",
                text="The subnet that the address is of: its name or id.",
            ),
            Reference(
                written="securityGroupRefs[]",
                filled="securityGroups[]",
                target="SecurityGroup",
                text="The port's security groups: their names or ids.",
            ),
            Reference(
                written="routerRef",
                filled="deviceID",
                target="Router",
                text="The router whose interface it is, with deviceOwner network:router_interface: its name or id.",
            ),
        ),
        state=".status.status",
        columns=(
            Column("Address", ".spec.fixedIPs[*].ipAddress"),
            Column("Device", ".spec.deviceID", priority=1),
        ),
    ),
    "AddressClaim": Kind(
        text="An address of a subnet, held by one owner: the second claim of it is refused. Made by Gurum.",
        fixed=("*",),
    ),
}
