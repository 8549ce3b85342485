"""Neutron's errors as data: type, status and sentence of each.

Clients parse these (openstacksdk shows the sentence, Terraform retries on the status, Heat branches on the type), so
each is spelt once, here, and handlers only name it. A typo in a handler fails loudly: an unknown name is a KeyError.
"""

from __future__ import annotations

from gurum.pia.kernel.errors import ApiError

SOON = (("Retry-After", "1"),)  # as where the store cannot answer: nothing was written, trying again is right

# By type: the status, and the sentence to fill in.
FAULTS: dict[str, tuple[int, str]] = {
    "HTTPBadRequest": (400, "{message}"),
    "HTTPNotFound": (404, "The resource could not be found."),
    "InvalidInput": (400, "Invalid input for operation: {message}."),
    "BadRequest": (400, "Bad {resource} request: {message}."),
    "PolicyNotAuthorized": (403, "{rule} is disallowed by policy"),
    "OverQuota": (409, "Quota exceeded for resources: {resources}."),
    "RevisionNumberConstraintFailed": (412, "Constrained to {wanted}, but current revision is {current}"),
    "TagNotFound": (404, "Tag {id} could not be found."),
    "TagResourceNotFound": (404, "Resource {resource} {id} could not be found."),
    "ServiceUnavailable": (503, "The service is unavailable."),
    # networks
    "NetworkNotFound": (404, "Network {id} could not be found."),
    "NetworkInUse": (
        409,
        (
            "Unable to complete operation on network {id}. There are one or more ports still in use on the network, "
            "id for these ports is: {ports}."
        ),
    ),
    "InvalidSharedSetting": (
        409,
        "Unable to reconfigure sharing settings for network {id}. Multiple projects are using it.",
    ),
    "AvailabilityZoneNotFound": (404, "AvailabilityZone {id} could not be found."),
    "QosPolicyNotFound": (404, "QoS policy {id} could not be found."),
    # subnets
    "SubnetNotFound": (404, "Subnet {id} could not be found."),
    "SubnetPoolNotFound": (404, "Subnet pool {id} could not be found."),
    "SubnetInUse": (
        409,
        "Unable to complete operation on subnet {id}: One or more ports have an IP allocation from this subnet.",
    ),
    "GatewayConflictWithAllocationPools": (
        409,
        "Gateway ip {gateway} conflicts with allocation pool {start}-{end}.",
    ),
    "OutOfBoundsAllocationPool": (400, "The allocation pool {start}-{end} spans beyond the subnet cidr {cidr}."),
    "InvalidAllocationPool": (400, "The allocation pool {pool} is not valid."),
    "OverlappingAllocationPools": (
        409,
        "Found overlapping allocation pools: {first} {second} for subnet {cidr}.",
    ),
    "DNSNameServersExhausted": (
        400,
        "Unable to complete operation for {id}. The number of DNS nameservers exceeds the limit {limit}.",
    ),
    "HostRoutesExhausted": (
        400,
        "Unable to complete operation for {id}. The number of host routes exceeds the limit {limit}.",
    ),
    "GatewayIpInUse": (409, "Current gateway ip {gateway} already in use by port {port}. Unable to update."),
    # ports
    "PortNotFound": (404, "Port {id} could not be found."),
    "ServicePortInUse": (409, "Port {id} cannot be deleted directly via the port API: {message}."),
    "PortBound": (
        409,
        (
            "Unable to complete operation on port {id}, port is already bound, port type: {vif}, "
            "old_mac {old}, new_mac {new}."
        ),
    ),
    "MacAddressInUse": (409, "Unable to complete operation for network {network}. The mac address {mac} is in use."),
    "InvalidIpForNetwork": (
        400,
        "IP address {address} is not a valid IP for any of the subnets on the specified network.",
    ),
    "InvalidIpForSubnet": (400, "IP address {address} is not a valid IP for the specified subnet."),
    "IpAddressAlreadyAllocated": (409, "IP address {address} already allocated in subnet {subnet}"),
    "IpAddressGenerationFailure": (409, "No more IP addresses available on network {network}."),
    "PortSecurityAndIPRequiredForSecurityGroups": (
        400,
        "Port security must be enabled and port must have an IP address in order to use security groups.",
    ),
    "PortSecurityPortHasSecurityGroup": (
        409,
        (
            "Port has security group associated. Cannot disable port security or IP address until security group is "
            "removed."
        ),
    ),
    "AddressPairAndPortSecurityRequired": (
        409,
        "Port Security must be enabled in order to have allowed address pairs on a port.",
    ),
    "AllowedAddressPairsMissingIP": (400, "AllowedAddressPair must contain ip_address"),
    "DuplicateAddressPairInRequest": (
        400,
        "Request contains duplicate address pair: mac_address {mac} ip_address {address}.",
    ),
    "AllowedAddressPairExhausted": (400, "The number of allowed address pair exceeds the maximum {limit}."),
    # security groups
    "SecurityGroupNotFound": (404, "Security group {id} does not exist"),
    "SecurityGroupInUse": (409, "Security Group {id} in use."),
    "SecurityGroupCannotRemoveDefault": (409, "Insufficient rights for removing default security group."),
    "SecurityGroupCannotUpdateDefault": (409, "Updating default security group not allowed."),
    "SecurityGroupDefaultAlreadyExists": (409, "Default security group already exists."),
    "SecurityGroupRuleNotFound": (404, "Security group rule {id} does not exist"),
    "SecurityGroupRuleExists": (409, "Security group rule already exists. Rule id is {id}."),
    "DuplicateSecurityGroupRuleInPost": (409, "Duplicate Security Group Rule in POST."),
    "SecurityGroupNotSingleGroupRules": (400, "Only allowed to update rules for one security profile at a time"),
    "SecurityGroupRulesNotSingleTenant": (
        400,
        "Multiple tenant_ids in bulk security group rule create not allowed",
    ),
    "SecurityGroupProtocolRequiredWithPorts": (400, "Must also specify protocol if port range is given."),
    "SecurityGroupInvalidPortRange": (400, "For TCP/UDP protocols, port_range_min must be <= port_range_max"),
    "SecurityGroupInvalidPortValue": (400, "Invalid value for port {port}"),
    "SecurityGroupInvalidIcmpValue": (400, "Invalid value for ICMP {field} ({name}) {value}. It must be 0 to 255."),
    "SecurityGroupMissingIcmpType": (
        400,
        "ICMP code (port-range-max) {value} is provided but ICMP type (port-range-min) is missing.",
    ),
    "SecurityGroupInvalidProtocolForPort": (
        400,
        "Ports cannot be specified for protocol {protocol}. Ports are only supported for {supported}.",
    ),
    "SecurityGroupRuleInvalidProtocol": (
        400,
        (
            "Security group rule protocol {protocol} not supported. Only protocol values {supported} and integer "
            "representations [0 to 255] are supported."
        ),
    ),
    "SecurityGroupEthertypeConflictWithProtocol": (
        400,
        "Invalid ethertype {ethertype} for protocol {protocol}.",
    ),
    "SecurityGroupRuleParameterConflict": (400, "Conflicting value ethertype {ethertype} for CIDR {cidr}"),
    "SecurityGroupMultipleRemoteEntites": (
        400,
        "Only one of remote_ip_prefix, remote_group_id or remote_address_group_id may be provided.",
    ),
    "InvalidCIDR": (400, "Invalid CIDR {cidr} given as IP prefix."),
    "AddressGroupNotFound": (404, "Address group {id} could not be found."),
    # routers
    "RouterNotFound": (404, "Router {id} could not be found"),
    "RouterInUse": (409, "Router {id} has ports still attached: {ports}"),
    "RouterInterfaceNotFound": (404, "Router {router} does not have an interface with id {port}"),
    "RouterInterfaceNotFoundForSubnet": (404, "Router {router} has no interface on subnet {subnet}"),
    "RouterInterfaceInUseByFloatingIP": (
        409,
        (
            "Router interface for subnet {subnet} on router {router} cannot be deleted, as it is required by one or "
            "more floating IPs."
        ),
    ),
    "RouterInterfaceInUseByRoute": (
        409,
        (
            "Router interface for subnet {subnet} on router {router} cannot be deleted, as it is required by one or "
            "more routes."
        ),
    ),
    "RouterInterfaceAttachmentConflict": (409, "Error {reason} while attempting the operation."),
    "RouterExternalGatewayInUseByFloatingIp": (
        409,
        (
            "Gateway cannot be updated for router {router}, since a gateway to external network {network} is required "
            "by one or more floating IPs."
        ),
    ),
    "ExternalNetworkInUse": (
        409,
        ("External network {id} cannot be updated to be made non-external, since it has existing gateway ports."),
    ),
    "SubnetMismatchForPort": (409, "Subnet on port {port} does not match the requested subnet {subnet}."),
    "PortInUse": (
        409,
        (
            "Unable to complete operation on port {port} for network {network}. Port already has an attached device "
            "{device}."
        ),
    ),
    "DeviceIDNotOwnedByTenant": (
        409,
        "The following device_id {device} is not owned by your tenant or matches another tenants router.",
    ),
    "InvalidRoutes": (400, "Invalid format for routes: {routes}, {reason}"),
    "RoutesExhausted": (
        400,
        "Unable to complete operation for {router}. The number of routes exceeds the maximum {quota}.",
    ),
    "FlavorNotFound": (404, "Flavor {id} could not be found."),
    # floating IPs
    "FloatingIPNotFound": (404, "Floating IP {id} could not be found"),
    "FloatingIPPortAlreadyAssociated": (
        409,
        (
            "Cannot associate floating IP {address} ({id}) with port {port} using fixed IP {fixed}, as that fixed IP "
            "already has a floating IP on external network {network}."
        ),
    ),
    "ExternalGatewayForFloatingIPNotFound": (
        404,
        (
            "External network {network} is not reachable from subnet {subnet}.  Therefore, cannot associate Port "
            "{port} with a Floating IP."
        ),
    ),
    "ExternalIpAddressExhausted": (400, "Unable to find any IP address on external network {network}."),
    # quotas
    "TenantQuotaNotFound": (404, "Quota for tenant {id} could not be found."),
    # extensions
    "AgentNotFound": (404, "Agent {id} could not be found."),
    "DefaultSecurityGroupRuleNotFound": (404, "Default security group rule {id} does not exist"),
    "ExtensionNotFound": (404, "Extension with alias {alias} does not exist"),
}


def fault(type: str, /, **details: object) -> ApiError:
    """Return the error of that type, with its sentence filled in. Who gets a 503 is told when to ask again."""
    status, sentence = FAULTS[type]
    return ApiError(status, sentence.format(**details), type=type, headers=SOON if status == 503 else ())


def bad_request(message: str) -> ApiError:
    """Return the 400 that Neutron's request parsing answers with: the sentence is the whole message."""
    return fault("HTTPBadRequest", message=message)


def invalid_input(message: str) -> ApiError:
    """Return Neutron's InvalidInput; `message` without a full stop."""
    return fault("InvalidInput", message=message)
