"""Region and Account: the places things live in, as data.

The API may not know the clouds, so what a cloud cannot do is published here, through the region's capability table,
and refused from here.
"""

from __future__ import annotations

import msgspec

from gurum.model.base import Resource, Status


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """An availability zone: the name users see and the cloud's own *id* (AWS zone names differ per account)."""

    name: str
    id: str


class Capability(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a verb is done in a region, and why.

    `native`, `emulated` (by us), `unbound` (kept and shown, refused once a server holds it) or `absent` (refused).
    `values`: what it is about, where its name does not say it (address ranges).
    """

    verb: str
    level: str
    why: str = ""
    values: list[str] = msgspec.field(default_factory=list)


class RegionSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the operator configured."""

    provider: str  # "aws" | "simulated" | "openstack"
    cloud_region: str = ""  # the cloud's own name of it: us-east-1
    zones: list[Zone] = msgspec.field(default_factory=list)
    simulated: str = ""  # a sentence that says what is simulated, empty when nothing is


class RegionStatus(Status, kw_only=True, omit_defaults=True):
    """What the engine published of the provider."""

    capabilities: dict[str, Capability] = msgspec.field(default_factory=dict)
    limits: dict[str, int] = msgspec.field(default_factory=dict)


class Region(Resource, kw_only=True):
    """A region of the region list; its key is its name (`kakao-usa-east1`)."""

    kind = "Region"
    spec: RegionSpec
    status: RegionStatus = msgspec.field(default_factory=RegionStatus)


NOBODY = "-"  # among an account's projects: it serves those that are named and, were there none, nobody


class AccountSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A cloud account and the projects that use it. `projects` empty: the default for every project of the region."""

    provider: str
    number: str  # AWS: twelve digits
    partition: str = ""
    projects: list[str] = msgspec.field(default_factory=list)


class Account(Resource, kw_only=True):
    """An account of a cloud, within a region; its key is `<region>/<number>`."""

    kind = "Account"
    spec: AccountSpec
    status: Status = msgspec.field(default_factory=Status)
