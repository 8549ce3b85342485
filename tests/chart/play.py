"""The play: install, run, use; then hold what was asked of the API server against what is allowed."""

from __future__ import annotations

import asyncio
import io
import json
import os
import urllib.request
from pathlib import Path
from typing import Any

from tests.chart import render, verdict
from tests.chart.cloud import Cloud, RefusedError
from tests.chart.deeds import Deeds
from tests.chart.site import Site, standing
from tests.faults.figures import Figures

from gurum.supervisor import people, tour
from gurum.supervisor.rows import Refusal


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
    for one in _deeds(site):
        one.make()
    figures.put("regions_in_which_one_of_everything_was_made", len(site.config.regions))


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


def _who(site: Site, token: str) -> bytes:
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    request = urllib.request.Request(f"{site.config.identity.url}/auth/tokens", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text: bytes = answer.read()
        return text


def _rights(site: Site, figures: Figures) -> None:
    """Hold what was asked for against what is allowed."""
    told, allowed = site.asked(), site.granted()
    figures.put("tokens_an_account", min(len(each) for each in told.tokens.values()))
    figures.put("rights", len(allowed))
    figures.put("rights_not_used_in_this_play", len(_told(verdict.unused(allowed, told.used), figures, "not used")))
    figures.put("rights_outside", len(_told(verdict.outside(told.refused), figures, "refused")))


def _told(lines: Any, figures: Figures, word: str = "found") -> list[str]:
    known = list(lines)
    for line in known:
        figures.say(f"  {word}: {line}")
    return known
