"""The play: a company of 200 things; adopted by hands that are killed; changed from outside; taken over; let go of."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.adopt import company, shown, verdict
from tests.drift.play import until
from tests.faults.emulator import REGION, Emulator
from tests.faults.figures import Figures
from tests.support.stack import BIN, Stack, running

PATIENCE = 90.0
KILLED_AFTER = 1.6  # seconds: it has begun to write by then, and is far from the end


def change(document: dict[str, Any]) -> None:
    """Look every few seconds; let the company have more than a new account may."""
    document["embedded"]["aws_emulator_settings"] = {"time_factor": 0.05, "quotas": {"addresses": 50, "vpcs": 10}}
    document["engine"]["sweep"] = 5.0
    document["embedded"]["ready_seconds"] = 170.0  # beside other work
    for region in document["regions"]:
        if "aws" in region:
            region["aws"] |= {"idle_interval": verdict.IDLE_INTERVAL, "observe_interval": 1.0, "visibility_window": 2.0}


def play(directory: Path, figures: Figures) -> None:
    """Start the whole and play."""
    figures.say("starting everything")
    with running(directory, change=change) as stack:
        emulator = Emulator(stack)
        who = json.loads(_ok(stack.openstack("token", "issue", "-f", "json", region=REGION)))
        figures.say("the company comes")
        made = company.build(emulator.external)
        until(lambda: all(row["state"] == "running" for row in emulator.resources("instance")))
        company.connect(emulator.external, made)
        until(lambda: not any(row.get("timers") for row in emulator.resources("network-interface")))  # attached by now
        words = ["--project", who["project_id"], "--user", who["user_id"]]
        figures.put("foreign_things", sum(len(emulator.resources(kind)) for kind in _held(emulator)) + _rules(emulator))
        figures.put("kinds_of_things", len(_held(emulator)) + bool(_rules(emulator)))
        before, since = _described(emulator), emulator.newest()
        _dry(stack, words, figures)
        _adopt(stack, words, figures)
        with shown.Cloud(stack) as cloud:
            until(lambda: cloud.ready(company.SERVERS), PATIENCE)
            _look(cloud, emulator, made, figures)
            figures.put("read_only_differences", len(_told(verdict.differences(before, _described(emulator)), figures)))
            _outside(cloud, emulator, made, figures)
            changed = verdict.changing(emulator.calls(since))
            figures.say(f"calls: {dict(changed)}")
            figures.put("read_only_changing_calls", sum(changed.values()))
            _take_over(stack, cloud, emulator, words, figures)
            _let_go(stack, cloud, emulator, words, figures)


def _held(emulator: Emulator) -> list[str]:
    return [kind for kind in company.KINDS if kind != "security-group-rule" and emulator.resources(kind)]


def _rules(emulator: Emulator) -> int:
    return len(emulator.external("DescribeSecurityGroupRules", MaxResults=1000)["SecurityGroupRules"])


def _described(emulator: Emulator) -> dict[str, Any]:
    # What the emulator keeps to show tags late is not what AWS has.
    return {
        kind: [{key: value for key, value in row.items() if key != "shown_tags"} for row in emulator.resources(kind)]
        for kind in _held(emulator)
    }


def _told(lines: list[str], figures: Figures) -> list[str]:
    for line in lines[:10]:
        figures.say(line)
    return lines


def _ok(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode != 0:
        raise RuntimeError(f"{done.args}: {done.stderr or done.stdout}")
    return done.stdout


def _dry(stack: Stack, words: list[str], figures: Figures) -> None:
    plan = json.loads(_ok(stack.gurum("adopt", "--dry-run", "-f", "json", *words)))
    counts: dict[str, int] = {}
    for line in plan:
        counts[line["deed"]] = counts.get(line["deed"], 0) + 1
    figures.say(f"dry run: {counts}")
    for line in [line for line in plan if line["notes"]][:12]:
        figures.say(f"  {line['type']} {line['aws_id']} {line['name']}: {'; '.join(line['notes'])}")
    figures.put("conflicts_named", sum(bool(line["notes"]) for line in plan))
    listed = json.loads(_ok(stack.openstack("server", "list", "-f", "json", region=REGION)))
    again = json.loads(_ok(stack.gurum("adopt", "--dry-run", "-f", "json", *words)))
    figures.put("written_by_dry_run", len(listed) + sum(line["deed"] == "adopted" for line in again))


def _adopt(stack: Stack, words: list[str], figures: Figures) -> None:
    """Adopt: killed half-way, then by two at once, then once more."""
    command: list[str | Path] = [BIN / "gurum", "adopt", "--state", str(stack.places.state), *words]

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    first = start()
    time.sleep(KILLED_AFTER)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    two = [start(), start()]
    told = [each.communicate(timeout=300)[1].strip().splitlines()[-1] for each in two]
    figures.say(f"one killed, two at once: {told[0]} {told[1]}")
    made = [int(line.split()[0]) for line in told]
    last = start()
    text = last.communicate(timeout=300)[1].strip().splitlines()[-1]
    figures.say(f"once more: {text}")
    figures.put("adopted_again", int(text.split()[0]))
    plan = json.loads(_ok(stack.gurum("adopt", "--dry-run", "-f", "json", *words)))
    there = sum(line["deed"] == "adopted" for line in plan)
    behind = sum(line["kind"] in ("Network", "KeyPair") for line in plan)  # each has an object that no user sees
    figures.put("objects_twice", max(0, sum(made) - there - behind))


def _look(cloud: shown.Cloud, emulator: Emulator, made: company.Company, figures: Figures) -> None:
    wrong = cloud.lists(made, _rules(emulator))
    figures.put("shown_wrong", len(_told(wrong, figures)))
    figures.put("details_wrong", len(_told(cloud.details(made), figures)))
    figures.put("writes_let_through", len(_told(cloud.writes(), figures)))
    figures.say(f"refused: {cloud.refusal}")


def _outside(cloud: shown.Cloud, emulator: Emulator, made: company.Company, figures: Figures) -> None:
    machines, do = made.ids["instance"], emulator.external
    stopped, ended, third = (cloud.server_of(made, machines[at]) for at in (10, 11, 12))

    def timed(name: str, there: Callable[[], bool]) -> None:
        figures.put(name, until(there, PATIENCE))

    do("StopInstances", InstanceIds=[machines[10]])
    timed("stop_shown_s", lambda: cloud.server(stopped)["status"] == "SHUTOFF")
    do("TerminateInstances", InstanceIds=[machines[11]])
    timed("terminate_shown_s", lambda: cloud.server(ended)["status"] == "ERROR")
    figures.say(f"fault: {cloud.server(ended).get('fault', {}).get('message')}")
    address = do("AllocateAddress", Domain="vpc")
    nic = next(r["id"] for r in emulator.resources("network-interface") if _of(r) == machines[20])
    do("AssociateAddress", AllocationId=address["AllocationId"], NetworkInterfaceId=nic)
    target = cloud.server_of(made, machines[20])
    timed("address_shown_s", lambda: address["PublicIp"] in json.dumps(cloud.server(target)["addresses"]))
    do("StartInstances", InstanceIds=[machines[10]])
    until(lambda: cloud.server(stopped)["status"] == "ACTIVE", PATIENCE)
    figures.say(f"{third} is untouched: {cloud.server(third)['status']}")


def _of(interface: dict[str, Any]) -> str:
    return str((interface.get("attachment") or {}).get("instance_id", ""))


def _take_over(stack: Stack, cloud: shown.Cloud, emulator: Emulator, words: list[str], figures: Figures) -> None:
    since, ids, shown_before = emulator.newest(), _ids(emulator), cloud.ids()
    figures.say(_ok(stack.gurum("adopt", "--manage", *words)) or "to be taken over")
    quiet_at, count = time.monotonic(), -1
    while time.monotonic() - quiet_at < 3 * verdict.IDLE_INTERVAL:
        now = verdict.changing(emulator.calls(since)).total()
        if now != count:
            quiet_at, count = time.monotonic(), now
        time.sleep(0.5)
    calls = emulator.calls(since)
    figures.say(f"calls: {dict(verdict.changing(calls))}")
    figures.put("managed_creates", verdict.creates(calls))
    figures.put("managed_other_changes", verdict.others(calls))
    figures.put("managed_tag_calls", verdict.changing(calls)["CreateTags"])
    changed = len(ids ^ _ids(emulator)) + len(shown_before ^ cloud.ids())
    figures.put("managed_ids_changed", changed)
    since = emulator.newest()
    one = cloud.some_active()
    cloud.stop(one)
    until(lambda: cloud.server(one)["status"] == "SHUTOFF", PATIENCE)
    figures.put("managed_stop_calls", verdict.changing(emulator.calls(since))["StopInstances"])
    cloud.start(one)
    until(lambda: cloud.server(one)["status"] == "ACTIVE", PATIENCE)
    time.sleep(12.0)  # two sweeps, each with two looks
    listed = json.loads(_ok(stack.gurum("cleanup", "-f", "json")))
    gone = len(ids - _ids(emulator))
    figures.put("swept_or_cleaned", gone + len(listed))


def _ids(emulator: Emulator) -> set[str]:
    return {row["id"] for rows in _described(emulator).values() for row in rows}


def _let_go(stack: Stack, cloud: shown.Cloud, emulator: Emulator, words: list[str], figures: Figures) -> None:
    since, before = emulator.newest(), shown.untagged(_described(emulator))
    figures.say(_ok(stack.gurum("adopt", "--detach", *words)) or "let go of")
    until(lambda: not cloud.ids(), PATIENCE)
    # Users see it no more at once; the last of our tags go when what holds it has gone.
    until(lambda: not verdict.differences(before, _described(emulator)), PATIENCE)
    figures.put("detach_left_in_openstack", len(cloud.ids()))
    calls = emulator.calls(since)
    figures.say(f"calls: {dict(verdict.changing(calls))}")
    figures.put("detach_changing_calls", verdict.others(calls))
    after = _described(emulator)
    figures.put("detach_differences", len(_told(verdict.differences(before, after), figures)))
