"""The play: two people, servers, an engine that is killed, an operator; then AWS's log and ours, side by side."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.audit import tampering, verdict
from tests.audit.chains import events
from tests.bench.client import Client
from tests.faults import servers
from tests.faults.emulator import REGION, Emulator
from tests.faults.figures import Figures
from tests.sts.play import user
from tests.support.stack import Stack, running

from gurum.audit import files
from gurum.audit.event import Event
from gurum.audit.index import Index
from gurum.audit.tree import deeds, tree
from gurum.audit.words import MARK
from gurum.cli.audit.trails import call_of
from gurum.providers.aws.tags import UID

KILLS = 4
COUNT = 24
PATIENCE = 600.0
AT_WORK = 20.0  # seconds in which the engine is waited for to call
ALICE, BOB = "gurum", "gurum-manager"  # clouds of two people of one project


def change(document: dict[str, Any]) -> None:
    """Have the emulator be quick, and files short enough that there are several."""
    document["embedded"]["aws_emulator_settings"] = {"time_factor": 0.05}
    document["audit"] = document.get("audit", {}) | {"segment_bytes": 100_000, "anchor_interval": 1.0}
    for region in document["regions"]:
        if "aws" in region:
            region["aws"] |= {"idle_interval": 4.0, "observe_interval": 1.0, "visibility_window": 2.0}


def play(directory: Path, figures: Figures, kills: int = KILLS) -> None:
    """Start the whole, have people work and the engine die, and compare what is left."""
    figures.say("starting everything")
    directory.mkdir(parents=True, exist_ok=True)
    with running(directory, change=change) as stack:
        emulator = Emulator(stack)
        tokens = {cloud: stack.token(cloud) for cloud in (ALICE, BOB)}
        ids = {cloud: user(stack, cloud) for cloud in tokens}

        def people(cloud: str) -> Client:  # a connection that was idle for long is closed
            return Client(stack.url(REGION), tokens[cloud])

        makers, removers, instances = _work(stack, people, emulator, directory, figures, kills)
        done = stack.gurum("cleanup", "--yes", "--force", "--region", REGION)
        if done.returncode:
            raise RuntimeError(f"gurum cleanup: {done.stdout}{done.stderr}")
        time.sleep(3.0)  # outcomes are flushed, and anchored, within that
        records, told = emulator.trail(), _events(stack)
        _compare(records, told, figures)
        _named(records, told, {one: ids[cloud] for one, cloud in makers.items()},
               {instances[one]: ids[cloud] for one, cloud in removers.items()}, figures)  # fmt: skip
        _trace(stack, records, told, figures)
        checked = stack.gurum("audit", "verify", "-f", "json")
        figures.put("whole_after_the_kills", checked.returncode == 0 and json.loads(checked.stdout)["whole"])
        figures.put("tampering_found", tampering.found(stack.config.audit, directory, figures.say))


def _events(stack: Stack) -> list[Event]:
    chains = Path(stack.config.audit.directory)
    return [event for writer in files.writers(chains) for event in events(chains / writer)]


def _until(there: Callable[[], Any], what: str) -> None:
    began = time.monotonic()
    while not there():
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError(f"not within {PATIENCE:.0f} s: {what}")
        time.sleep(0.2)


def _engine(stack: Stack) -> int:
    found = [pid for pid, words in stack.children().items() if "gurum.engine" in words]
    return found[0] if found else 0


def _kill(stack: Stack, emulator: Emulator, figures: Figures) -> None:
    """Kill the engine just after it has called, if it calls within seconds; return once another one is there."""
    pid, before = _engine(stack), len(verdict.changing(emulator.trail()))
    end = time.monotonic() + AT_WORK
    while len(verdict.changing(emulator.trail())) < before + 2 and time.monotonic() < end:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    figures.say("the engine is killed")
    _until(lambda: _engine(stack) not in (0, pid), "another engine")


def _work(
    stack: Stack, people: Callable[[str], Client], emulator: Emulator, directory: Path, figures: Figures, kills: int
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Have servers made, stopped, started and removed; return who made and who removed each, and its instance."""
    bodies = {cloud: servers.wish(people(cloud), f"audit-{cloud}") for cloud in (ALICE, BOB)}
    makers: dict[str, str] = {}
    killed = 0
    for number in range(COUNT):
        cloud = (ALICE, BOB)[number % 2]
        makers |= dict.fromkeys(servers.make(people(cloud), bodies[cloud], 1), cloud)
        if number in (COUNT // 3, 2 * COUNT // 3) and killed < kills:
            _kill(stack, emulator, figures)
            killed += 1
    active, took = servers.settle(people(ALICE), list(makers), PATIENCE, figures.say)
    figures.say(f"they were ACTIVE {took:.1f} s after the last was asked for")
    figures.put("servers_active", active)
    instances = {_uid(row): row["id"] for row in emulator.living()}
    copied = tampering.copy(stack, directory)
    figures.say(f"copied to be put back: {copied} events, and the database")
    others = {one: BOB if cloud == ALICE else ALICE for one, cloud in makers.items()}
    some = list(makers)[:6]
    for verb, status in ("os-stop", "SHUTOFF"), ("os-start", "ACTIVE"):
        for one in some:
            people(others[one]).json("POST", f"{servers.SERVERS}/{one}/action", {verb: None})
        if killed < kills:
            _kill(stack, emulator, figures)
            killed += 1
        _until(lambda status=status: _are(people(ALICE), some, status), status)  # type: ignore[misc] # mypy and defaults
    for number, one in enumerate(makers):
        people(others[one]).call("DELETE", f"{servers.SERVERS}/{one}")
        if number == COUNT // 2 and killed < kills:
            _kill(stack, emulator, figures)
            killed += 1
    while killed < kills:
        time.sleep(1.0)
        _kill(stack, emulator, figures)
        killed += 1
    _until(lambda: not set(makers) & set(servers.seen(people(ALICE))), "all are gone")
    figures.put("kills", killed)
    return makers, others, instances


def _uid(row: dict[str, Any]) -> str:
    tags = row["tags"]
    pairs = tags.items() if isinstance(tags, dict) else ((tag["Key"], tag["Value"]) for tag in tags)
    return str(dict(pairs)[UID])


def _are(client: Client, some: list[str], status: str) -> bool:
    shown = servers.seen(client)
    return all(shown[one]["status"] == status and not shown[one]["OS-EXT-STS:task_state"] for one in some)


def _compare(records: list[dict[str, Any]], told: list[Event], figures: Figures) -> None:
    found = verdict.compared(records, told)
    for what in (*found.missing, *found.otherwise, *found.misnamed):
        figures.say(f"NOT AS CALLED: {what}")
    figures.put("calls", len(found.records))
    for who in ("people", "system", "operator"):
        name = {"people": "calls_by_people", "system": "calls_by_the_system", "operator": "calls_by_an_operator"}[who]
        figures.put(name, found.by[who])
    figures.put("calls_without_a_record", len(found.missing))
    figures.put("calls_recorded_otherwise", len(found.otherwise))
    figures.put("calls_told_as_answered_that_were_not", len(found.invented))
    figures.put("people_named_wrong", len(found.misnamed))
    lost = sum(1 for record in found.records if call_of(record) not in found.after)
    figures.put("outcomes_lost_by_the_kills", lost)
    figures.put("records_of_calls_never_made", len(found.before) - len(found.records) + len(found.missing))


def _named(
    records: list[dict[str, Any]], told: list[Event], makers: dict[str, str], removers: dict[str, str], figures: Figures
) -> None:
    """Hold the chain against what this play knows it had done by whom, and not against what AWS was told."""
    before = {one.links.call: one for one in told if one.links.call}
    right = wrong = 0
    for record in verdict.changing(records):
        for who in _whose(record, makers, removers):
            event = before.get(call_of(record))
            named = event is not None and event.initiator.id == who
            right, wrong = right + named, wrong + (not named)
    figures.put("deeds_of_people", right + wrong)
    figures.put("deeds_named_wrong", wrong)


def _whose(record: Mapping[str, Any], makers: dict[str, str], removers: dict[str, str]) -> Iterator[str]:
    asked = record["requestParameters"]
    if record["eventName"] == "RunInstances":
        text = json.dumps(asked)
        yield from (who for server, who in makers.items() if server in text)
    elif record["eventName"] in ("TerminateInstances", "StopInstances", "StartInstances"):
        yield from (removers[one] for one in asked["InstanceIds"] if one in removers)


def _trace(stack: Stack, records: list[dict[str, Any]], told: list[Event], figures: Figures) -> None:
    """Follow each of AWS's records to who asked for it, and each request to its calls, as `gurum audit trace` does."""
    calls = verdict.changing(records)
    trail = {str(one["requestID"]): one for one in calls} | {MARK + call_of(one): one for one in calls}
    index = Index(Path(stack.config.audit.directory), stack.places.state / "audit-proof-index")
    back = 0
    for record in calls:
        ways = verdict.led(tree(index, deeds(index, call_of(record), 20), trail))
        right = any(verdict.whole(way, record) for way in ways)
        back += right
        if not right:
            figures.say(f"NOT LED BACK: {record['eventName']} {record['requestID']}")
    figures.put("traced_back_share", back / len(calls))
    by_request: dict[str, set[str]] = {}
    for event in told:
        if event.links.call in {call_of(one) for one in calls} and event.links.request:
            by_request.setdefault(event.links.request, set()).add(event.links.call)
    missed = 0
    for request, wanted in by_request.items():
        ways = verdict.led(tree(index, deeds(index, request, 20), trail))
        seen = {way[-1].id for way in ways if way[-1].kind == "call" and way[-2].id == request}
        missed += len(wanted - seen)
    figures.put("requests_that_lead_to_calls", len(by_request))
    figures.put("calls_not_led_to_by_their_request", missed)
    figures.put("commands_that_trace", _commands(stack, calls, told))


def _commands(stack: Stack, calls: list[Any], told: list[Event]) -> int:
    """Ask the command by AWS's id of the request, by the key's, the instance's, the request's; count answers."""
    launch = next(one for one in calls if one["eventName"] == "TerminateInstances")
    request = next(one.links.request for one in told if one.links.call == call_of(launch))
    words = (
        launch["requestID"], launch["userIdentity"]["accessKeyId"], launch["requestParameters"]["InstanceIds"][0],
        request,
    )  # fmt: skip
    right = 0
    for word in words:
        done = stack.gurum("audit", "trace", word, "-f", "json")
        right += done.returncode == 0 and launch["requestID"] in done.stdout and '"person"' in done.stdout
    return right
