"""What a port looks like. Bindings are an administrator's affair."""

from __future__ import annotations

from gurum.model.network import Port
from gurum.model.routing import is_interface
from gurum.pia.network.inventory import mac_of
from gurum.pia.network.views.base import STANDARD, View


def _vif_type(port: Port) -> str:
    return "unbound" if not port.spec.binding_host_id and port.status.status == "DOWN" else "other"


def _status(port: Port) -> str:
    """A router's interface has nothing to wait for: no cloud has an interface there."""
    if is_interface(port):
        return "ACTIVE" if port.spec.admin_state_up else "DOWN"
    return port.status.status


def port_view() -> View[Port]:
    """Return the view of ports."""
    return View(
        fields={
            **STANDARD,
            "name": lambda p: p.spec.name,
            "description": lambda p: p.spec.description,
            "network_id": lambda p: p.spec.network_id,
            "admin_state_up": lambda p: p.spec.admin_state_up,
            "status": _status,
            "mac_address": mac_of,
            "fixed_ips": lambda p: [
                {"subnet_id": ip.subnet_id, "ip_address": ip.ip_address} for ip in p.spec.fixed_ips
            ],
            "device_id": lambda p: p.spec.device_id,
            "device_owner": lambda p: p.spec.device_owner,
            "security_groups": lambda p: p.spec.security_groups,
            "port_security_enabled": lambda p: p.spec.port_security_enabled,
            "allowed_address_pairs": lambda p: [
                {"ip_address": pair.ip_address, "mac_address": pair.mac_address or mac_of(p)}
                for pair in p.spec.allowed_address_pairs
            ],
            "extra_dhcp_opts": lambda p: p.spec.extra_dhcp_opts,
            "binding:vnic_type": lambda p: p.spec.binding_vnic_type,
            "binding:host_id": lambda p: p.spec.binding_host_id,
            "binding:profile": lambda p: p.spec.binding_profile,
            "binding:vif_type": _vif_type,
            "binding:vif_details": lambda p: {},
            "ip_allocation": lambda p: "immediate",
            "qos_policy_id": lambda p: None,
            "qos_network_policy_id": lambda p: None,
            "tags": lambda p: p.spec.tags,
        },
        restricted=("binding:host_id", "binding:profile", "binding:vif_type", "binding:vif_details"),
    )
