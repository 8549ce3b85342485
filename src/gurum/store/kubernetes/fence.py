"""How the API server refuses the write of an engine whose shard another one has taken.

Kubernetes has no transaction over a lease and an object. What it has is an admission policy with parameters: here the
leases are the parameters, and what an engine writes carries a stamp, `<lease>@<epoch>#<number>`, in an annotation or,
because a write of status takes nothing else, in `status.fence`. A stamp of an epoch that is not the lease's is refused.
A stamp that was there before says nothing about who writes now: so each write has a number of its own, and what was not
changed is not looked at. That is how people, the API and controllers of the cluster write over it freely.

What it promises, and what not: the API server judges by its own copy of the leases, which follows by a watch and is
late by milliseconds; a successor therefore waits (`gurum.engine.fleet.SETTLE`) between taking a shard and looking at
it. A DELETE can carry no stamp. It names the object's version, so it is refused once the successor, or anybody, has
written the object; else it does what was decided while the shard was still the deleter's.
"""

from __future__ import annotations

import secrets

from gurum.store import fence
from gurum.store.kubernetes.admission import Document, everything, policy
from gurum.store.kubernetes.client import OVER
from gurum.store.kubernetes.kinds import DOMAIN, PLACES, SYSTEM, name_of

NAME = f"fence.{DOMAIN}"
ANNOTATION = f"{DOMAIN}/fence"
FIELD = "fence"  # of status

# CEL: the stamp that this write puts on, empty for none. A write of an object leaves its status as it is, and the
# other way round, so at most one of the two differs from before.
_NOTE, _SEEN = f"{{}}.metadata.?annotations[?'{ANNOTATION}'].orValue('')", f"{{}}.?status.?{FIELD}.orValue('')"
_CREATING = "oldObject == null"


def stamp() -> str:
    """Return the stamp of a write that begins now, empty outside a fence. Raises FencedError."""
    guard = fence.current()
    return "" if guard is None else f"{name_of(guard.key)}@{guard.epoch}#{secrets.token_hex(4)}"


def stamped(document: Document, part: str) -> Document:
    """Return a document to be written, to an object or to its status, with the stamp of this moment.

    Outside a fence it carries none, also where one was before.
    """
    mark = stamp()
    if part:
        status = {name: value for name, value in document["status"].items() if name != FIELD}
        return {**document, "status": {**status, **({FIELD: mark} if mark else {})}}
    meta = document["metadata"]
    notes = {name: value for name, value in meta.get("annotations", {}).items() if name != ANNOTATION}
    return {**document, "metadata": {**meta, "annotations": {**notes, **({ANNOTATION: mark} if mark else {})}}}


def unstamped(status: Document) -> Document:
    """Return what a status says, whoever wrote it."""
    return {name: value for name, value in status.items() if name != FIELD}


def all() -> list[Document]:  # noqa: A001 - read as fence.all()
    """Return the policy and its binding."""
    put_on = f"({_new(_NOTE)} ? {_NOTE.format('object')} : {_new(_SEEN)} ? {_SEEN.format('object')} : '')"
    mine = "params.metadata.name + '@'"
    epoch = "string(params.spec.?epoch.orValue(0))"
    spec = {
        "paramKind": {"apiVersion": PLACES["Lease"].api_version, "kind": "Lease"},
        "matchConstraints": everything("*", "*/status"),
        "matchConditions": [{"name": "stamped", "expression": f"{put_on} != ''"}],
        "variables": [{"name": "stamp", "expression": put_on}],
        "validations": [
            {
                "expression": f"!variables.stamp.startsWith({mine})"
                f" || variables.stamp.startsWith({mine} + {epoch} + '#')",
                "messageExpression": f"'epoch ' + variables.stamp + ' {OVER} in epoch ' + {epoch}",
                "message": f"the epoch {OVER}",
                "reason": "Forbidden",
            }
        ],
    }
    leases = {"namespace": SYSTEM, "selector": {}, "parameterNotFoundAction": "Allow"}
    return policy(NAME, spec, {"validationActions": ["Deny"], "paramRef": leases})


def _new(stamp: str) -> str:
    """Return the expression of whether a stamp is not as it was."""
    return f"({_CREATING} || {stamp.format('object')} != {stamp.format('oldObject')})"
