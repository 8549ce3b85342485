"""The cells: who asks, in whose namespace, for what, about which kind. Generated, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gurum.model import codec
from gurum.pia.faces import bodies
from gurum.pia.faces.actions import WORDS
from gurum.pia.signin.granted import Granted, actions
from gurum.store.kubernetes import rights
from gurum.store.kubernetes.definitions.tables import KINDS
from gurum.store.kubernetes.schema import spec_of
from gurum.store.kubernetes.words import camel

ROLES = ("none", "reader", "member", "manager", "admin")
OWN, FOREIGN = "own", "foreign"
PROJECTS = (OWN, FOREIGN)
USERS = tuple(kind for kind in bodies.NOUNS)  # what projects have
CATALOGUE = ("Flavor", "Image", "Region")
MACHINERY = (*(kind for kind in rights.CLAIMS), "Account")  # what no API shows
FIXED = tuple(kind for kind in USERS if KINDS[kind].fixed == ("*",))  # what never changes
READS, WRITES = ("get", "list", "watch"), ("create", "update", "apply", "delete")
NOBODYS = ("status", "deletecollection")

# What is said of a field that not everybody may say: none of these is its default.
VALUES: Mapping[str, Any] = {
    "shared": True,
    "external": True,
    "isDefault": True,
    "serviceTypes": ["compute:nova"],
    "macAddress": "fa:16:3e:00:00:01",
    "portSecurityEnabled": False,
    "allowedAddressPairs": [{"ipAddress": "10.77.0.9"}],
    "deviceID": "somewhere",
    "deviceOwner": "compute:elsewhere",
    "bindingHostID": "a-host",
    "bindingVnicType": "direct",
    "bindingProfile": {"a": "b"},
    "fixedIPs": [{"ipAddress": "10.77.0.77"}],
    "floatingIPAddress": "203.0.113.77",
    "tags": ["cells"],
}


@dataclass(frozen=True)
class Cell:
    """One. `field`: what is said beyond the plain, by its name in Kubernetes; of an action, its word."""

    role: str
    project: str
    verb: str
    kind: str
    field: str = ""

    def __str__(self) -> str:
        what = f" {self.field}" if self.field else ""
        return f"{self.role} {self.project} {self.verb} {self.kind}{what}"


def cells(granted: Granted) -> Iterator[Cell]:
    """Yield all."""
    for role in ROLES:
        for project in PROJECTS:
            for kind in USERS:
                for verb in (*READS, *WRITES, *NOBODYS):
                    yield Cell(role, project, verb, kind)
                for verb in ("create", "update"):
                    for field in fields(granted, kind, verb):
                        yield Cell(role, project, verb, kind, field)
            for word in sorted({*WORDS, *actions()}):
                yield Cell(role, project, "action", "ServerAction", word)
            for kind in (*CATALOGUE, *MACHINERY):
                for verb in (*READS, *WRITES):
                    yield Cell(role, project, verb, kind)


def fields(granted: Granted, kind: str, verb: str) -> Iterator[str]:
    """Yield the fields of a kind that policy decides apart when they are written, by their names in Kubernetes."""
    if kind in FIXED and verb == "update":
        return
    attributes = granted.row(kind, verb).attributes
    for field in spec_of(codec.KINDS[kind]).__struct_fields__:
        if bodies.attribute(kind, field) in attributes and camel(field) in VALUES:
            yield camel(field)
