"""Where each kind of the model stands in Kubernetes: its group, its names, its scope, and how an object is named.

It is a table, because three readers must agree to the letter: what generates the custom resource definitions, what
reads and writes objects, and what generates the rights.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

DOMAIN = "gurum.cloud"
VERSION = "v1alpha1"
SYSTEM = "gurum-system"  # the namespace of what belongs to no project
USER_DATA = "gurum-user-data"  # the namespace of the Secrets that keep servers' user data, and of nothing else
PROJECT_LABEL = f"{DOMAIN}/project-id"

_PART = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_HASHED = re.compile(r"x-[0-9a-f]{64}")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LONGEST = 253  # characters of a name (RFC 1123 subdomain, as Kubernetes wants it)
_LONGEST_LABEL = 63
_SEPARATOR = "--"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A row: what a kind is called in Kubernetes. `claim`: internal, named by what it claims, and no user's to write.

    `cluster`: it belongs to no namespace, as a StorageClass does not.
    """

    group: str
    plural: str
    short: tuple[str, ...] = ()
    cluster: bool = False
    claim: bool = False

    @property
    def api_version(self) -> str:
        """Return `group/version`."""
        return f"{self.group}/{VERSION}"


_COMPUTE, _NETWORK, _IMAGE = f"compute.{DOMAIN}", f"network.{DOMAIN}", f"image.{DOMAIN}"

PLACES: dict[str, Place] = {
    "Server": Place(group=_COMPUTE, plural="servers", short=("srv",)),
    "ServerGroup": Place(group=_COMPUTE, plural="servergroups", short=("srvgrp",)),
    "Flavor": Place(group=_COMPUTE, plural="flavors", short=("flv",), cluster=True),
    "KeyPair": Place(group=_COMPUTE, plural="keypairs", short=("kp",)),
    "CloudKey": Place(group=_COMPUTE, plural="cloudkeys", claim=True),
    "ConsoleLog": Place(group=_COMPUTE, plural="consolelogs", claim=True),
    "Network": Place(group=_NETWORK, plural="networks", short=("net",)),
    "Domain": Place(group=_NETWORK, plural="domains", claim=True),
    "Subnet": Place(group=_NETWORK, plural="subnets", short=("subnet",)),
    "Port": Place(group=_NETWORK, plural="ports", short=("port",)),
    "SecurityGroup": Place(group=_NETWORK, plural="securitygroups", short=("secgrp",)),
    "SecurityGroupRule": Place(group=_NETWORK, plural="securitygrouprules", short=("secrule",)),
    "Router": Place(group=_NETWORK, plural="routers", short=("rtr",)),
    "FloatingIP": Place(group=_NETWORK, plural="floatingips", short=("fip",)),
    "AddressClaim": Place(group=_NETWORK, plural="addressclaims", claim=True),
    "FloatingIPClaim": Place(group=_NETWORK, plural="floatingipclaims", claim=True),
    "Image": Place(group=_IMAGE, plural="images", short=("img",)),
    "Region": Place(group=DOMAIN, plural="regions", cluster=True),
    "Account": Place(group=DOMAIN, plural="accounts", short=("acct",), cluster=True),
    "QuotaUsage": Place(group=DOMAIN, plural="quotausages", claim=True),
    "Lease": Place(group=DOMAIN, plural="engineleases", claim=True),
    "Restoration": Place(group=DOMAIN, plural="restorations", claim=True),
    "Transfer": Place(group=DOMAIN, plural="transfers", claim=True),
}

KINDS_BY_PLURAL = {(place.group, place.plural): kind for kind, place in PLACES.items()}

# Not kinds of the model (see `beside`): a verb asked of a server, and what takes a key that is not the object's name.
SERVER_ACTION = Place(group=_COMPUTE, plural="serveractions", short=("srvact",))
KEY_CLAIM = Place(group=DOMAIN, plural="keyclaims", claim=True)


def name_of(key: str) -> str:
    """Return the object name that stands for a key (or an id): readable where it can be, never two keys' one name.

    `a/b` becomes `a--b` where both are words of Kubernetes' alphabet; everything else becomes a digest.
    """
    parts = key.split("/")
    name = _SEPARATOR.join(parts)
    if (
        len(name) <= _LONGEST
        and all(_PART.fullmatch(part) and _SEPARATOR not in part and ".." not in part for part in parts)
        and not re.search(r"[-.]\.|\.[-.]", name)
        and not _HASHED.fullmatch(name)
    ):
        return name
    return "x-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def namespace_of(project: str) -> str:
    """Return a project's namespace: `project-<id>`, a digest where the id does not fit; SYSTEM for none."""
    if not project:
        return SYSTEM
    name = f"project-{project}"
    if len(name) <= _LONGEST_LABEL and _LABEL.fullmatch(name) and not name.startswith("project-x-"):
        return name
    return f"project-x-{hashlib.sha256(project.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"
