"""What service accounts may do, and what they did, in the same words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gurum.store.kubernetes import guard

Document = dict[str, Any]

DECISION = "authorization.k8s.io/decision"  # the annotation of an event that says what became of it before admission
# No request has this verb. Whoever lacks it is refused by an admission policy what only Gurum's processes may write.
ASSIGN = ("assign", "identities.gurum.cloud")
GUARDED = f"'{guard.NAME}'"  # as a refusal names its policy


class Right(NamedTuple):
    """A rule of the smallest kind: one verb of one resource."""

    account: str
    verb: str
    resource: str  # with its group and subresource: `servers.compute.gurum.cloud/status`

    def __str__(self) -> str:
        return f"{self.account}: {self.verb} {self.resource}"


def resource(group: str, name: str) -> str:
    """Return a resource in the form of Right."""
    base, _, part = name.partition("/")
    return f"{base}{f'.{group}' if group else ''}{f'/{part}' if part else ''}"


def granted(bindings: Iterable[Document], roles: Mapping[str, Document], namespace: str) -> set[Right]:
    """Return what bindings give to the service accounts of a namespace; `roles` are those that they name."""
    found: set[Right] = set()
    for binding in bindings:
        for subject in binding.get("subjects", ()):
            if (subject["kind"], subject.get("namespace")) == ("ServiceAccount", namespace):
                for rule in roles[binding["roleRef"]["name"]]["rules"]:
                    found |= {
                        Right(subject["name"], verb, resource(group, name))
                        for group in rule["apiGroups"]
                        for name in rule["resources"]
                        for verb in rule["verbs"]
                    }
    return found


def rules(rights: Iterable[Right]) -> list[Document]:
    """Return the rules of a role that gives exactly these rights, a rule for each."""
    out = []
    for one in rights:
        whole, _, part = one.resource.partition("/")
        name, _, group = whole.partition(".")
        said = f"{name}/{part}" if part else name
        out.append({"apiGroups": [group], "resources": [said], "verbs": [one.verb]})
    return out


class Asked(NamedTuple):
    """What the audit log tells of the accounts: what was let through, what was not, by which tokens; up to where."""

    used: dict[Right, int]
    refused: dict[Right, int]
    tokens: dict[str, set[str]]
    end: int = 0


def asked(log: Path, namespace: str, offset: int = 0) -> Asked:
    """Read an audit log from a byte on."""
    found, end = Asked({}, {}, {}), offset
    prefix = f"system:serviceaccount:{namespace}:"
    with log.open("rb") as lines:
        lines.seek(offset)
        for line in lines:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            if prefix.encode() not in line:
                continue
            event = json.loads(line)
            who, what = event["user"]["username"], event.get("objectRef")
            if not who.startswith(prefix):
                continue
            account = who.removeprefix(prefix)
            for token in event["user"].get("extra", {}).get("authentication.kubernetes.io/credential-id", ()):
                found.tokens.setdefault(account, set()).add(token)
            if what is None:
                continue
            part = f"/{what['subresource']}" if what.get("subresource") else ""
            right = Right(account, event["verb"], resource(what.get("apiGroup", ""), f"{what['resource']}{part}"))
            forbidden = event.get("annotations", {}).get(DECISION) == "forbid"
            into = found.refused if forbidden else found.used
            into[right] = into.get(right, 0) + 1
            status = event["responseStatus"]
            if not forbidden and status.get("code") == 403 and GUARDED in status.get("message", ""):
                missing = Right(account, *ASSIGN)
                found.refused[missing] = found.refused.get(missing, 0) + 1
    return found._replace(end=end)
