"""What a project has while cells are asked for: one of each kind, and what a cell consumes, made when it is needed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.adopt.company import public_key
from tests.cells.hands import Hand

from gurum.store.kubernetes.kinds import PLACES, namespace_of
from gurum.store.kubernetes.shape import collection

REGION = "kr-central-1"
_count = itertools.count()


@dataclass
class Estate:
    """A project's. `api`: its member at the API; `cluster`: the administrator at the API server."""

    project: str
    api: Hand
    cluster: Hand
    member: Hand
    ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    spared: dict[str, str] = field(default_factory=dict)  # what nothing needs, so that nothing but policy refuses
    some: dict[str, str] = field(default_factory=dict)  # by a collection's path, the name of something in it
    cidrs: Iterator[int] = field(default_factory=itertools.count)
    external: str = ""
    image: str = ""
    flavor: str = ""
    spare: str = ""  # a network for subnets

    @property
    def namespace(self) -> str:
        """The project's."""
        return namespace_of(self.project)

    def prepare(self, kinds: Collection[str] = ()) -> None:
        """Make one of each of these kinds (none: of all)."""
        kinds = kinds or tuple(MAKERS)
        outside = self.api.ok("GET", "/network/v2.0/networks?router:external=true")["networks"]
        self.external = outside[0]["id"] if outside else ""
        self.image = self.api.ok("GET", "/image/v2/images")["images"][0]["id"]
        self.flavor = self.api.ok("GET", "/compute/v2.1/flavors")["flavors"][0]["id"]
        for kind in kinds:
            self.ids[kind] = self.make(kind)
        for kind, uid in self.ids.items():
            self.names[kind] = self._name(kind, uid)
        self.spare = self.network_of_its_own()
        for kind in kinds:
            self.spared[kind] = self._name(kind, self.make(kind))

    def make(self, kind: str) -> str:
        """Make one more, that nothing else needs; return its id (of a key pair its name)."""
        return MAKERS[kind](self)

    def _name(self, kind: str, uid: str) -> str:
        place = collection(PLACES[kind], self.namespace)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for one in self.cluster.ok("GET", place)["items"]:
                spec = one["spec"]
                if spec.get("id") and uid in (spec["id"], spec.get("name") if kind == "KeyPair" else ""):
                    return str(one["metadata"]["name"])
            time.sleep(0.1)
        raise RuntimeError(f"{kind} {uid} is not in {self.namespace}")

    def network_of_its_own(self) -> str:
        """Make a network."""
        return self._made("/network/v2.0/networks", "network", name=unique("net"))

    def _made(self, path: str, noun: str, **values: Any) -> str:
        return str(self.api.ok("POST", path, {noun: values})[noun]["id"])


def unique(name: str) -> str:
    """Return a name that nothing has."""
    return f"{name}-{next(_count)}"


def _subnet(one: Estate) -> str:
    network = one.ids["Network"] if "Subnet" not in one.ids else one.network_of_its_own()
    cidr = "10.77.0.0/24" if "Subnet" not in one.ids else "10.78.0.0/24"
    return one._made("/network/v2.0/subnets", "subnet", network_id=network, cidr=cidr, ip_version=4, name=unique("s"))


def _rule(one: Estate) -> str:
    port = 1000 + next(_count)
    return one._made(
        "/network/v2.0/security-group-rules", "security_group_rule", security_group_id=one.ids["SecurityGroup"],
        direction="ingress", protocol="tcp", port_range_min=port, port_range_max=port,
    )  # fmt: skip


def _server(one: Estate) -> str:
    values = {"name": unique("srv"), "imageRef": one.image, "flavorRef": one.flavor, "networks": "none"}
    headers = {"OpenStack-API-Version": "compute 2.96"}
    return str(one.api.ok("POST", "/compute/v2.1/servers", {"server": values}, **headers)["server"]["id"])


def _keypair(one: Estate) -> str:
    """As a wish of the member's: what the API makes belongs to no project and stands elsewhere."""
    name = unique("key")
    place = PLACES["KeyPair"]
    document = {
        "apiVersion": place.api_version,
        "kind": "KeyPair",
        "metadata": {"name": name},
        "spec": {"region": REGION, "publicKey": public_key(next(_count) % 200)},
    }
    one.member.ok("POST", collection(place, one.namespace), document)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if one.cluster.ok("GET", f"{collection(place, one.namespace)}/{name}")["spec"].get("id"):
            return name
        time.sleep(0.1)
    raise RuntimeError(f"the key pair {name} was not taken up")


MAKERS: dict[str, Callable[[Estate], str]] = {
    "Network": lambda one: one.network_of_its_own(),
    "Subnet": _subnet,
    "SecurityGroup": lambda one: one._made("/network/v2.0/security-groups", "security_group", name=unique("sg")),
    "SecurityGroupRule": _rule,
    "Port": lambda one: one._made("/network/v2.0/ports", "port", network_id=one.ids["Network"], name=unique("p")),
    "Router": lambda one: one._made("/network/v2.0/routers", "router", name=unique("r")),
    "FloatingIP": lambda one: one._made("/network/v2.0/floatingips", "floatingip", floating_network_id=one.external),
    "ServerGroup": lambda one: str(
        one.api.ok(
            "POST", "/compute/v2.1/os-server-groups",
            {"server_group": {"name": unique("g"), "policy": "anti-affinity"}},
            **{"OpenStack-API-Version": "compute 2.96"},
        )["server_group"]["id"]
    ),
    "KeyPair": _keypair,
    "Server": _server,
}  # fmt: skip
