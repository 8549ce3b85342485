"""Who there is in the embedded run, and what stands in the catalogue: data for Keystone and for `clouds.yaml`.

Both are written from the same rows, so that a cloud in `clouds.yaml` is always one that can log in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import yaml

from gurum.identity.catalogue import (
    Catalogue,
    Grant,
    Project,
    Region,
    User,
    region_endpoints,
    standard,
)
from gurum.ops import secrets
from gurum.ops.config import Config, RegionConfig
from gurum.supervisor import federation
from gurum.supervisor.places import Places


@dataclass(frozen=True)
class Person:
    """A user with one role on one project, and the cloud of `clouds.yaml` that is theirs. Password: secret `name`."""

    name: str
    project: str
    role: str
    cloud: str
    description: str


PEOPLE = (
    Person("demo", "demo", "member", "gurum", "A developer: makes and removes what the project has."),
    Person("reader", "demo", "reader", "gurum-reader", "Sees what the project has and changes nothing."),
    Person("manager", "demo", "manager", "gurum-manager", "Manages the project."),
    Person("admin", "admin", "admin", "gurum-admin", "The operator."),
)
# Keystone's bootstrap makes this one, with its project and grants.
BOOTSTRAPPED = "admin"


def base_url(region: RegionConfig, scheme: str = "http") -> str:
    """Return the URL below which a region's APIs are, as clients reach them."""
    return (region.public_url or f"{scheme}://{region.host}:{region.port}").rstrip("/")


def catalogue(config: Config, places: Places) -> Catalogue:
    """Return what Keystone must carry: regions with their endpoints, the service's user, and the people."""
    basis = standard(
        auth_url=config.identity.url,
        regions=[Region(id=region.name, description=region.simulated) for region in config.regions],
        endpoints=[one for region in config.regions for one in region_endpoints(region.name, base_url(region))],
        service_password_file=places.secret("gurum"),
        service_user=config.identity.service_user,
        service_project=config.identity.service_project,
    )
    made = [person for person in PEOPLE if person.name != BOOTSTRAPPED]
    with_people = msgspec.structs.replace(
        basis,
        projects=(*basis.projects, *(Project(name=name) for name in dict.fromkeys(p.project for p in made))),
        users=(
            *basis.users,
            *(
                User(name=person.name, password_file=places.secret(person.name), description=person.description)
                for person in made
            ),
        ),
        grants=(*basis.grants, *(Grant(role=p.role, user=p.name, project=p.project) for p in made)),
    )
    return federation.catalogue(config, with_people)


def clouds(config: Config, places: Places) -> str:
    """Return `clouds.yaml`: one cloud a person, each with all regions. It contains the passwords."""
    regions = [region.name for region in config.regions]
    documents: dict[str, Any] = {
        person.cloud: {
            "auth": {
                "auth_url": config.identity.url,
                "username": person.name,
                "password": secrets.read(places.secret(person.name)),
                "project_name": person.project,
                "user_domain_id": "default",
                "project_domain_id": "default",
            },
            "identity_api_version": 3,
            "regions": regions,
        }
        for person in PEOPLE
    }
    documents |= federation.clouds(config, places)
    return yaml.safe_dump({"clouds": documents}, sort_keys=False)
