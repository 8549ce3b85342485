"""/v2.0/extensions: what this API can do, as clients find out.

Only what works is advertised. Horizon, Terraform and openstacksdk show or hide features by these aliases, so an alias
too many is a button that fails. A row with a capability is advertised only in regions whose cloud has it.
Aliases, names and descriptions are Neutron's; `updated` is the date of the extension's definition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gurum.model.region import Region
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, json
from gurum.pia.network.bindings import of
from gurum.pia.network.capabilities import Capabilities
from gurum.pia.network.faults import fault


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension; `needs`: the capability without which it is not advertised."""

    alias: str
    name: str
    description: str
    updated: str
    needs: str = ""

    def document(self) -> dict[str, Any]:
        """Return what is shown of it."""
        return {
            "alias": self.alias,
            "name": self.name,
            "description": self.description,
            "updated": self.updated,
            "links": [],
        }


TAGGED = (
    "Tag support for resources with standard attribute: port, subnet, subnetpool, network, security_group, router, "
    "floatingip, policy, trunk, network_segment_range"
)
EXTENSIONS = (
    Extension(
        "allowed-address-pairs",
        "Allowed Address Pairs",
        "Provides allowed address pairs",
        "2013-07-23T10:00:00-00:00",
        "port.allowed_address_pairs",
    ),
    Extension(
        "availability_zone",
        "Availability Zone",
        "The availability zone extension.",
        "2015-01-01T10:00:00-00:00",
    ),
    Extension(
        "binding",
        "Port Binding",
        "Expose port bindings of a virtual port to external application",
        "2014-02-03T10:00:00-00:00",
    ),
    Extension(
        "empty-string-filtering",
        "Empty String Filtering Extension",
        "Allow filtering by attributes with empty string value",
        "2018-05-01T10:00:00-00:00",
    ),
    Extension(
        "ext-gw-mode",
        "Neutron L3 Configurable external gateway mode",
        "Extension of the router abstraction for specifying whether SNAT should occur on the external gateway",
        "2013-03-28T10:00:00-00:00",
    ),
    Extension(
        "external-net",
        "Neutron external network",
        "Adds external network attribute to network resource.",
        "2013-01-14T10:00:00-00:00",
    ),
    Extension(
        "extra_dhcp_opt",
        "Neutron Extra DHCP options",
        "Extra options configuration for DHCP. For example PXE boot options to DHCP clients can be specified (e.g. "
        "tftp-server, server-ip-address, bootfile-name)",
        "2013-03-17T12:00:00-00:00",
        "port.extra_dhcp_opts",
    ),
    Extension(
        "extraroute",
        "Neutron Extra Route",
        "Extra routes configuration for L3 router",
        "2013-02-01T10:00:00-00:00",
    ),
    Extension(
        "extraroute-atomic",
        "Atomically add/remove extra routes",
        "Edit extra routes of a router on server side by atomically adding/removing extra routes",
        "2019-07-10T00:00:00+00:00",
    ),
    Extension(
        "filter-validation",
        "Filter parameters validation",
        "Provides validation on filter parameters.",
        "2018-03-21T10:00:00-00:00",
    ),
    Extension(
        "fip-port-details",
        "Floating IP Port Details Extension",
        "Add port_details attribute to Floating IP resource",
        "2018-04-09T10:00:00-00:00",
    ),
    Extension(
        "floatingip-pools",
        "Floating IP Pools Extension",
        "Provides a floating IP pools API.",
        "2018-03-21T10:00:00-00:00",
    ),
    Extension(
        "ip-substring-filtering",
        "IP address substring filtering",
        "Provides IP address substring filtering when listing ports",
        "2017-11-28T09:00:00-00:00",
    ),
    Extension("ip_allocation", "IP Allocation", "IP allocation extension.", "2016-06-10T23:00:00-00:00"),
    Extension("net-mtu", "Network MTU", "Provides MTU attribute for a network resource.", "2015-03-25T10:00:00-00:00"),
    Extension(
        "net-mtu-writable",
        "Network MTU (writable)",
        "Provides a writable MTU attribute for a network resource.",
        "2017-07-12T00:00:00-00:00",
        "network.mtu",
    ),
    Extension(
        "network-ip-availability",
        "Network IP Availability",
        "Provides IP availability data for each network and subnet.",
        "2015-09-24T00:00:00-00:00",
    ),
    Extension(
        "network_availability_zone",
        "Network Availability Zone",
        "Availability zone support for network.",
        "2015-01-01T10:00:00-00:00",
        "network.availability_zone_hints",
    ),
    Extension(
        "pagination",
        "Pagination support",
        "Extension that indicates that pagination is enabled.",
        "2016-06-12T00:00:00-00:00",
    ),
    Extension("port-security", "Port Security", "Provides port security", "2012-07-23T10:00:00-00:00"),
    Extension(
        "project-id",
        "project_id field enabled",
        "Extension that indicates that project_id field is enabled.",
        "2016-09-09T09:09:09-09:09",
    ),
    Extension(
        "quota-check-limit",
        "Quota engine limit check",
        "Support for checking the resource usage before applying a new quota limit",
        "2021-10-25T12:00:00-00:00",
    ),
    Extension(
        "quota-check-limit-default",
        "Quota engine limit check by default",
        "By default, the Neutron quota engine checks the resource usage before applying a new quota limit",
        "2022-10-25T12:00:00-00:00",
    ),
    Extension(
        "quota_details",
        "Quota details management support",
        "Expose functions for quotas usage statistics per project",
        "2017-02-10T10:00:00-00:00",
    ),
    Extension(
        "quotas",
        "Quota management support",
        "Expose functions for quotas management per project",
        "2012-07-29T10:00:00-00:00",
    ),
    Extension(
        "revision-if-match",
        "If-Match constraints based on revision_number",
        "Extension indicating that If-Match based on revision_number is supported.",
        "2016-12-11T00:00:00-00:00",
    ),
    Extension(
        "router",
        "Neutron L3 Router",
        "Router abstraction for basic L3 forwarding between L2 Neutron networks and access to external networks via a "
        "NAT gateway.",
        "2012-07-20T10:00:00-00:00",
    ),
    Extension(
        "router-enable-snat",
        'Exposes the router "enable_snat" read-only configuration flag',
        'Exposes the router "enable_snat" read-only configuration flag',
        "2024-10-01T10:00:00-00:00",
    ),
    Extension(
        "router_availability_zone",
        "Router Availability Zone",
        "Availability zone support for router.",
        "2015-01-01T10:00:00-00:00",
        "network.availability_zone_hints",
    ),
    Extension("security-group", "security-group", "The security groups extension.", "2012-10-05T10:00:00-00:00"),
    Extension(
        "security-groups-normalized-cidr",
        "Normalized CIDR field for security group rules",
        "Add new field with normalized remote_ip_prefix cidr in SG rule",
        "2020-10-28T10:00:00-00:00",
    ),
    Extension(
        "security-groups-rules-belongs-to-default-sg",
        "Security group rule belongs to the project's default security group",
        "Flag to determine if the security group rule belongs to the project's default security group",
        "2023-05-01T10:00:00-00:00",
    ),
    Extension(
        "security-groups-shared-filtering",
        "Security group filtering on the shared field",
        "Support filtering security groups on the shared field",
        "2020-06-01T10:00:00-00:00",
    ),
    Extension(
        "sorting", "Sorting support", "Extension that indicates that sorting is enabled.", "2016-06-12T00:00:00-00:00"
    ),
    Extension(
        "standard-attr-description",
        "standard-attr-description",
        "Extension to add descriptions to standard attributes",
        "2016-02-10T10:00:00-00:00",
    ),
    Extension(
        "standard-attr-revisions",
        "Resource revision numbers",
        "This extension will display the revision number of neutron resources.",
        "2016-04-11T10:00:00-00:00",
    ),
    Extension(
        "standard-attr-tag",
        TAGGED,
        "Enables to set tag on resources with standard attribute.",
        "2017-01-01T00:00:00-00:00",
    ),
    Extension(
        "standard-attr-timestamp",
        "Resource timestamps",
        "Adds created_at and updated_at fields to all Neutron resources that have Neutron standard attributes.",
        "2016-09-12T10:00:00-00:00",
    ),
    Extension(
        "stateful-security-group",
        "Stateful security group",
        "Indicates if the security group is stateful or not",
        "2019-11-26T09:00:00-00:00",
        "security_group.stateless",
    ),
    Extension(
        "subnet-external-network",
        "Subnet belongs to an external network",
        "Informs if the subnet belongs to an external network",
        "2024-03-14T10:00:00-00:00",
    ),
    Extension(
        "subnet-service-types",
        "Subnet service types",
        "Provides ability to set the subnet service_types field",
        "2016-03-15T18:00:00-00:00",
        "subnet.service_types",
    ),
    Extension(
        "tag-creation",
        "Tag creation extension",
        "Allow to create multiple tags for a resource",
        "2024-08-14T10:00:00-00:00",
    ),
    Extension(
        "vlan-transparent",
        "Vlantransparent",
        "Provides Vlan Transparent Networks",
        "2015-03-23T09:00:00-07:00",
        "network.vlan_transparent",
    ),
)


def advertised(can: Capabilities) -> list[Extension]:
    """Return the extensions of a region."""
    return [extension for extension in EXTENSIONS if not extension.needs or not can.absent(extension.needs)]


async def listed(ctx: Context) -> Response:
    """Answer the extensions."""
    can = of(ctx).capabilities(ctx.region.name)
    return json({"extensions": [extension.document() for extension in advertised(can)]})


async def show(ctx: Context) -> Response:
    """Answer one extension."""
    alias = ctx.params["alias"]
    for extension in advertised(of(ctx).capabilities(ctx.region.name)):
        if extension.alias == alias:
            return json({"extension": extension.document()})
    raise fault("ExtensionNotFound", alias=alias)


ROUTES = (
    Route(
        method="GET",
        path="/extensions",
        handler=listed,
        policy="network:extensions:list",
        reads=(Region,),
        shape="list",
        summary="List what the network API supports",
    ),
    Route(
        method="GET",
        path="/extensions/{alias}",
        handler=show,
        policy="network:extensions:show",
        reads=(Region,),
        summary="Show an extension",
    ),
)
