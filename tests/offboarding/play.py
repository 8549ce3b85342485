"""The play: one of staff and one local user leave, while colleagues of theirs work; then both are enabled again."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.bench.client import Client
from tests.faults import servers
from tests.faults.figures import Figures
from tests.offboarding.held import Holder, Site, local, staff
from tests.offboarding.http import made
from tests.offboarding.limits import AT_AWS
from tests.offboarding.watch import Watch, until_refused
from tests.support.stack import BIN, Stack, running

LEAVES, TEAM = "alice", "team-media"
PATIENCE = 300.0
REVIVED = 6.0  # seconds in which everything is tried again: three times what the API may not have noticed


def play(directory: Path, figures: Figures) -> None:
    """Start the whole, have people work, let two of them go."""
    figures.say("starting everything")
    with running(directory) as stack:
        site = Site(stack)
        project = staff(site, LEAVES, TEAM).project
        colleague = local(site, "colleague", project)
        alice, leaver = staff(site, LEAVES, TEAM, colleague), local(site, "leaver", project)
        bob = staff(site, "bob", "team-search")
        others = [Watch(f"{name} of a colleague", way) for name, way in colleague.ways.items()]
        others += [Watch(f"{name} of bob", way) for name, way in bob.ways.items()]
        others.append(Watch("session of a colleague", site.session(colleague.user, project)))
        watches = {name: Watch(name, way) for holder in (alice, leaver) for name, way in holder.ways.items()}
        _good(watches, figures)
        for watch in (*others, *watches.values()):
            watch.start()
        client = Client(site.api, colleague.token)
        body = servers.wish(client, "colleague")
        made_before = servers.make(client, body, 1)
        planned = _command(stack, alice, dry_run=True)[1]
        ended = _leave(site, alice, leaver, watches, figures)
        figures.put("planned_but_not_ended", len(_things(planned) - _things(ended)))
        active, _ = servers.settle(client, [*made_before, *servers.make(client, body, 1)], PATIENCE, figures.say)
        _again(site, alice, leaver, watches, figures)
        for watch in (*others, *watches.values()):
            watch.stop()
        for watch in others:
            if watch.refusals:
                figures.say(f"{watch.name}: refused {watch.refusals} times, {watch.status} {watch.trouble}")
        figures.put("others_tries", sum(watch.tries for watch in others))
        figures.put("others_refused", sum(watch.refusals for watch in others))
        figures.put("others_servers_active", active)
        figures.put("recorded", _recorded(stack, directory, {alice.user, leaver.user}))


def _good(watches: dict[str, Watch], figures: Figures) -> None:
    figures.put("kinds", len(watches))
    for watch in watches.values():
        if not watch.attempt():
            figures.say(f"{watch.name} is not good before: {watch.status} {watch.trouble}")
    figures.put("good_before", sum(watch.good for watch in watches.values()))


def _leave(
    site: Site, alice: Holder, leaver: Holder, watches: dict[str, Watch], figures: Figures
) -> list[dict[str, Any]]:
    """Off-board both, and put in how many seconds each way was refused; return what was ended of the first."""
    statuses, reports = Counter[int](), []
    for holder in (alice, leaver):
        began = time.monotonic()
        if holder is alice:
            site.people({"enabled": False}, LEAVES)
        status, report = _command(site.stack, holder)
        figures.say(f"the command took {time.monotonic() - began:.1f} s")
        for row in report:
            figures.say(f"{row['state']}: {row['what']} {row['detail']}")
        statuses[status] += 1
        reports.append(report)
        own = [watches[name] for name in holder.ways]
        until_refused(own, AT_AWS + 10)
        for watch in own:
            if watch.good or watch.trouble:
                figures.say(f"{watch.name} is good still, or not known: {watch.status} {watch.trouble}")
            # Good for ever, or never known: both are more than any limit.
            unknown = watch.good or bool(watch.trouble)
            figures.put(f"{watch.name}_s", 1e6 if unknown else max(0.0, watch.good_at - began))
    figures.put("commands_that_held", statuses[0])
    return list(reports[0])


def _again(site: Site, alice: Holder, leaver: Holder, watches: dict[str, Watch], figures: Figures) -> None:
    """Enable both again, at the provider and in Keystone: nothing that they had before may be good."""
    site.people({"enabled": True}, LEAVES)
    for holder in (alice, leaver):
        made("PATCH", f"{site.keystone}/users/{holder.user}", {"user": {"enabled": True}}, X_Auth_Token=site.admin)
    enabled = time.monotonic()
    time.sleep(REVIVED)
    revived = [watch.name for watch in watches.values() if watch.good_at >= enabled or watch.good]
    for name in revived:
        figures.say(f"{name} has revived")
    figures.put("revived", len(revived))


def _command(stack: Stack, holder: Holder, *, dry_run: bool = False) -> tuple[int, list[dict[str, Any]]]:
    """Run the operator's command, for staff by issuer and subject."""
    words = ["identity", "offboard", *_person(stack, holder), "-f", "json", "--os-cloud", "gurum-admin"]
    environ = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OS_CLIENT_CONFIG_FILE": str(stack.places.clouds)}
    state = ["--state", str(stack.places.state), *(["--dry-run"] if dry_run else [])]
    done = subprocess.run([BIN / "gurum", *words, *state], env=environ, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(done.stderr)
    report: list[dict[str, Any]] = json.loads(done.stdout)
    return done.returncode, report


def _person(stack: Stack, holder: Holder) -> list[str]:
    site = f"{stack.config.identity.url}/users/{holder.user}"
    user = made("GET", site, X_Auth_Token=stack.token("gurum-admin"))[0]["user"]
    if not user.get("federated"):
        return [user["name"], "--domain", "Default"]
    [protocol] = user["federated"][0]["protocols"]
    return [protocol["unique_id"], "--issuer", str(stack.config.embedded.federation_settings["private"])]


def _things(report: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(row["what"], row["id"]) for row in report}


def _recorded(stack: Stack, directory: Path, users: set[str]) -> int:
    """Return of how many of these users the audit's export tells the off-boarding."""
    into = directory / "evidence"
    done = stack.gurum("audit", "export", "--from", "2000-01-01", "--to", "2100-01-01", "--into", str(into))
    if done.returncode:
        raise RuntimeError(done.stderr)
    told = json.loads((into / "off-boardings.json").read_text())
    return len(users & {row["id"] for row in told})
