"""A run from its plan to its outcome: prepare, do, kill, settle, check; in the end delete everything and look again."""

from __future__ import annotations

import shutil
import time
import traceback
from collections import Counter
from functools import partial
from pathlib import Path

import msgspec
from tests.chaos import checks, happenings, ledger, member_deeds, routing_deeds, stores
from tests.chaos.board import Board
from tests.chaos.ground import Ground
from tests.chaos.plan import Doing, Outcome, Plan, Point
from tests.chaos.processes import ticking
from tests.chaos.run import Run, StuckError
from tests.chaos.site import EXTERNAL, RECORDING, SWEEP, Site
from tests.chaos.tenant import COMPUTE, NETWORK, Tenant
from tests.chaos.timelapse import Lapse
from tests.chaos.trap import PASSED, PAST, SWEPT
from tests.chaos.verbs import START, VERBS

from gurum.model.base import Resource
from gurum.model.network import Network, Port
from gurum.model.routing import FloatingIP, Router
from gurum.model.server import Server
from gurum.store.kubernetes import keys

COLLECTED = keys.GRACE + 15.0  # seconds of the machine's, by which a server counts how old its objects are
PREPARING, CLEANING = "prepare", "clean up"  # verbs of what is done around the verbs; no kill falls there


def execute(plan: Plan, directory: Path, *, ground: Ground | None = None, keep: bool = False) -> Outcome:
    """Run a plan in a directory of its own. Never raises: what went wrong is the outcome's.

    ground: the control plane that it has for itself, on Kubernetes. The directory is removed unless something went
    wrong or `keep`.
    """
    outcome = Outcome(plan.number)
    directory.mkdir(parents=True)
    recording, began = directory / RECORDING, time.monotonic()
    try:
        with stores.kept(directory, ground) as store:
            site = Site(directory, Lapse.begin(plan.factor), Board(), store, plan.mutant)
            with ticking(site.lapse.pace), Run(site, outcome, lost_answers=plan.lost_answers) as run:
                tenant = Tenant(run)
                run.happen = partial(_happen, tenant)
                _play(plan, run, tenant)
                run.note(ledger.unseen(run.ledger, _recorded(recording)[0]))
                outcome.writes = store.writes()
                outcome.problems += _amiss(store, run)
    except StuckError as error:
        outcome.problems.append(f"stuck: {error}")
    except Exception:  # the boundary of a run: whatever happens is a finding, not the end of all runs
        outcome.problems.append(f"broke off: {traceback.format_exc(limit=-6)}")
    outcome.seconds = time.monotonic() - began
    outcome.passed, outcome.swept, past = _recorded(recording)
    outcome.problems += [f"unseen: {what} wrote into the store without passing a point" for what in past]
    (directory / "outcome.json").write_bytes(msgspec.json.format(msgspec.json.encode(outcome)))
    (directory / "plan.json").write_bytes(msgspec.json.format(msgspec.json.encode(plan)))
    if not outcome.problems and not keep:
        shutil.rmtree(directory)
    return outcome


def _amiss(store: stores.Kept, run: Run) -> list[str]:
    """Return what is wrong in the store's own affairs, after the time in which that is to be collected."""
    end = time.monotonic() + COLLECTED
    while (problems := store.amiss()) and time.monotonic() < end:
        run.pause(SWEEP)
    return problems


def _happen(tenant: Tenant, between: str) -> None:
    happenings.happen(tenant, tenant.run.site.board.verb, between)


def _play(plan: Plan, run: Run, tenant: Tenant) -> None:
    board = run.site.board
    first = () if plan.doings[0].verb == START else (Doing(START),)
    for doing in (*first, *plan.doings):
        verb = VERBS[doing.verb]
        if doing.verb != START:
            board.verb = PREPARING
            verb.need(tenant)
            run.settle()
        board.verb = doing.verb
        run.expect(doing.kills)
        verb.do(tenant)
        run.settle()
        run.linger()
        run.disarm()
        run.settle()
        happenings.over(tenant)
        run.check()
        run.note(_forgotten(run, tenant))
    board.verb = CLEANING
    clean(tenant)
    run.check()
    run.note(checks.remains(run.snapshot()))


def _forgotten(run: Run, tenant: Tenant) -> list[str]:
    """Return what was acknowledged and is not so: creations that are not there, names that are others."""
    now = run.snapshot()
    every: dict[str, Resource] = {id_: obj for objects in now.objects.values() for id_, obj in objects.items()}
    found = []
    for id_, name in tenant.names.items():
        if id_ in tenant.deleted:
            continue
        called = every.get(id_)
        if called is None:
            found.append(f"lost: {id_} ({name}) was acknowledged and is not there")
        elif isinstance(called, Server | Network) and called.spec.name != name:
            found.append(f"lost: {id_} was acknowledged to be called {name}, and is called {called.spec.name}")
    for (id_, what), value in tenant.facts.items():
        obj = every.get(id_)
        if isinstance(obj, Router) and bool(obj.spec.gateway) != bool(value):
            found.append(f"lost: the {what} of {id_} was acknowledged to be {value!r}")
        if isinstance(obj, FloatingIP) and obj.spec.port_id != value and (not value or value in now.of(Port)):
            found.append(f"lost: the {what} of {id_} was acknowledged to be {value!r}")
    return found


def clean(t: Tenant) -> None:
    """Delete whatever the project has."""
    keeps = {("networks", EXTERNAL), ("security_groups", "default")}
    for path, noun in (
        (routing_deeds.FLOATING, "floatingips"),
        (f"{COMPUTE}/servers", "servers"),
        (f"{NETWORK}/ports", "ports"),
        (routing_deeds.ROUTERS, "routers"),
        (f"{NETWORK}/networks", "networks"),
        (f"{NETWORK}/security-groups", "security_groups"),
        (member_deeds.GROUPS, "server_groups"),
    ):
        items = [item for item in t.run.ask("GET", path)[noun] if (noun, item.get("name")) not in keeps]
        for item in items:
            if item.get("device_owner") == "network:router_interface":
                router = f"{routing_deeds.ROUTERS}/{item['device_id']}/remove_router_interface"
                t.run.quietly("PUT", router, {"port_id": item["id"]})
            else:
                t.delete(path, item["id"])
        if items:
            t.run.settle()
    for item in t.run.ask("GET", f"{COMPUTE}/os-keypairs")["keypairs"]:
        t.delete(f"{COMPUTE}/os-keypairs", item["keypair"]["name"])
    t.run.settle()


def _recorded(recording: Path) -> tuple[list[tuple[Point, int]], int, list[str]]:
    counts: Counter[Point] = Counter()
    swept = 0
    past: dict[str, None] = {}
    if recording.exists():
        for line in recording.read_text().splitlines():
            word, _, *rest = line.split("\t")
            if word == PASSED:
                counts[Point(*rest)] += 1
            swept += word == SWEPT
            if word == PAST:
                past.setdefault(" ".join(rest))
    return list(counts.items()), swept, list(past)  # points in the order in which they were first passed
