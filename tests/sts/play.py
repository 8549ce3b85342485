"""The play: two people at one server, keys that follow one another under load, a trust that is gone, and a search."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.client import Client
from tests.faults import servers
from tests.faults.emulator import REGION, Emulator
from tests.faults.figures import Figures
from tests.sts import sought, verdict
from tests.sts.recorder import Recorded, recording
from tests.sts.verdict import Deed
from tests.support.stack import Stack, running

ROTATIONS = 4
PERIOD, AHEAD = 15.0, 5.0  # seconds that a key signs, and is published before, as this run configures it
COUNT = 24
PATIENCE = 600.0
SYSTEM = "gurum-system"
ALICE, BOB = "gurum", "gurum-manager"  # clouds of two people of one project
VERBS = (
    (BOB, "stop", {"os-stop": None}, "SHUTOFF"),
    (ALICE, "start", {"os-start": None}, "ACTIVE"),
    (BOB, "reboot", {"reboot": {"type": "SOFT"}}, "ACTIVE"),
    (ALICE, "stop", {"os-stop": None}, "SHUTOFF"),
)


def change(url: str) -> Callable[[dict[str, Any]], None]:
    """Return what this run's configuration has otherwise: STS by way of the listener, and keys that are used soon."""

    def alter(document: dict[str, Any]) -> None:
        document["embedded"]["aws_emulator_settings"] = {"time_factor": 0.05}
        document["identity"]["issuer"] |= {"rotate_days": PERIOD / 86400, "publish_ahead_hours": AHEAD / 3600}
        for region in document["regions"]:
            if "aws" in region:
                region["aws"] |= {
                    "sts_url": url, "idle_interval": 4.0, "observe_interval": 1.0, "visibility_window": 2.0,
                }  # fmt: skip

    return alter


def play(directory: Path, figures: Figures, rotations: int = ROTATIONS) -> None:
    """Start the whole, have people work, and look at what is left of it."""
    with recording() as recorded:
        # A listener must not send anything on before it knows where to: the engine starts after it is told.
        def alter(document: dict[str, Any]) -> None:
            change(recorded.url)(document)
            urls = [region["aws"]["endpoint_url"] for region in document["regions"] if "aws" in region]
            recorded.onward = urls[0]

        figures.say("starting everything")
        with running(directory, change=alter) as stack:
            emulator = Emulator(stack)
            people = {cloud: Client(stack.url(REGION), stack.token(cloud)) for cloud in (ALICE, BOB)}
            _two_people(stack, people, emulator, figures)
            _keys(stack, people, emulator, recorded, figures, rotations)
            _untrusted(stack, people[ALICE], emulator, figures)
            _search(stack, recorded, figures)


def user(stack: Stack, cloud: str) -> str:
    """Return a person's id, as Keystone has it."""
    token = stack.token(cloud)
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    request = urllib.request.Request(f"{stack.config.identity.url}/auth/tokens", headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(json.load(answer)["token"]["user"]["id"])


def _until(there: Callable[[], Any], what: str, within: float = PATIENCE) -> float:
    began = time.monotonic()
    while not there():
        if time.monotonic() - began > within:
            raise RuntimeError(f"not within {within:.0f} s: {what}")
        time.sleep(0.2)
    return time.monotonic() - began


def _status(client: Client, server: str) -> str:
    found: dict[str, Any] = servers.seen(client).get(server, {})
    task = found.get("OS-EXT-STS:task_state")
    return "" if task else str(found.get("status", "gone"))


def _two_people(stack: Stack, people: dict[str, Client], emulator: Emulator, figures: Figures) -> None:
    """Have two people work on one server in turns, and read from AWS's log alone who did what."""
    figures.say("two people at one server")
    alice, bob = people[ALICE], people[BOB]
    ids = {cloud: user(stack, cloud) for cloud in people}
    [one] = servers.make(alice, servers.wish(alice, "sts"), 1)
    _until(lambda: _status(alice, one) == "ACTIVE", "ACTIVE")
    [living] = emulator.living()
    asked = [("create", ids[ALICE])]
    for cloud, verb, body, status in VERBS:
        people[cloud].json("POST", f"{servers.SERVERS}/{one}/action", body)
        _until(lambda status=status: _status(alice, one) == status, f"{verb}: {status}")  # type: ignore[misc] # mypy and defaults
        asked.append((verb, ids[cloud]))
    bob.call("DELETE", f"{servers.SERVERS}/{one}")
    _until(lambda: _status(alice, one) == "gone", "gone")
    asked.append(("delete", ids[BOB]))
    actions = bob.json("GET", f"{servers.SERVERS}/{one}/os-instance-actions")["instanceActions"]
    requests = {(row["action"], row["user_id"]): row["request_id"] for row in actions}
    records = emulator.trail()
    done = verdict.deeds(records, one, living["id"])
    for deed in done:
        figures.say(f"AWS's log: {deed.verb} by {deed.user} for {deed.request}")
    wanted = [Deed(verb, who, requests[verb, who]) for verb, who in asked]
    figures.put("verbs", len(wanted))
    figures.put("verbs_named_right", sum(deed in done for deed in wanted))
    figures.put("verbs_named_wrong", sum(deed not in wanted for deed in done))
    figures.put("looks_by_a_person", verdict.looks(records, SYSTEM))


def _keys(
    stack: Stack, people: dict[str, Client], emulator: Emulator, recorded: Recorded, figures: Figures, rotations: int
) -> None:
    """Have two people make servers while the engine turns the signing keys, as it does once a month elsewhere."""
    figures.say(f"{COUNT} servers, while {rotations} keys follow one another")
    bodies = {cloud: servers.wish(client, f"keys-{cloud}") for cloud, client in people.items()}
    before, since, made = recorded.given, emulator.newest(), list[str]()
    began = time.time()
    for number in range(COUNT):
        _until(lambda due=number * rotations // COUNT: _turned(stack, began) >= due, "the next key")  # type: ignore[misc] # mypy and defaults
        cloud = (ALICE, BOB)[number % 2]
        made += servers.make(people[cloud], bodies[cloud], 1)
        time.sleep(PERIOD * rotations / COUNT / 2)
    active, took = servers.settle(people[ALICE], made, PATIENCE, figures.say)
    for one in made:
        people[BOB].call("DELETE", f"{servers.SERVERS}/{one}")
    _until(lambda: not set(made) & set(servers.seen(people[ALICE])), "all are gone")
    calls = emulator.calls(since)
    figures.say(f"they were ACTIVE {took:.1f} s after the last was asked for")
    figures.put("servers_active", active)
    figures.put("keys_that_signed", len(recorded.kids))
    figures.put("sessions_while_keys_changed", recorded.given - before)
    figures.put("sessions_refused", len(recorded.refused))
    for code in recorded.refused:
        figures.say(f"STS refused: {code}")
    figures.put("calls_while_keys_changed", len(calls))
    figures.put("calls_refused_for_their_session", sum(line["outcome"] in verdict.REFUSED for line in calls))


def _turned(stack: Stack, since: float) -> int:
    """Return how many keys have begun to sign since then; the engine keeps them for longer than this takes."""
    files = (stack.places.state / sought.KEYS).glob("*.json")
    return sum(since < json.loads(path.read_text())["signs_from"] <= time.time() for path in files)


def _untrusted(stack: Stack, client: Client, emulator: Emulator, figures: Figures) -> None:
    """Take the role's trust away, have a server asked for, read what is told to whom; give it back."""
    figures.say("the account trusts us no more")
    body, roles = servers.wish(client, "untrusted"), emulator.configured()["roles"]
    emulator.configure(roles=[])
    [one] = servers.make(client, body, 1)

    def fault() -> str:
        return str(servers.seen(client)[one].get("fault", {}).get("message", ""))

    _until(fault, "a fault is told")
    figures.say(f"fault: {fault()}")
    figures.put("told_by_fault", verdict.tells(fault()))
    explained = stack.gurum("explain", "server", one, "-f", "json")
    conditions = json.loads(explained.stdout)["conditions"] if not explained.returncode else []
    figures.put("told_by_conditions", any(verdict.tells(row["message"]) for row in conditions))
    checked = stack.gurum("accounts", "check")
    figures.put("told_by_check", checked.returncode == 1 and verdict.tells(checked.stdout))
    emulator.configure(roles=roles)
    figures.put("mended_s", _until(lambda: _status(client, one) == "ACTIVE", "ACTIVE"))
    client.call("DELETE", f"{servers.SERVERS}/{one}")
    _until(lambda: _status(client, one) == "gone", "gone")
    figures.put("calls_by_a_stored_key", verdict.stored(emulator.trail()))


def _search(stack: Stack, recorded: Recorded, figures: Figures) -> None:
    """Seek every session, token and private key of the run in everything that it has left or shows."""
    keys = [json.loads(path.read_text()) for path in (stack.places.state / sought.KEYS).glob("*.json")]
    secrets = recorded.secrets | {f"signing key {key['kid']}": key["jwk"]["d"] for key in keys}
    texts = list(sought.everywhere(stack))
    figures.say(f"{len(secrets)} secrets, {sum(len(text) for _, text in texts) / 1e6:.1f} MB")
    found = sought.found(secrets, texts)
    for one in found:
        figures.say(f"FOUND {one}")
    figures.put("places_searched", len(texts))
    figures.put("secrets_sought", len(secrets))
    figures.put("secrets_found", len(found))
    figures.put("planted_found", sought.planted(stack, next(iter(secrets.values()))))
