"""Who may do what in a cluster, generated from the table of places: our processes exactly what they do, people less.

Rights that are written by hand grow by whatever fails next; here a process's row says what it does with which kinds,
and a person's role follows from whether a kind is a user's, the operator's or nobody's. Nobody but our
processes writes a status, so that what a user sees was observed, and nobody but they a claim, so that no address is
taken twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from gurum.store.kubernetes import guard
from gurum.store.kubernetes.beside import BESIDE
from gurum.store.kubernetes.crds import PART_OF
from gurum.store.kubernetes.kinds import KEY_CLAIM, PLACES, SERVER_ACTION, Place

Document = dict[str, Any]

FOLLOW = ("list", "watch")
READ = ("get", *FOLLOW)
WRITE = ("create", "update", "patch", "delete")
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"

# What projects have; the rest is the operator's catalogue (CATALOGUE), or claims.
OWN = tuple(kind for kind, place in PLACES.items() if not (place.claim or place.cluster or kind == "Image"))
CATALOGUE = tuple(kind for kind, place in PLACES.items() if place.cluster or kind == "Image")
CLAIMS = tuple(kind for kind, place in PLACES.items() if place.claim)


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """What a process does, by verb: with the kinds themselves, with their status, with keys of KEY_CLAIM.

    read: what it lists and follows. What it writes it also gets, one by one: to write what another process has written,
    and to learn what became of a write whose answer was lost. looked: what it gets and does not write.
    verbs: whether it carries out SERVER_ACTIONs and removes them when they are done.
    It makes namespaces: a project's is made with its first object.
    """

    text: str
    read: tuple[str, ...]
    looked: tuple[str, ...] = ()
    create: tuple[str, ...] = ()
    update: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    verbs: bool = False


_NETWORKED = ("Network", "Subnet", "Port", "SecurityGroup", "Router", "FloatingIP")
_HELD = ("Server", "ServerGroup", *_NETWORKED)  # those that a cloud may have something of: they have a finalizer
_ENGINES = ("Account", "CloudKey", "Domain", "Lease", "Restoration")  # what no API shows

PROCESSES: dict[str, Process] = {
    "gurum-pia": Process(
        text="What the API processes do: everything a user may ask for, and take up what people write with kubectl; in"
        " a status they say only why they do not.",
        read=tuple(kind for kind in PLACES if kind not in _ENGINES),
        looked=("Transfer",),
        create=(*_HELD, "Flavor", "KeyPair", "SecurityGroupRule", "ConsoleLog", "QuotaUsage", "AddressClaim",
                "FloatingIPClaim"),
        update=(*OWN, "Flavor", "ConsoleLog", "QuotaUsage"),
        delete=(*_HELD, "Flavor", "KeyPair", "SecurityGroupRule", "AddressClaim", "FloatingIPClaim"),
        status=OWN,
        verbs=True,
        keys=("get", "create", "delete"),
    ),
    "gurum-engine": Process(
        text="What the engines do: status and finalizers of everything, what they make themselves, the catalogue.",
        read=tuple(PLACES),
        looked=("Transfer",),
        create=(*CATALOGUE, "Network", "Subnet", "Port", "SecurityGroupRule", "FloatingIP", "Domain", "CloudKey",
                "AddressClaim", "FloatingIPClaim", "Lease", "Restoration"),
        update=(*CATALOGUE, *_HELD, "KeyPair", "SecurityGroupRule", "Domain", "CloudKey", "QuotaUsage", "Lease",
                "Restoration"),
        delete=("Subnet", "Port", "SecurityGroupRule", "Domain", "CloudKey", "ConsoleLog", "AddressClaim",
                "FloatingIPClaim", "Lease"),
        status=(*_HELD, "KeyPair", "SecurityGroupRule", "Domain", "CloudKey", "ConsoleLog", "Region"),
        keys=("get", "list", "create", "delete"),
    ),
    "gurum-commands": Process(
        text="What operators' commands do in Gurum's name: adopt, detach, map projects to accounts, settle a restore.",
        read=tuple(PLACES),
        looked=tuple(PLACES),
        create=(*_HELD, "KeyPair", "SecurityGroupRule", "Domain", "CloudKey", "Image", "AddressClaim",
                "FloatingIPClaim"),
        update=(*_HELD, "KeyPair", "SecurityGroupRule", "Domain", "CloudKey", "Image", "Account", "Restoration"),
        delete=(*_HELD, "KeyPair", "SecurityGroupRule", "Domain", "CloudKey", "Image", "AddressClaim",
                "FloatingIPClaim"),
        keys=("get", "create", "delete"),
    ),
    "gurum-move": Process(
        text="What `gurum store copy` and `gurum restore` do, while no process works: write everything as it was.",
        read=tuple(PLACES),
        create=tuple(PLACES),
        update=tuple(PLACES),
        delete=tuple(PLACES),
        status=tuple(PLACES),
        keys=("get", "create", "delete"),
    ),
}  # fmt: skip


def all() -> list[Document]:  # noqa: A001 - read as rights.all()
    """Return every ClusterRole, our processes' first."""
    return [*(_process(name, row) for name, row in PROCESSES.items()), *_people()]


def _process(name: str, row: Process) -> Document:
    verbs: dict[tuple[str, str], list[str]] = {}
    got = {*row.looked, *row.create, *row.update, *row.delete, *row.status}
    for kinds, named in (
        (tuple(kind for kind in PLACES if kind in got), ("get",)),
        (row.read, FOLLOW),
        (row.create, ("create",)),
        (row.update, ("update",)),
        (row.delete, ("delete",)),
    ):
        for kind in kinds:
            verbs.setdefault((PLACES[kind].group, PLACES[kind].plural), []).extend(named)
    for kind in row.status:
        verbs.setdefault((PLACES[kind].group, f"{PLACES[kind].plural}/status"), []).append("update")
    if row.verbs:
        verbs[SERVER_ACTION.group, SERVER_ACTION.plural] = [*FOLLOW, "delete"]
        verbs[SERVER_ACTION.group, f"{SERVER_ACTION.plural}/status"] = ["update"]
    if row.keys:
        verbs[KEY_CLAIM.group, KEY_CLAIM.plural] = list(row.keys)
    verbs["", "namespaces"] = ["create"]
    return _role(name, row.text, [*_rules(verbs), guard.RIGHT])


def _rules(verbs: Mapping[tuple[str, str], list[str]]) -> list[Document]:
    """Return one rule for all resources of a group with the same verbs."""
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), named in verbs.items():
        alike.setdefault((group, tuple(dict.fromkeys(named))), []).append(resource)
    return [
        {"apiGroups": [group], "resources": sorted(resources), "verbs": list(named)}
        for (group, named), resources in sorted(alike.items())
    ]


def _people() -> Iterator[Document]:
    all_kinds = (*PLACES.values(), *(row.place for row in BESIDE.values()))
    yield _role(
        "gurum-member",
        "What a project's members do in its namespace: bind it there. Never a status, never a claim.",
        _allowed((*_places(OWN), SERVER_ACTION), (*READ, *WRITE)),
        aggregate=("edit", "admin"),
    )
    yield _role(
        "gurum-reader",
        "What a project's readers see in its namespace: bind it there.",
        _allowed((*_places((*OWN, "Image")), SERVER_ACTION), READ),
        aggregate=("view",),
    )
    yield _role(
        "gurum-catalogue",
        "What everybody may choose from: bind it to all who sign in, and in gurum-system for the images.",
        _allowed(_places(("Flavor", "Image", "Region")), READ),
    )
    yield _role(
        "gurum-operator",
        "What operators do: everything with what users and the catalogue have, and see all that Gurum keeps.",
        [*_allowed((*_places((*OWN, *CATALOGUE)), SERVER_ACTION), WRITE), *_allowed(all_kinds, READ), guard.ADOPTING],
    )


def _places(kinds: Iterable[str]) -> list[Place]:
    return [PLACES[kind] for kind in kinds]


def _allowed(places: Iterable[Place], verbs: tuple[str, ...]) -> list[Document]:
    return _rules({(place.group, place.plural): list(verbs) for place in places})


def _role(name: str, text: str, rules: list[Document], *, aggregate: tuple[str, ...] = ()) -> Document:
    labels = PART_OF | {f"{_AGGREGATE}{to}": "true" for to in aggregate}
    meta = {"name": name, "labels": labels, "annotations": {"kubernetes.io/description": text}}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": meta,
        "rules": rules,
    }
