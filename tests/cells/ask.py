"""A cell as a request: at the API, and at the API server, where writes are tried and not kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.adopt.company import public_key
from tests.cells.estate import REGION, Estate, unique
from tests.cells.hands import Hand, Said
from tests.cells.matrix import FIXED, MACHINERY, OWN, USERS, VALUES, Cell

from gurum.model import codec
from gurum.pia.compute.service import ROUTES
from gurum.pia.faces import bodies
from gurum.pia.faces.actions import WORDS
from gurum.store.kubernetes.kinds import PLACES, SERVER_ACTION, SYSTEM
from gurum.store.kubernetes.schema import spec_of
from gurum.store.kubernetes.shape import collection
from gurum.store.kubernetes.words import inward

NOTHING = Said(404, {"message": "no request of the API says this"})
DRY = "dryRun=All&fieldManager=cells"
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"
SOMEWHERE = "00000000-0000-4000-8000-000000000000"
# What an action's body has, where it must have something: right in form, so that policy is come to.
ARGUMENTS: Mapping[str, Any] = {
    "reboot": {"type": "SOFT"},
    "os-getConsoleOutput": {},
    "os-getVNCConsole": {"type": "novnc"},
    "os-getSPICEConsole": {"type": "spice-html5"},
    "os-getSerialConsole": {"type": "serial"},
    "os-getRDPConsole": {"type": "rdp-html5"},
    "addSecurityGroup": {"name": "default"},
    "removeSecurityGroup": {"name": "default"},
    "resize": {"flavorRef": "2"},
    "rebuild": {"imageRef": SOMEWHERE},
    "createImage": {"name": "an-image"},
    "createBackup": {"name": "b", "backup_type": "daily", "rotation": 1},
    "changePassword": {"adminPass": "x"},
    "addFloatingIp": {"address": "203.0.113.9"},
    "removeFloatingIp": {"address": "203.0.113.9"},
    "addFixedIp": {"networkId": SOMEWHERE},
    "removeFixedIp": {"address": "10.77.0.9"},
    "os-migrateLive": {"block_migration": "auto", "host": None},
    "os-resetState": {"state": "active"},
}
UNDESCRIBED = ("ServerGroup", "KeyPair")  # kinds without a description: what they have is a name
_UNTIL = {route.action: route.until for route in ROUTES if route.action and route.path == "/servers/{id}/action"}


def of_api(cell: Cell, hand: Hand, estate: Estate) -> Said:
    """Ask at the API. What is consumed by it was made for it."""
    if cell.kind in MACHINERY or cell.verb in ("status", "deletecollection"):
        return NOTHING
    if cell.kind == "ServerAction":
        return _action(cell, hand, estate)
    if cell.kind not in USERS:
        return _catalogue(cell, hand)
    noun = bodies.NOUNS[cell.kind]
    latest = {"OpenStack-API-Version": "compute 2.96"}
    where = noun.prefix + noun.path
    if cell.verb in ("list", "watch"):
        return _listed(hand.call("GET", where, **latest), cell, estate)
    if cell.verb == "get":
        return hand.call("GET", f"{where}/{estate.ids[cell.kind]}", **latest)
    if cell.verb == "create" and cell.project != OWN and noun.prefix == bodies.COMPUTE:
        return NOTHING  # of Nova nobody can ask for something in another project
    if cell.verb == "create":
        return hand.call("POST", where, {noun.name: _new(cell, estate)}, **latest)
    if cell.verb == "delete":
        return hand.call("DELETE", f"{where}/{estate.make(cell.kind)}", **latest)
    if cell.kind in FIXED:
        return hand.call("PUT", f"{where}/{estate.ids[cell.kind]}", {noun.name: {"description": "x"}}, **latest)
    if cell.field == "tags":
        return hand.call("PUT", f"{where}/{estate.ids[cell.kind]}/tags", {"tags": VALUES["tags"]}, **latest)
    return hand.call("PUT", f"{where}/{estate.ids[cell.kind]}", {noun.name: _said(cell)}, **latest)


def _listed(said: Said, cell: Cell, estate: Estate) -> Said:
    """Take a list for a refusal where what it is about is not in it: lists are held against each other by namespace."""
    if said.status != 200:
        return said
    rows = next(iter(value for value in said.body.values() if isinstance(value, list)))
    wanted = estate.ids[cell.kind]
    for row in rows:
        inner = row.get("keypair", row)
        if wanted in (inner.get("id"), inner.get("name")):
            return said
    return Said(404, {"message": f"a list without it, of {len(rows)}"})


def _said(cell: Cell) -> dict[str, Any]:
    if not cell.field:
        return {"description": unique("said")}
    [(field, value)] = inward(spec_of(codec.KINDS[cell.kind]))({cell.field: VALUES[cell.field]}).items()
    return {bodies.attribute(cell.kind, field): value}


def _new(cell: Cell, estate: Estate) -> dict[str, Any]:
    named = {"name": unique("cell")} if cell.kind not in bodies.NAMELESS else {}
    theirs = {"project_id": estate.project} if bodies.NOUNS[cell.kind].prefix == bodies.NETWORK else {}
    return {
        **named,
        **(theirs if cell.project != OWN else {}),
        **_needed(cell, estate),
        **(_said(cell) if cell.field else {}),
    }


def _needed(cell: Cell, estate: Estate) -> dict[str, Any]:
    ids = estate.ids
    if cell.kind == "Subnet":
        return {"network_id": estate.spare, "cidr": f"10.{90 + next(estate.cidrs)}.0.0/24", "ip_version": 4}
    if cell.kind == "Port":
        return {"network_id": ids["Network"]}
    if cell.kind == "SecurityGroupRule":
        port = 20000 + next(estate.cidrs)
        return {"security_group_id": ids["SecurityGroup"], "direction": "ingress", "protocol": "tcp",
                "port_range_min": port, "port_range_max": port}  # fmt: skip
    if cell.kind == "FloatingIP":
        return {"floating_network_id": estate.external}
    if cell.kind == "ServerGroup":
        return {"policy": "anti-affinity"}
    if cell.kind == "KeyPair":
        return {"public_key": public_key(7), "type": "ssh"}
    if cell.kind == "Server":
        return {"imageRef": estate.image, "flavorRef": estate.flavor, "networks": "none"}
    return {}


def _action(cell: Cell, hand: Hand, estate: Estate) -> Said:
    word = WORDS.get(cell.field, cell.field)
    uid = estate.make("Server") if word == "forceDelete" else estate.ids["Server"]
    version = min(_UNTIL.get(word, 96), 96)
    headers = {"OpenStack-API-Version": f"compute 2.{version}"}
    return hand.call("POST", f"/compute/v2.1/servers/{uid}/action", {word: ARGUMENTS.get(word)}, **headers)


def _catalogue(cell: Cell, hand: Hand) -> Said:
    if cell.kind == "Region":
        return hand.call("GET", "/") if cell.verb in ("get", "list", "watch") else NOTHING
    flavor = cell.kind == "Flavor"
    where, noun = ("/compute/v2.1/flavors", "flavor") if flavor else ("/image/v2/images", "image")
    latest = {"OpenStack-API-Version": "compute 2.96"}
    listed = hand.call("GET", where, **latest)
    if cell.verb in ("list", "watch"):
        empty = listed.status == 200 and not listed.body[f"{noun}s"]
        return Said(404, {"message": "an empty list"}) if empty else listed
    images = listed.body["images"] if listed.status == 200 and not flavor else []
    uid = "2" if flavor else images[0]["id"] if images else SOMEWHERE
    if cell.verb == "get":
        return hand.call("GET", f"{where}/{uid}", **latest)
    if cell.verb == "create":
        body: Any = {"name": unique("f"), "ram": 64, "vcpus": 1, "disk": 1} if flavor else {"name": unique("i")}
        return hand.call("POST", where, {noun: body} if flavor else body, **latest)
    if cell.verb == "delete":
        return hand.call("DELETE", f"{where}/{SOMEWHERE if flavor else uid}", **latest)
    if flavor:
        return hand.call("PUT", f"{where}/{uid}", {noun: {"description": unique("d")}}, **latest)
    form = "application/openstack-images-v2.1-json-patch"
    return hand.call("PATCH", f"{where}/{uid}", [{"op": "replace", "path": "/name", "value": "x"}], form)


def of_cluster(cell: Cell, hand: Hand, estate: Estate) -> Said:
    """Ask at the API server, in the estate's namespace."""
    if cell.kind == "ServerAction":
        place, namespace = SERVER_ACTION, estate.namespace
        spec = {"serverRef": estate.ids["Server"], "action": cell.field}
        return hand.call("POST", f"{collection(place, namespace)}?{DRY}", _document(place.api_version, cell.kind, spec))
    place = PLACES[cell.kind]
    namespace = estate.namespace if cell.kind in USERS else SYSTEM
    where = collection(place, namespace)
    name = estate.names.get(cell.kind, "nothing")
    if cell.verb == "list":
        return hand.call("GET", where)
    if cell.verb == "watch":
        return hand.watch(where)
    if cell.verb == "create":
        return hand.call("POST", f"{where}?{DRY}", _document(place.api_version, cell.kind, _wish(cell, estate)))
    if cell.verb == "deletecollection":
        return hand.call("DELETE", f"{where}?dryRun=All")
    if cell.kind not in USERS:
        name = _some(estate, where)
    if cell.verb == "get":
        return hand.call("GET", f"{where}/{name}")
    if cell.verb == "delete":
        return hand.call("DELETE", f"{where}/{estate.spared.get(cell.kind, name)}?dryRun=All")
    if cell.verb == "status":
        return hand.call("PATCH", f"{where}/{name}/status?{DRY}", {"status": {"observedGeneration": 7}}, MERGE)
    plain = "name" if cell.kind in UNDESCRIBED else "description"
    spec = {cell.field: VALUES[cell.field]} if cell.field else {plain: unique("said")}
    if cell.verb == "apply":
        document = {"apiVersion": place.api_version, "kind": cell.kind, "metadata": {"name": name}, "spec": spec}
        return hand.call("PATCH", f"{where}/{name}?{DRY}&force=true", document, APPLY)
    return hand.call("PATCH", f"{where}/{name}?{DRY}", {"spec": spec}, MERGE)


def _some(estate: Estate, where: str) -> str:
    """Return the name of an object of a kind that no user writes; one that nothing has if there is none."""
    if where not in estate.some:
        items = estate.cluster.ok("GET", f"{where}?limit=1")["items"]
        estate.some[where] = items[0]["metadata"]["name"] if items else "nothing"
    return estate.some[where]


def _document(version: str, kind: str, spec: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": unique("cell")}, "spec": spec}


def _wish(cell: Cell, estate: Estate) -> dict[str, Any]:
    ids, spec = estate.ids, {"region": REGION}
    needed: dict[str, dict[str, Any]] = {
        "Subnet": {"networkID": ids["Network"], "cidr": "10.99.0.0/24"},
        "Port": {"networkID": ids["Network"]},
        "SecurityGroupRule": {"securityGroupID": ids["SecurityGroup"], "direction": "ingress"},
        "FloatingIP": {"floatingNetworkID": estate.external},
        "ServerGroup": {"policy": "anti-affinity"},
        "KeyPair": {"publicKey": public_key(7)},
        "Server": {"imageRef": estate.image, "flavorRef": "m1.small"},
    }
    return {**spec, **needed.get(cell.kind, {}), **({cell.field: VALUES[cell.field]} if cell.field else {})}
