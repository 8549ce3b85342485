"""Evidence for an auditor: all events of a time, and four questions answered from them, in one directory.

The events stand as they do in the chain, with their hashes; the manifest has each chain's state at the time of the
export and the digest of every file of the bundle, so that the bundle itself can be checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from gurum.audit import chain, files
from gurum.audit.event import FAILURE, PENDING, Event, decode
from gurum.audit.verify import Report

PRIVILEGED = frozenset({"admin", "manager"})  # roles that may do what others may not


def events(chains: Path, until: str) -> Iterator[tuple[str, bytes, Event]]:
    """Yield (chain, line, event) of all events before a time (in the form of `event.moment`)."""
    for writer in files.writers(chains):
        for segment in files.segments(chains / writer):
            for _, whole in files.lines(segment.path):
                parted = chain.parts(whole)
                if parted is None:
                    continue
                try:
                    event = decode(parted[1])
                except msgspec.DecodeError:
                    continue  # the report says so
                if event.event_time < until:
                    yield writer, whole, event


class Answers:
    """The questions, answered as events pass."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.privileged: list[dict[str, Any]] = []
        self.policies: dict[str, dict[str, Any]] = {}
        self.ended: list[dict[str, Any]] = []
        self._powers: dict[str, tuple[str, ...]] = {}  # a token's privileged roles

    def take(self, event: Event) -> None:
        """Take an event, in the order of its chain."""
        if event.action == "authenticate/token":
            self.remember(event)
            self._token(event)
        elif event.action == "revoke":
            self.ended.append({"at": event.event_time, "what": event.target.type_uri, "id": event.target.id})
        elif event.links.request and not event.links.call and event.outcome != PENDING:
            self._request(event)

    def remember(self, event: Event) -> None:
        """Take what a token may do from an event of before the time that is asked about."""
        if event.action == "authenticate/token" and event.outcome != FAILURE:
            self._powers[event.links.token] = tuple(role for role in event.links.roles if role in PRIVILEGED)

    def _person(self, event: Event) -> dict[str, Any]:
        person = self.people.setdefault(
            event.initiator.id,
            {"first": event.event_time, "last": "", "projects": [], "roles": [], "sign_in_by": [], "credentials": [],
             "identity_providers": [], "read": 0, "changed": 0, "refused": 0},
        )  # fmt: skip
        person["first"] = min(person["first"], event.event_time)
        person["last"] = max(person["last"], event.event_time)
        _add(person["projects"], event.initiator.project)
        return person

    def _token(self, event: Event) -> None:
        if event.outcome == FAILURE:
            return
        links, person = event.links, self._person(event)
        for name, values in (("roles", links.roles), ("sign_in_by", links.methods)):
            for value in values:
                _add(person[name], value)
        _add(person["credentials"], links.credential)
        _add(person["identity_providers"], links.identity_provider)

    def _request(self, event: Event) -> None:
        links, reason, person = event.links, event.reason, self._person(event)
        changed = event.action != "read"
        person["refused" if event.outcome == FAILURE else "changed" if changed else "read"] += 1
        powers = self._powers.get(links.token, ())
        if powers and changed:
            self.privileged.append(
                {"at": event.event_time, "user": event.initiator.id, "by_roles": powers, "verb": links.verb,
                 "about": event.target.id, "region": links.region, "request": links.request,
                 "decision": links.decision, "outcome": event.outcome}
            )  # fmt: skip
        if reason is not None and reason.policy_type:
            policy = self.policies.setdefault(
                reason.policy_type, {"first": event.event_time, "last": event.event_time, "decisions": 0}
            )
            policy["first"] = min(policy["first"], event.event_time)
            policy["last"] = max(policy["last"], event.event_time)
            policy["decisions"] += 1


def _add(values: list[str], value: str) -> None:
    if value and value not in values:
        values.append(value)


def export(
    chains: Path,
    since: str,
    until: str,
    into: Path,
    reports: Sequence[Report],
    anchored: Mapping[str, Mapping[int, str]],
) -> dict[str, Any]:
    """Write the bundle into a new directory and return its manifest. Raises OSError, FileExistsError."""
    into.mkdir(mode=0o700, parents=True)
    answers, counts = Answers(), dict[str, int]()
    with (into / "events.jsonl").open("xb") as out:
        for writer, whole, event in events(chains, until):
            if event.event_time < since:
                answers.remember(event)
                continue
            out.write(whole)
            counts[writer] = counts.get(writer, 0) + 1
            answers.take(event)
    told: dict[str, Callable[[], Any]] = {
        "access-reviews.json": lambda: answers.people,
        "privileged-actions.json": lambda: sorted(answers.privileged, key=lambda one: str(one["at"])),
        "policy-versions.json": lambda: answers.policies,
        "off-boardings.json": lambda: sorted(answers.ended, key=lambda one: str(one["at"])),
        "anchored.json": lambda: {
            name: {str(n): link for n, link in heads.items()} for name, heads in anchored.items()
        },
    }
    for name, make in told.items():
        (into / name).write_bytes(msgspec.json.format(msgspec.json.encode(make(), order="sorted"), indent=2) + b"\n")
    manifest = {
        "from": since,
        "to": until,
        "events": counts,
        "whole": not any(report.findings for report in reports),
        "chains": [asdict(report) | {"head": [report.head.seq, report.head.hash]} for report in reports],
        "files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(into.iterdir())},
    }
    (into / "manifest.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    return manifest
