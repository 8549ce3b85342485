"""The previous schema of every kind, as rows of data.

Before there are two releases, nothing real is old. So each kind gets the kind of past that kinds have: a field under
another name, one that was not stored because the rest said it, one of another shape. The same row makes the old
document and the upcaster that understands it, and `rewrite` refuses a row that loses anything of a document. Once a
kind's version rises for real, its upcaster is the product's, and the row here must say what the older form was.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from tests.upgrade.content import content

from gurum.model import codec
from gurum.model.codec import Document

Derive = Callable[[Document], Any]
Shape = tuple[Callable[[Any], Any], Callable[[Any], Any]]  # to the previous form, and back

_MISSING = object()


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """How the previous form differs; a path is the words of the current document, joined by dots.

    renamed: path to the previous last word. missing: path to how the value follows from the rest (None: absent).
    reshaped: path to the pair of functions, there and back.
    """

    renamed: Mapping[str, str]
    missing: Mapping[str, Derive]
    reshaped: Mapping[str, Shape] = {}

    def down(self, document: Document) -> Document:
        """Return the previous form of a current document."""
        old = _duplicate(document)
        for path in self.missing:
            _take(old, path)
        for path, (there, _) in self.reshaped.items():
            _change(old, path, path, there)
        for path, word in self.renamed.items():
            _change(old, path, _sibling(path, word), lambda value: value)
        old["schema"] = document["schema"] - 1
        return old

    def up(self, document: Document) -> Document:
        """Return the current form of a previous document: what a release would ship as its upcaster."""
        new = _duplicate(document)
        for path, word in self.renamed.items():
            _change(new, _sibling(path, word), path, lambda value: value)
        for path, (_, back) in self.reshaped.items():
            _change(new, path, path, back)
        for path, derive in self.missing.items():
            value = derive(new)
            if value is not None:
                _put(new, path, value)
        return new


def register() -> None:
    """Make this process understand the previous schema; an upcaster that the product has stays the product's."""
    for name, form in FORMS.items():
        codec.UPCASTERS.setdefault((name, previous(name)), form.up)


def previous(kind: str) -> int:
    """Return the number of a kind's previous schema."""
    return codec.KINDS[kind].version - 1


def rewrite(store: str) -> Counter[str]:
    """Rewrite a store as the previous release would have left it; return how many documents of each kind.

    Raises ValueError when a document does not come back exactly: such a past could not have had this content.
    """
    count: Counter[str] = Counter()
    with content(store) as rows:
        for table in ("objects", "tombstones"):
            for kind, uid, schema, data in rows.sql(f"SELECT kind, id, schema, data FROM {table}"):
                old = msgspec.json.encode(FORMS[kind].down(msgspec.json.decode(data)))
                upcaster = codec.UPCASTERS[kind, previous(kind)]
                again = msgspec.convert(upcaster(msgspec.json.decode(old)), codec.KINDS[kind])
                again.schema = schema
                if codec.decode(kind, data, schema) != again:
                    raise ValueError(f"the previous form of {kind} loses something of {data!r}")
                update = f"UPDATE {table} SET schema = ?, data = ? WHERE kind = ? AND id = ?"
                rows.sql(update, previous(kind), old, kind, uid)
                count[kind] += table == "objects"
    return count


def _duplicate(document: Document) -> Document:
    copied: Document = msgspec.json.decode(msgspec.json.encode(document))
    return copied


def _sibling(path: str, word: str) -> str:
    return f"{path.rpartition('.')[0]}.{word}"


def _take(document: Document, path: str) -> Any:
    """Remove and return what is at a path, `_MISSING` if nothing is."""
    *parents, last = path.split(".")
    for word in parents:
        document = document.get(word, {})
    return document.pop(last, _MISSING)


def _put(document: Document, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for word in parents:
        document = document.setdefault(word, {})
    document[last] = value


def _change(document: Document, path: str, to: str, how: Callable[[Any], Any]) -> None:
    value = _take(document, path)
    if value is not _MISSING:
        _put(document, to, how(value))


def _own_id(document: Document) -> Any:
    return document["metadata"]["id"]


def _of_key(number: int, splits: int = -1) -> Derive:
    """Return what reads one part of a key like `<region>/<user>/<name>`."""
    return lambda document: document["metadata"]["key"].split("/", splits)[number]


def _region_of_shard(document: Document) -> str | None:
    """Return the region in a lease's key; an engine's own lease is of no region, and its key has no slash."""
    region, slash, _ = document["metadata"]["key"].partition("/")
    return region if slash else None


def _fingerprint(document: Document) -> str:
    digest = hashlib.md5(b64decode(document["spec"]["public_key"].split()[1]), usedforsecurity=False).hexdigest()
    return ":".join(digest[at : at + 2] for at in range(0, 32, 2))


def _power_state(document: Document) -> int | None:
    return {"active": 1, "stopped": 4}.get(document["status"].get("vm_state", "building"))


def _is_default(document: Document) -> bool | None:
    return True if document["metadata"]["key"].endswith("/default") else None


def _pairs(pools: list[dict[str, str]]) -> list[str]:
    return [f"{pool['start']}-{pool['end']}" for pool in pools]


def _pools(pairs: list[str]) -> list[dict[str, str]]:
    return [dict(zip(("start", "end"), pair.split("-"), strict=True)) for pair in pairs]


FORMS: dict[str, Form] = {
    "Region": Form(
        renamed={"spec.provider": "driver"},
        missing={"metadata.key": lambda document: document["metadata"]["region"]},
        reshaped={
            "status.capabilities": (
                lambda table: list(table.values()),
                lambda rows: {row["verb"]: row for row in rows},
            )
        },
    ),
    "Account": Form(renamed={"spec.projects": "tenants"}, missing={"spec.number": _of_key(1)}),
    "Flavor": Form(renamed={"spec.ram": "memory_mb"}, missing={"spec.flavorid": _of_key(1, 1)}),
    "KeyPair": Form(renamed={"spec.name": "key_name"}, missing={"spec.fingerprint": _fingerprint}),
    "CloudKey": Form(renamed={"spec.public_key": "material"}, missing={"spec.fingerprint": _fingerprint}),
    "ServerGroup": Form(renamed={"spec.policy": "policies"}, missing={"metadata.key": _own_id}),
    "Router": Form(renamed={"spec.gateway": "external_gateway_info"}, missing={"metadata.key": _own_id}),
    "FloatingIP": Form(renamed={"spec.floating_network_id": "pool"}, missing={"metadata.key": _own_id}),
    "FloatingIPClaim": Form(
        renamed={"spec.floating_ip_id": "owner"},
        missing={"spec.port_id": _of_key(0), "spec.fixed_ip_address": _of_key(1)},
    ),
    "Image": Form(
        renamed={"spec.visibility": "is_public", "spec.cloud_id": "location"},
        missing={"metadata.key": _own_id},
        reshaped={"spec.visibility": (lambda word: word == "public", lambda yes: "public" if yes else "private")},
    ),
    "Network": Form(renamed={"spec.name": "display_name"}, missing={"metadata.key": _own_id}),
    "Domain": Form(renamed={"spec.owner_kind": "owner_type"}, missing={"spec.owner_id": _of_key(0)}),
    "Subnet": Form(
        renamed={"spec.cidr": "range", "spec.slices": "zones"},
        missing={"metadata.key": _own_id},
        reshaped={"spec.allocation_pools": (_pairs, _pools)},
    ),
    "Port": Form(
        renamed={"spec.device_id": "owner_id"},
        missing={"metadata.key": _own_id},
        reshaped={
            "spec.fixed_ips": (
                lambda ips: {ip["ip_address"]: ip["subnet_id"] for ip in ips},
                lambda table: [{"ip_address": address, "subnet_id": subnet} for address, subnet in table.items()],
            )
        },
    ),
    "SecurityGroup": Form(renamed={"spec.name": "title"}, missing={"spec.is_default": _is_default}),
    "SecurityGroupRule": Form(
        renamed={"spec.remote_group_id": "source_group"}, missing={"spec.security_group_id": _of_key(0)}
    ),
    "AddressClaim": Form(
        renamed={"spec.owner_id": "holder"},
        missing={"spec.subnet_id": _of_key(0, 1), "spec.address": _of_key(1, 1)},
    ),
    "QuotaUsage": Form(
        renamed={"spec.in_use": "used"},
        missing={"metadata.project": _of_key(1)},
        reshaped={
            "spec.reservations": (
                lambda rows: {row.pop("id"): row for row in rows},
                lambda table: [{"id": id_, **row} for id_, row in table.items()],
            )
        },
    ),
    "Server": Form(
        renamed={"spec.actions": "requests", "status.vm_state": "state", "status.intents": "steps"},
        missing={"metadata.key": _own_id, "status.power_state": _power_state},
    ),
    "ConsoleLog": Form(
        renamed={"spec.asked_at": "requested_at"},
        missing={"metadata.created_at": lambda document: document["metadata"].get("updated_at")},
        reshaped={"status.text": (lambda text: text.split("\n"), "\n".join)},
    ),
    "Restoration": Form(
        renamed={"spec.restored_at": "back_at"},
        missing={"metadata.key": lambda _: "last"},
    ),
    "Lease": Form(
        renamed={"spec.holder": "engine", "spec.epoch": "term"},
        missing={"metadata.region": _region_of_shard},
    ),
    "Transfer": Form(
        renamed={"spec.source": "origin"},
        missing={"metadata.key": lambda _: "unfinished"},
    ),
}
