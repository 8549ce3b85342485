"""What must stand in Keystone for the region to exist, declared, and made so.

Clients find a region only through the catalogue. A script of create calls works once; the second
time it fails or doubles. So the wanted state is data, and `ensure` changes what differs, whether
the Keystone is embedded and empty or the company's and full.
"""

from gurum.identity.catalogue.change import Change
from gurum.identity.catalogue.description import (
    Catalogue,
    Domain,
    Endpoint,
    Federated,
    Grant,
    Group,
    GroupGrant,
    Project,
    Region,
    Role,
    Service,
    User,
)
from gurum.identity.catalogue.ensure import KeystoneRefused, apply, ensure, withdraw
from gurum.identity.catalogue.standard import SERVICES, guest, region_endpoints, standard

__all__ = [
    "SERVICES",
    "Catalogue",
    "Change",
    "Domain",
    "Endpoint",
    "Federated",
    "Grant",
    "Group",
    "GroupGrant",
    "KeystoneRefused",
    "Project",
    "Region",
    "Role",
    "Service",
    "User",
    "apply",
    "ensure",
    "guest",
    "region_endpoints",
    "standard",
    "withdraw",
]
