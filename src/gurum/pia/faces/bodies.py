"""From what a person wrote to the requests that say the same: the API's words for the fields, by kind.

The words are those of the definitions: a field is called as the model calls it, unless its row says how OpenStack does.
What the API has no word for goes into the body as it is, so that the API itself refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gurum.model import codec
from gurum.model.base import DELETE, MANAGED, Resource, Spec
from gurum.model.network import Port
from gurum.model.routing import ROUTER_INTERFACE, is_interface
from gurum.model.server import Server
from gurum.pia.faces.acting import Ask
from gurum.pia.network import revision
from gurum.store.kubernetes import guard
from gurum.store.kubernetes.definitions.tables import KINDS
from gurum.store.kubernetes.schema import row_of, spec_of
from gurum.store.kubernetes.shape import IDENTITY
from gurum.store.kubernetes.words import inward

Document = dict[str, Any]
COMPUTE, NETWORK = "/compute", "/network"


class CannotError(Exception):
    """No request says what was written; str() of it is the refusal."""


class Noun(msgspec.Struct, frozen=True, kw_only=True):
    """How the API calls a kind: the service's prefix, the path of the collection, the key of a body."""

    prefix: str
    path: str
    name: str


NOUNS: Mapping[str, Noun] = {
    "Server": Noun(prefix=COMPUTE, path="/v2.1/servers", name="server"),
    "ServerGroup": Noun(prefix=COMPUTE, path="/v2.1/os-server-groups", name="server_group"),
    "KeyPair": Noun(prefix=COMPUTE, path="/v2.1/os-keypairs", name="keypair"),
    "Network": Noun(prefix=NETWORK, path="/v2.0/networks", name="network"),
    "Subnet": Noun(prefix=NETWORK, path="/v2.0/subnets", name="subnet"),
    "Port": Noun(prefix=NETWORK, path="/v2.0/ports", name="port"),
    "SecurityGroup": Noun(prefix=NETWORK, path="/v2.0/security-groups", name="security_group"),
    "SecurityGroupRule": Noun(prefix=NETWORK, path="/v2.0/security-group-rules", name="security_group_rule"),
    "Router": Noun(prefix=NETWORK, path="/v2.0/routers", name="router"),
    "FloatingIP": Noun(prefix=NETWORK, path="/v2.0/floatingips", name="floatingip"),
}
# Nova's words for what a server is made with; what is not here is called as the model calls it.
SERVER = {
    "disk_config": "OS-DCF:diskConfig",
    "access_ipv4": "accessIPv4",
    "access_ipv6": "accessIPv6",
    "flavorRef": "flavorRef",
    "keyName": "key_name",
    "image_id": "imageRef",
}
ADOPTION = tuple(field.encode_name for field in msgspec.structs.fields(Spec))  # how it stands to a cloud: not asked
NAMELESS = ("SecurityGroupRule", "FloatingIP")


def words(kind: str, spec: Mapping[str, Any]) -> Document:
    """Return a spec's fields by the model's names, at any depth, without identity and how it stands to a cloud."""
    given = {name: value for name, value in spec.items() if name not in IDENTITY}
    document = inward(spec_of(codec.KINDS[kind]))(given)
    return {name: value for name, value in document.items() if name not in ADOPTION}


def attribute(kind: str, name: str) -> str:
    """Return Neutron's name of a field of the model."""
    try:
        return row_of(spec_of(codec.KINDS[kind]), name).said or name
    except KeyError:
        return name


def creation(kind: str, name: str, spec: Mapping[str, Any]) -> Ask:
    """Return the request that makes a wish, whose references are resolved, an object. `name`: the wish's own.

    Raises CannotError.
    """
    noun = NOUNS[kind]
    usual = {"managementPolicy": MANAGED, "onDelete": DELETE}
    if any(spec.get(name, usual.get(name)) != usual.get(name) for name in guard.ADOPTION):
        raise CannotError("What is in the cloud already is adopted by `gurum adopt`; here things are made anew.")
    given = words(kind, spec)
    if kind not in NAMELESS:
        given.setdefault("name", name)
    if kind == "Port" and given.get("device_owner") == ROUTER_INTERFACE:
        return _interface(given)
    if kind == "Subnet":
        given.setdefault("ip_version", 4)  # as its definition says, and as the client of OpenStack does
    body: Document
    if kind == "Server":
        body = _server(given)
    elif noun.prefix == COMPUTE:
        body = {noun.name: given}
    else:
        body = {noun.name: {attribute(kind, field): value for field, value in given.items()}}
    return Ask(prefix=noun.prefix, method="POST", path=noun.path, body=body)


def _interface(given: Document) -> Ask:
    """Return the request that joins a subnet to a router; the port that it makes is the wish."""
    if any("ip_address" in ip for ip in given.get("fixed_ips", ())):
        raise CannotError("The address of a router's interface is its subnet's gateway: leave ipAddress out.")
    subnets = [str(ip.get("subnet_id", "")) for ip in given.get("fixed_ips", ())]
    path = f"/v2.0/routers/{given.get('device_id', '')}/add_router_interface"
    return Ask(prefix=NETWORK, method="PUT", path=path, body={"subnet_id": subnets[0] if subnets else ""})


def adjusting(kind: str, name: str, spec: Mapping[str, Any], generation: int) -> Callable[[Any], None]:
    """Return what gives an object those fields of its wish that the request had no word for.

    generation: the wish's. Kubernetes has counted what was written before; Neutron's revisions begin with the object.
    """
    given = words(kind, spec)

    def of_network(obj: Resource) -> None:
        revision.adjust(obj, -generation)

    def of_interface(obj: Port) -> None:
        of_network(obj)
        obj.spec.name = given.get("name", name)
        obj.spec.description = given.get("description", "")
        obj.spec.admin_state_up = given.get("admin_state_up", True)
        obj.spec.tags = list(given.get("tags", ()))

    interface = kind == "Port" and given.get("device_owner") == ROUTER_INTERFACE
    if interface:
        return of_interface
    return of_network if NOUNS[kind].prefix == NETWORK else lambda obj: None


def _server(given: Document) -> Document:
    networks, groups, group = given.pop("networks", None), given.pop("security_groups", None), given.pop("group", "")
    for copied, ref, said in (("flavor", "flavorRef", "id"), ("key", "keyName", "name")):
        value = given.pop(copied, None)
        if isinstance(value, dict):
            given.setdefault(ref, value.get(said))
    given.pop("image_cloud_id", None)
    server: Document = {SERVER.get(name, name): value for name, value in given.items()}
    server["networks"] = "auto" if networks is None else [_nic(one) for one in networks] or "none"
    if groups:
        server["security_groups"] = [{"name": uid} for uid in groups]
    body: Document = {"server": server}
    if group:
        body["os:scheduler_hints"] = {"group": group}
    return body


def _nic(given: Mapping[str, Any]) -> Document:
    said = {"network_id": "uuid", "port_id": "port"}
    return {said.get(name, name): value for name, value in given.items()}


def deletion(obj: Resource) -> Ask:
    """Return the request that deletes an object."""
    noun = NOUNS[obj.kind]
    if isinstance(obj, Port) and is_interface(obj):
        path = f"/v2.0/routers/{obj.spec.device_id}/remove_router_interface"
        return Ask(prefix=NETWORK, method="PUT", path=path, body={"port_id": obj.id})
    named: Any = obj
    key = named.spec.name if obj.kind == "KeyPair" else obj.id
    return Ask(prefix=noun.prefix, method="DELETE", path=f"{noun.path}/{key}")


# Of a server: which request changes which fields.
_SHOWN = ("name", "description", "hostname", "disk_config", "access_ipv4", "access_ipv6")


def changes(old: Resource, spec: Mapping[str, Any]) -> list[Ask]:
    """Return the requests that make an object's spec this one, whose references are resolved; none if nothing differs.

    Raises CannotError, msgspec.ValidationError.
    """
    kind, struct = old.kind, spec_of(codec.KINDS[old.kind])
    whole: Any = old
    given = words(kind, spec)
    before = msgspec.to_builtins(whole.spec)
    known = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    wanted = {name: value for name, value in given.items() if name in known}
    for name in before:
        if name not in wanted and (name in LEFT_OUT or known[name].required):
            wanted[name] = before[name]  # Gurum filled it in, or it must be: leaving it out asks for nothing
    new = msgspec.convert(wanted, struct)
    different = [field.name for field in known.values() if getattr(new, field.name) != getattr(whole.spec, field.name)]
    differing = {name: msgspec.to_builtins(getattr(new, name)) for name in different if name not in ADOPTED}
    if not differing:
        return []
    if isinstance(old, Server):
        return _of_server(old, differing)
    noun = NOUNS[kind]
    if KINDS[kind].fixed == ("*",):
        raise CannotError(read_only(kind, next(iter(differing))))
    path = f"{noun.path}/{old.id}"
    asks = []
    tags = differing.pop("tags", None)
    if differing:
        body = {attribute(kind, name): _value(name, value) for name, value in differing.items()}
        if kind == "FloatingIP" and "fixed_ip_address" in body:
            body.setdefault("port_id", whole.spec.port_id or None)
        asks.append(Ask(prefix=NETWORK, method="PUT", path=path, body={noun.name: body}))
    if tags is not None:
        asks.append(Ask(prefix=NETWORK, method="PUT", path=f"{path}/tags", body={"tags": tags}))
    return asks


LEFT_OUT = frozenset(
    {
        *("name", "hostname", "mtu", "mac_address", "fixed_ips", "security_groups", "allocation_pools", "gateway_ip"),
        *(
            "slices",
            "zone",
            "implied",
            "disposable",
            "device_id",
            "device_owner",
            "networks",
            "user_id",
            "flavor",
            "key",
        ),
        *("image_id", "image_cloud_id", "reservation_id", "launch_index", "actions", "router_id", "fixed_ip_address"),
        *("floating_ip_address", "subnet_id", "fingerprint", "number", "normalized_cidr", "belongs_to_default_sg"),
        *(
            "is_default",
            "locked",
            "locked_reason",
            "user_data_secret",
            "group",
            "availability_zone",
            "port_security_enabled",
        ),
    }
)
ADOPTED = tuple(field.name for field in msgspec.structs.fields(Spec))
_NULL = frozenset({"port_id", "fixed_ip_address"})  # empty here where Neutron says null


def _value(name: str, value: Any) -> Any:
    if name == "gateway":
        return value or {}
    return None if name in _NULL and value == "" else value


def read_only(kind: str, name: str) -> str:
    """Return the refusal of a change of a field that stays as it is, in the words of the definitions' own rules."""
    return f"Cannot update read-only attribute {attribute(kind, name)}"


def _of_server(old: Server, differing: Document) -> list[Ask]:
    path = f"{NOUNS['Server'].path}/{old.id}"
    asks = []
    shown = {SERVER.get(name, name): differing.pop(name) for name in _SHOWN if name in differing}
    if shown:
        asks.append(Ask(prefix=COMPUTE, method="PUT", path=path, body={"server": shown}))
    asks += [
        Ask(prefix=COMPUTE, method="PUT", path=f"{path}/{name}", body={name: differing.pop(name)})
        for name in ("metadata", "tags")
        if name in differing
    ]
    if "security_groups" in differing:
        wanted, held = differing.pop("security_groups"), old.spec.security_groups
        verbs = [("addSecurityGroup", uid) for uid in wanted if uid not in held]
        verbs += [("removeSecurityGroup", uid) for uid in held if uid not in wanted]
        asks += [_action(path, verb, {"name": uid}) for verb, uid in verbs]
    if "locked" in differing or "locked_reason" in differing:
        locked, reason = differing.pop("locked", old.spec.locked), differing.pop("locked_reason", None)
        told = {"locked_reason": reason} if reason else None
        asks.append(_action(path, "lock", told) if locked else _action(path, "unlock", None))
    if differing:
        raise CannotError(read_only("Server", next(iter(differing))))
    return asks


def _action(path: str, verb: str, arguments: Any) -> Ask:
    return Ask(prefix=COMPUTE, method="POST", path=f"{path}/action", body={verb: arguments})
