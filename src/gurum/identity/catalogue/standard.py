"""The description that every installation starts from: OpenStack's services and roles.

The names and paths are those that stock clients and operators know; a table, so that a new service
is a row.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from gurum.identity.catalogue.description import (
    Catalogue,
    Endpoint,
    Grant,
    Project,
    Region,
    Role,
    Service,
    User,
)

# Type: (name in the catalogue, path below the region's base URL). The names are OpenStack's project
# names, as operators' scripts expect; compute's URL carries the version because gophercloud insists.
SERVICES: dict[str, tuple[str, str]] = {
    "compute": ("nova", "/compute/v2.1"),
    "network": ("neutron", "/network"),
    "image": ("glance", "/image"),
    "block-storage": ("cinder", "/volume/v3"),
    "volumev3": ("cinderv3", "/volume/v3"),  # the type that older clients ask for
    "object-store": ("swift", "/object-store/v1/AUTH_$(project_id)s"),
    "load-balancer": ("octavia", "/load-balancer"),
    "dns": ("designate", "/dns"),
    "key-manager": ("barbican", "/key-manager"),
    "container-infra": ("magnum", "/container-infra/v1"),
}

# As `keystone-manage bootstrap` makes them: each implies the next lower one.
ROLES = (
    Role(name="admin", implies=("manager",)),
    Role(name="manager", implies=("member",)),
    Role(name="member", implies=("reader",)),
    Role(name="reader"),
    # Lets a service's user validate tokens and read revocation events, and nothing else.
    Role(name="service"),
)


def region_endpoints(
    region: str, base_url: str, types: Iterable[str] = ("compute", "network", "image")
) -> tuple[Endpoint, ...]:
    """Give the endpoints of one region whose services live below one base URL."""
    root = base_url.rstrip("/")
    return tuple(Endpoint(service=kind, region=region, url=root + SERVICES[kind][1]) for kind in types)


def standard(
    *,
    auth_url: str,
    regions: Sequence[Region],
    endpoints: Sequence[Endpoint],
    service_password_file: Path,
    service_user: str = "gurum",
    service_project: str = "service",
) -> Catalogue:
    """Give regions with an identity endpoint each, `endpoints`, the roles and the service user.

    Add people and their projects with `msgspec.structs.replace`. The service user holds the role
    `service` alone, which is all that token validation needs.
    """
    kinds = sorted({endpoint.service for endpoint in endpoints} & SERVICES.keys())
    identity = tuple(Endpoint(service="identity", region=region.id, url=auth_url) for region in regions)
    return Catalogue(
        regions=tuple(regions),
        services=(
            Service(type="identity", name="keystone"),
            *(Service(type=kind, name=SERVICES[kind][0]) for kind in kinds),
        ),
        endpoints=(*identity, *endpoints),
        roles=ROLES,
        projects=(Project(name=service_project, description="Users of the services themselves."),),
        users=(
            User(
                name=service_user,
                password_file=service_password_file,
                description="Validates tokens for the public region's API.",
                keep_password_set=True,
            ),
        ),
        grants=(Grant(role="service", user=service_user, project=service_project),),
    )


def guest(
    *,
    identity_url: str,
    regions: Sequence[Region],
    endpoints: Sequence[Endpoint],
    service_password_file: Path,
    service_user: str = "gurum",
    service_project: str = "service",
) -> Catalogue:
    """Give what somebody else's Keystone must carry for our regions, and nothing more.

    The same as `standard`, but of the roles `service` alone: which role implies which is decided where people get them.
    """
    whole = standard(
        auth_url=identity_url,
        regions=regions,
        endpoints=endpoints,
        service_password_file=service_password_file,
        service_user=service_user,
        service_project=service_project,
    )
    return msgspec.structs.replace(
        whole,
        roles=tuple(role for role in ROLES if role.name == "service"),
        projects=tuple(Project(name=project.name) for project in whole.projects),
    )
