"""Flavor and KeyPair: what a server is made from; ServerGroup: how servers are placed to each other."""

from __future__ import annotations

import hashlib

import msgspec

from gurum.model.base import Resource, Spec, Status


class FlavorSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Nova's flavor. ram and swap in MiB, disk and ephemeral in GiB. `instance_type` is the cloud's name of it."""

    name: str
    vcpus: int
    ram: int
    disk: int
    flavorid: str
    ephemeral: int = 0
    swap: int = 0
    rxtx_factor: float = 1.0
    is_public: bool = True
    disabled: bool = False
    description: str | None = None
    extra_specs: dict[str, str] = msgspec.field(default_factory=dict)
    access: list[str] = msgspec.field(default_factory=list)  # projects that may use a private flavor


class Flavor(Resource, kw_only=True):
    """A size; region-wide. Its key is `<region>/<flavorid>`; `flavorid` need not be a UUID."""

    kind = "Flavor"
    spec: FlavorSpec
    status: Status = msgspec.field(default_factory=Status)


class KeyPairSpec(Spec, kw_only=True, omit_defaults=True):
    """A user's public key. `number` is Nova's integer id of it. A generated private key is never stored."""

    name: str
    user_id: str
    public_key: str
    fingerprint: str
    type: str = "ssh"
    number: int = 0


class KeyPair(Resource, kw_only=True):
    """A key pair belongs to a user, not to a project. Its key is `<region>/<user>/<name>`."""

    kind = "KeyPair"
    spec: KeyPairSpec
    status: Status = msgspec.field(default_factory=Status)


class CloudKeySpec(Spec, kw_only=True, omit_defaults=True):
    """The public key that a cloud account must know to launch servers with it."""

    public_key: str
    fingerprint: str


class CloudKey(Resource, kw_only=True):
    """A public key in a cloud account, made when a server first needs it and collected when nobody does.

    It is not the user's KeyPair: that one can be deleted and made anew under its name at once; a cloud takes time.
    Its key is `<region>/<account>/<sha256 of the public key>`.
    """

    kind = "CloudKey"
    spec: CloudKeySpec
    status: Status = msgspec.field(default_factory=Status)

    @staticmethod
    def key_of(region: str, account: str, public_key: str) -> str:
        """Return the key of the object for a public key in an account."""
        return f"{region}/{account}/{hashlib.sha256(public_key.strip().encode()).hexdigest()}"


class ServerGroupSpec(Spec, kw_only=True, omit_defaults=True):
    """Nova's server group. `policy`: affinity, anti-affinity, soft-affinity, soft-anti-affinity; rules: {} for none."""

    name: str
    user_id: str
    policy: str
    rules: dict[str, int] = msgspec.field(default_factory=dict)


class ServerGroup(Resource, kw_only=True):
    """Servers that are to be near or far from each other. Its members are the servers that name it."""

    kind = "ServerGroup"
    spec: ServerGroupSpec
    status: Status = msgspec.field(default_factory=Status)
