"""The play: install, run, use, upgrade, use again, take rights away and give them back; then read the audit log."""

from __future__ import annotations

import asyncio
import io
import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.chart import render, verdict
from tests.chart.adopted import Adopted
from tests.chart.cloud import PATIENCE, Cloud, RefusedError
from tests.chart.deeds import Deeds
from tests.chart.rights import Right, resource
from tests.chart.site import Site, standing
from tests.chart.wishes import Wishes
from tests.faults.emulator import REGION
from tests.faults.figures import Figures

from gurum.supervisor import people, tour
from gurum.supervisor.rows import Refusal

Document = dict[str, Any]

SOON = 8.0  # seconds in which a server comes and goes with all rights, and does not with one too few
# Each of them is taken away for a while. (role, verb, resource)
REMOVED = (
    ("gurum-pia", "create", "servers.compute.gurum.cloud"),
    ("gurum-pia", "update", "quotausages.gurum.cloud"),
    ("gurum-pia", "delete", "servers.compute.gurum.cloud"),
    ("gurum-pia", "assign", "identities.gurum.cloud"),
    ("gurum-engine", "update", "servers.compute.gurum.cloud/status"),
    ("gurum-engine", "create", "ports.network.gurum.cloud"),
    ("gurum-engine", "create", "addressclaims.network.gurum.cloud"),
    ("gurum-engine", "delete", "ports.network.gurum.cloud"),
    ("gurum-engine", "assign", "identities.gurum.cloud"),
)


def play(directory: Path, figures: Figures) -> None:
    """Play all of it."""
    figures.put("values_files_rendered", sum(bool(render.template(values)) for values in render.VALUES))
    figures.say("a control plane, PostgreSQL, Keystone and an AWS emulator start; then the chart is installed")
    with standing(directory) as site:
        said = site.install()
        figures.put("warnings", said.count("Warning") + said.count("warning:"))
        site.roll()
        figures.put("pods", len(site.pods))
        figures.put("pods_of_their_own_user", sum(bool(pod.identity()) for pod in site.pods))
        try:
            _acts(site, figures)
        except (TimeoutError, RefusedError, OSError, RuntimeError, AssertionError):
            for pod in site.pods:  # what it broke off at is rarely said by whoever waited
                figures.say(f"{pod.name}: {pod.trouble()}")
            _rights(site, figures)
            raise
        _rights(site, figures)


def _acts(site: Site, figures: Figures) -> None:
    _tour(site, figures)
    deeds = _deeds(site)
    for one in deeds:
        one.make()
    wishes = _wishes(site)
    wishes.make()
    company = _company(site)
    company.come()
    figures.say("one of everything is made, and a company adopted; new pods, of other values")
    _other_values(site)
    site.install()
    slowest = site.roll()
    for one in deeds:
        one.change()
    company.change()
    for pod in site.pods:
        site.kubelet.renew(pod)
    figures.say("everything is changed; rights are taken away, one after the other")
    _removals(site, deeds, figures)
    figures.say("new pods")
    slowest = max(slowest, site.roll())
    company.go()
    wishes.remove()
    for one in deeds:
        one.remove()
    figures.put("stop_s", slowest)
    figures.put("files_outside_of_volumes", len(_told(sorted({f for p in site.pods for f in p.written()}), figures)))


def _tour(site: Site, figures: Figures) -> None:
    out = io.StringIO()
    try:
        asyncio.run(tour.play(site.config, site.places, os.environ, out))
        figures.put("tour_passed", 1)
    except Refusal as refusal:
        figures.say(out.getvalue()[-3000:])
        figures.say(str(refusal))
        figures.put("tour_passed", 0)


def _deeds(site: Site) -> list[Deeds]:
    member, admin = site.token("gurum"), site.token("gurum-admin")
    project = json.loads(_who(site, member))["token"]["project"]["id"]
    key = (site.places.tour / "id_ed25519.pub").read_text().strip()
    roots = [people.base_url(region) for region in site.config.regions]
    return [Deeds(Cloud(root, member), Cloud(root, admin), project, key) for root in roots]


def _company(site: Site) -> Adopted:
    member = site.token("gurum")
    who = json.loads(_who(site, member))["token"]
    root = people.base_url(site.config.region(REGION))
    return Adopted(site, Cloud(root, member), who["project"]["id"], who["user"]["id"])


def _wishes(site: Site) -> Wishes:
    who = json.loads(_who(site, site.token("gurum")))["token"]
    return Wishes(site, who["project"]["id"], (site.places.tour / "id_ed25519.pub").read_text().strip())


def _who(site: Site, token: str) -> bytes:

    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    request = urllib.request.Request(f"{site.config.identity.url}/auth/tokens", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text: bytes = answer.read()
        return text


def _other_values(site: Site) -> None:
    """Have something else of every kind of the catalogue, which the next engine brings in line."""
    for region in site.values["config"]["regions"]:
        region["simulated"] = f"{region['simulated']} Changed."
        region["flavors"] = [{**flavor, "ram": flavor["ram"] + 1} for flavor in region["flavors"]]
        region["images"] = [{**image, "min_ram": 1} for image in region["images"]]
        region["external_networks"] = [{**network, "mtu": 1400} for network in region["external_networks"]]


def _removals(site: Site, deeds: list[Deeds], figures: Figures) -> None:
    """Take one right after the other away, see that it is missed, give it back, and see that all goes on."""
    one = deeds[-1]  # on AWS
    unnoticed = unwell = 0
    for role, verb, what in REMOVED:
        before = site.plane.plane.audit_log.stat().st_size
        with _without(site, role, verb, what) as was:
            missed = _missed(one)
            refused = site.asked(before).refused
        # That it took long on a busy machine is no proof: the API server must have refused just that.
        by = {right for right in refused if right.account == role}
        felt = bool(missed) and (Right(role, verb, what) in by or (verb == "assign" and bool(by)))
        figures.say(f"without {verb} {what}, {role}: {missed or 'it was done all the same'} (of rule {was})")
        unnoticed += not felt
        _tidy(one)
        why = _missed(one, PATIENCE)
        unwell += bool(why)
        if why:
            figures.say(f"  and given back: {why}")
    figures.put("removals", len(REMOVED))
    figures.put("removals_not_noticed", unnoticed)
    figures.put("not_well_after_removals", unwell)


def _missed(deeds: Deeds, patience: float = SOON) -> str:
    try:
        deeds.once(patience)
    except (RefusedError, TimeoutError, OSError) as error:
        return " ".join(str(error).split())[:160]
    return ""


def _tidy(deeds: Deeds) -> None:
    """Have the server gone that was in the way."""
    uid = deeds.ids.pop("once", "")
    if uid:
        try:
            deeds.member.compute("DELETE", f"/servers/{uid}")
        except RefusedError as refusal:
            if refusal.status != 404:
                raise
        deeds.member.until_gone(lambda: deeds.member.server(uid))


@contextmanager
def _without(site: Site, role: str, verb: str, what: str) -> Iterator[int]:
    """Have a role lack one verb of one resource for a while; gives the number of the rule that had it."""
    whole = json.loads(site.kubectl("get", "clusterrole", role, "-o", "json"))
    rules: list[Document] = []
    found = -1
    for number, rule in enumerate(whole["rules"]):
        (group,) = rule["apiGroups"]
        named = [name for name in rule["resources"] if resource(group, name) == what and verb in rule["verbs"]]
        if not named:
            rules.append(rule)
            continue
        found = number
        others = [name for name in rule["resources"] if name not in named]
        rules += [{**rule, "resources": others}] if others else []
        left = [one for one in rule["verbs"] if one != verb]
        rules += [{**rule, "resources": named, "verbs": left}] if left else []
    assert found >= 0, f"{role} has no {verb} {what}"
    _put(site, {**whole, "rules": rules})
    try:
        yield found
    finally:
        _put(site, whole)


def _put(site: Site, role: Document) -> None:
    role["metadata"].pop("resourceVersion", None)
    site.kubectl("replace", "-f", "-", stdin=json.dumps(role))


def _rights(site: Site, figures: Figures) -> None:
    """Hold what was asked for against what is allowed; what a removal made refused is not counted."""
    told = site.asked()
    allowed = site.granted()
    removed = {Right(role, verb, what) for role, verb, what in REMOVED}
    figures.put("tokens_an_account", min(len(each) for each in told.tokens.values()))
    figures.put("rights", len(allowed))
    figures.put("rights_unused", len(_told(map(str, verdict.unused(allowed, told.used)), figures, "unused")))
    outside = [one for one in verdict.outside(told.refused) if one not in removed]
    figures.put("rights_outside", len(_told(map(str, outside), figures, "refused")))


def _told(lines: Any, figures: Figures, word: str = "found") -> list[str]:
    known = list(lines)
    for line in known:
        figures.say(f"  {word}: {line}")
    return known
