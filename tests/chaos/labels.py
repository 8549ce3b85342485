"""What a step is called: enough to tell two steps of an operation apart, nothing that differs between two runs of it.

Ids, zones, times and numbers would make every run's steps new ones; the bare name of the method would make forty
writes of a server one step. So a write is named by what it changes, and a call by its action and the tag of its step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gurum.model.base import Resource
from gurum.providers.contract import DOUBT, UNSURE

ALWAYS = "always"  # the verb of what goes on whatever is asked for
COLLECT = "Store.collect"

_SERVER_WORDS = (("vm_state", "vm"), ("task_state", "task"))
_QUIET = frozenset({"conditions", "observed_generation", "applied", "account", "intents", "status", "fault"})


# Facts that are told apart; of all others it is enough that they are facts.
_FACTS = frozenset({"route", "association", "gateway", "egress", "attachment", "detaching"})


def housekeeping(step: str) -> bool:
    """Whether a step belongs to no operation: leases, and looking whether anything has changed."""
    return step.startswith(("Lease.update", "Lease.delete", COLLECT)) or step.endswith((" all", " moving"))


def call(action: str, params: Mapping[str, Any]) -> str:
    """Return the name of a call to AWS."""
    for specification in params.get("TagSpecifications", ()):
        for tag in specification["Tags"]:
            if tag["Key"] == "pia:step":
                return f"{action} {_bare(tag['Value'])}"
    filters = {item["Name"]: item["Values"] for item in params.get("Filters", ())}
    if "tag:pia:step" in filters:
        return f"{action} find {_bare(filters['tag:pia:step'][0])}"
    if "instance-id" in filters:
        return f"{action} moving"
    if "tag:pia:owner" in filters:
        return f"{action} all"
    return action


def created(objects: Sequence[Resource]) -> str:
    """Return the name of a creation."""
    kinds = sorted({obj.kind for obj in objects})
    return f"{'+'.join(kinds)}.create"


def deleted(kind: type[Resource]) -> str:
    """Return the name of a deletion."""
    return f"{kind.kind}.delete"


def spec_changed(old: Resource, new: Resource) -> str:
    """Return the name of a change of spec, empty when nothing changes."""
    before, after = _document(old), _document(new)
    fields = _differences(before["spec"], after["spec"])
    fields += [f"labels.{name}" for name in _differences(*(d["metadata"].get("labels", {}) for d in (before, after)))]
    if before["metadata"].get("finalizers") != after["metadata"].get("finalizers"):
        fields.append("finalizers")
    return f"{new.kind}.update_spec {'+'.join(sorted(set(fields)))}" if fields else ""


def status_changed(old: Resource, new: Resource) -> str:
    """Return the name of a change of status, empty when nothing changes."""
    before, after = _document(old), _document(new)
    meta, was = after["metadata"], before["metadata"]
    if meta.get("finalizers") != was.get("finalizers"):
        return f"{new.kind}.update_status release"
    fields = _differences(before["status"], after["status"])
    if not fields and meta.get("account") == was.get("account") and meta.get("revision") == was.get("revision"):
        return ""
    words = _intents(before["status"], after["status"]) + _words(before["status"], after["status"], new.kind)
    if not words:
        words = [name for name in fields if name not in _QUIET] or [_applied(before["status"], after["status"])]
    return f"{new.kind}.update_status {'+'.join(dict.fromkeys(words))}"


def _applied(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return which sort of fact changed: one that was made so, one that is about to be, or none but words for users."""
    old, new = before.get("applied", {}), after.get("applied", {})
    changed = _differences(old, new)
    if not changed:
        return "conditions"
    doubt = all(name.startswith(DOUBT) or new.get(name) == UNSURE for name in changed)
    what = sorted({_bare(name.removeprefix(DOUBT)) for name in changed} & _FACTS)
    return " ".join(("doubt" if doubt else "applied", *what))


def _intents(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    old = before.get("intents", {})
    return [
        f"{_bare(name)}={intent.get('state', 'intended')}"
        for name, intent in after.get("intents", {}).items()
        if _state(old.get(name)) != _state(intent)
    ]


def _state(intent: Mapping[str, Any] | None) -> tuple[str, int] | None:
    return None if intent is None else (intent.get("state", "intended"), intent.get("attempt", 1))


def _words(before: Mapping[str, Any], after: Mapping[str, Any], kind: str) -> list[str]:
    words = []
    if kind == "Server":
        words += [f"{word}={after.get(f)}" for f, word in _SERVER_WORDS if before.get(f) != after.get(f)]
        if before.get("outcomes") != after.get("outcomes"):
            last = after["outcomes"][-1]
            words.append(last.get("result") or str(last.get("details", "")).replace(":", ""))
    if kind == "Port" and before.get("status") != after.get("status"):
        words.append(f"status={after.get('status', 'DOWN')}")
    return words


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


def _document(obj: Resource) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(obj)
    return document


def _bare(step: str) -> str:
    return step.partition(":")[0]
