"""The requests of ordinary use and how often each comes, as data: mostly looking, one in ten a change.

The weights are about what dashboards, Terraform refreshes and scripts ask for (polls of one server and of lists), not a
recording of a real cloud's traffic.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.load.park import SETTLING, Park

COMPUTE, NETWORK = "/compute/v2.1", "/network/v2.0"


@dataclass(frozen=True)
class Asked:
    """A request that can be sent now. then: what to do with the document of the answer, at a time."""

    method: str
    path: str
    status: int
    body: Any = None
    then: Callable[[Any, float], None] = field(default=lambda document, now: None)


@dataclass
class Setting:
    """What requests are made from."""

    park: Park
    rng: random.Random
    network: str
    group: str
    image: str
    flavor: str
    count: int = 0

    def name(self) -> str:
        """Return a name that was not used before."""
        self.count += 1
        return f"load-{self.count}"

    def server(self) -> dict[str, Any]:
        """Return the body of a creation."""
        wish = {"name": self.name(), "imageRef": self.image, "flavorRef": self.flavor}
        return {"server": {**wish, "networks": [{"uuid": self.network}]}}


Make = Callable[[Setting], Asked | None]


def _read(path: str) -> Make:
    return lambda s: Asked("GET", path, 200)


def _read_one(path: str, pool: str) -> Make:
    def make(s: Setting) -> Asked | None:
        id_ = s.park[pool].any(s.rng)
        return Asked("GET", path.format(id_), 200) if id_ else None

    return make


def _rename(s: Setting) -> Asked | None:
    id_ = s.park["running"].any(s.rng)
    return Asked("PUT", f"{COMPUTE}/servers/{id_}", 200, {"server": {"name": s.name()}}) if id_ else None


def _metadata(s: Setting) -> Asked | None:
    id_ = s.park["running"].any(s.rng)
    body = {"metadata": {"turn": s.name()}}
    return Asked("POST", f"{COMPUTE}/servers/{id_}/metadata", 200, body) if id_ else None


def _act(action: str, value: Any, before: str, after: str) -> Make:
    def make(s: Setting) -> Asked | None:
        id_ = s.park[before].take(s.rng)
        if not id_:
            return None
        path = f"{COMPUTE}/servers/{id_}/action"
        return Asked("POST", path, 202, {action: value}, lambda _, now: s.park[after].put(id_, now, SETTLING))

    return make


def _create_server(s: Setting) -> Asked:
    def made(document: Any, now: float) -> None:
        s.park["running"].put(document["server"]["id"], now, SETTLING)

    return Asked("POST", f"{COMPUTE}/servers", 202, s.server(), made)


def _create(path: str, pool: str, body: Callable[[Setting], dict[str, Any]], status: int, key: str) -> Make:
    def make(s: Setting) -> Asked:
        [noun] = wish = body(s)
        return Asked("POST", path, status, wish, lambda document, now: s.park[pool].put(document[noun][key], now, 1.0))

    return make


def _delete(path: str, pool: str, status: int) -> Make:
    def make(s: Setting) -> Asked | None:
        id_ = s.park[pool].take(s.rng)
        return Asked("DELETE", f"{path}/{id_}", status) if id_ else None

    return make


def _key(s: Setting) -> dict[str, Any]:
    return {"keypair": {"name": s.name(), "public_key": PUBLIC_KEY}}


def _port(s: Setting) -> dict[str, Any]:
    return {"port": {"name": s.name(), "network_id": s.network, "security_groups": [s.group]}}


def _rule(s: Setting) -> dict[str, Any]:
    s.count += 1
    port = 1024 + s.count % 60_000
    return {"security_group_rule": {"security_group_id": s.group, "direction": "ingress", "protocol": "tcp",
                                    "port_range_min": port, "port_range_max": port}}  # fmt: skip


PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmMvoI4vNvWvoiZ8I3pQf5CQ0Cz0m2mC5a0T4pJgk1X me@example.org"

MIX: dict[str, tuple[float, Make]] = {
    "server show": (28, _read_one(f"{COMPUTE}/servers/{{}}", "running")),
    "servers detail": (10, _read(f"{COMPUTE}/servers/detail?limit=50")),
    "servers by status": (4, _read(f"{COMPUTE}/servers?limit=50&status=SHUTOFF")),
    "server actions": (4, _read_one(f"{COMPUTE}/servers/{{}}/os-instance-actions", "running")),
    "flavors": (5, _read(f"{COMPUTE}/flavors/detail")),
    "key pairs": (3, _read(f"{COMPUTE}/os-keypairs")),
    "limits": (4, _read(f"{COMPUTE}/limits")),
    "zones": (2, _read(f"{COMPUTE}/os-availability-zone")),
    "images": (5, _read("/image/v2/images")),
    "networks": (6, _read(f"{NETWORK}/networks")),
    "subnets": (4, _read(f"{NETWORK}/subnets")),
    "ports": (6, _read(f"{NETWORK}/ports?limit=50")),
    "port show": (5, _read_one(f"{NETWORK}/ports/{{}}", "ports")),
    "groups": (4, _read(f"{NETWORK}/security-groups")),
    "server rename": (2.4, _rename),
    "server metadata": (1.6, _metadata),
    "server stop": (0.7, _act("os-stop", None, "running", "stopped")),
    "server start": (0.7, _act("os-start", None, "stopped", "running")),
    "server reboot": (0.4, _act("reboot", {"type": "SOFT"}, "running", "running")),
    "server create": (0.5, _create_server),
    "server delete": (0.5, _delete(f"{COMPUTE}/servers", "servers leaving", 204)),
    "key pair create": (0.6, _create(f"{COMPUTE}/os-keypairs", "keys", _key, 201, "name")),
    "key pair delete": (0.6, _delete(f"{COMPUTE}/os-keypairs", "keys", 204)),
    "port create": (0.6, _create(f"{NETWORK}/ports", "ports", _port, 201, "id")),
    "port delete": (0.6, _delete(f"{NETWORK}/ports", "ports leaving", 204)),
    "rule create": (0.4, _create(f"{NETWORK}/security-group-rules", "rules", _rule, 201, "id")),
    "rule delete": (0.4, _delete(f"{NETWORK}/security-group-rules", "rules", 204)),
}
INSTEAD = "networks"  # what is asked for where a request has nobody to ask about


def writes(name: str) -> bool:
    """Whether a request of the mix changes something."""
    return name.rpartition(" ")[2] in {"rename", "metadata", "stop", "start", "reboot", "create", "delete"}


class Mix:
    """Draws requests."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._names = list(MIX)
        self._weights = [weight for weight, _ in MIX.values()]

    def draw(self, now: float) -> tuple[str, Asked]:
        """Return the next request and its name."""
        setting = self._setting
        setting.park.settle(now, setting.rng)
        [name] = setting.rng.choices(self._names, self._weights)
        asked = MIX[name][1](setting)
        if asked is None:
            name = INSTEAD
            asked = MIX[name][1](setting)
        assert asked is not None
        return name, asked
