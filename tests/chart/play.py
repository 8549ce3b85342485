"""The play: install, run, use; then hold what was asked of the API server against what is allowed.

It has three acts. The tour, as a newcomer takes it. Then a round of everything that any right is for (`Round`), with
the roles as the chart has them: what is not used here is a right too many. Then the same round once more with roles
that begin empty (`growth`): a right that does not come back is one too many, one that does was missed.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.adopt.company import public_key
from tests.chart import render, upgrade, verdict
from tests.chart.adopting import Adopting
from tests.chart.cloud import Cloud, RefusedError
from tests.chart.deeds import Deeds
from tests.chart.growth import growing
from tests.chart.site import Site, standing
from tests.chart.wishes import Wishes
from tests.faults.emulator import REGION
from tests.faults.figures import Figures

from gurum.supervisor import people, tour
from gurum.supervisor.rows import Refusal

Document = dict[str, Any]


def play(directory: Path, figures: Figures, minimal: int = 1) -> None:
    """Play all of it; the last act only if `minimal`."""
    figures.put("values_files_rendered", sum(bool(render.template(values)) for values in render.VALUES))
    figures.say("a control plane, PostgreSQL, Keystone and an AWS emulator start; then the chart is installed")
    with standing(directory) as site:
        said = site.install()
        figures.put("warnings", said.count("Warning") + said.count("warning:"))
        site.roll()
        figures.put("pods", len(site.pods))
        figures.put("pods_of_their_own_user", sum(bool(pod.identity()) for pod in site.pods))
        allowed = site.granted()
        figures.put("rights", len(allowed))
        try:
            _acts(site, figures, minimal)
        except (TimeoutError, RefusedError, OSError, RuntimeError, AssertionError):
            for pod in site.pods:  # what it broke off at is rarely said by whoever waited
                figures.say(f"{pod.name}: {pod.trouble()}")
            raise
        finally:
            told = site.asked()
            figures.put("tokens_an_account", min(len(each) for each in told.tokens.values()))
            figures.put("rights_outside", len(_told(verdict.outside(told.refused, allowed), figures, "refused")))


def _acts(site: Site, figures: Figures, minimal: int) -> None:
    _tour(site, figures)
    rounds = Rounds(site, figures)
    rounds.begin()
    figures.put("regions_in_which_one_of_everything_was_made", len(site.config.regions))
    rounds.upgrade()
    rounds.play()
    told, allowed = site.asked(), site.granted()
    figures.put("rights_not_used", len(_told(verdict.unused(allowed, told.used), figures, "not used")))
    if not minimal:
        return
    figures.say("all rights are taken away; each comes back when it was refused to a process that asked for it")
    rounds.upgrade()  # Helm would give everything back
    with growing(site) as growth:
        try:
            rounds.play()
        finally:
            figures.put("rights_refused_while_missing", len(growth.refused))
            figures.put("rights_never_missed", len(_told(growth.missing, figures, "never missed")))


class Rounds:
    """The users, the operators and the misfortunes of one site."""

    def __init__(self, site: Site, figures: Figures) -> None:
        self._site, self._figures, self._number = site, figures, 0
        member = site.token("gurum")
        token = json.loads(_who(site, member))["token"]
        self._project, self._user = token["project"]["id"], token["user"]["id"]
        self._deeds = [self._one(region) for region in site.config.regions]
        self._wishes = Wishes(site, self._project, self._user)

    def begin(self) -> None:
        """Make what the first round finds there."""
        for one in self._deeds:
            one.make()
        self._wishes.bind()  # the project has a namespace now

    def upgrade(self) -> None:
        """Bring the release to other values, which pods that start from now on have."""
        self._number += 1
        values = upgrade.changed(self._site.values, self._number)
        self._site.values = upgrade.serving(values, self._project, str(self._number))
        self._site.install()

    def play(self) -> None:
        """Play a round. It ends as it began: with one of everything made."""
        site, deeds, first = self._site, self._deeds, self._deeds[0]
        usa = next(one for one, region in zip(deeds, site.config.regions, strict=True) if region.name == REGION)
        company = Adopting(site, usa.member, self._project, self._user, self._number)
        self._do("every pod replaced", self._site.roll)
        for one in deeds:
            self._do("changed", one.change)
        self._do("wishes refused", self._wishes.refused)
        self._do("wishes taken up", lambda: self._wishes.taken_up(first.ids["security_group"]))
        self._do("a verb by kubectl", lambda: self._wishes.act(first.ids["other"]))
        self._do("adopted", company.adopt)
        self._do("what was adopted, changed", company.change)
        self._do("written down", company.written_down)
        self._do("let go of", company.let_go)
        self._do("asked while there is no engine", lambda: self._away(first))
        self._do("the cluster put back", lambda: upgrade.rewound(site))
        for one in deeds:
            self._do("removed", one.end)
        for one in deeds:
            self._do("made", one.make)
        self._do("every pod replaced again", self._site.roll)  # an engine that ends in order gives its shards up

    def _away(self, deeds: Deeds) -> None:
        site = self._site
        engines = site.crash("engine")
        deeds.ask_nobody()
        upgrade.forget_places(site)
        site.start(engines)
        deeds.answered()
        site.until(lambda: upgrade.seeded(site))

    def _do(self, what: str, deed: Callable[[], object]) -> None:
        began = time.monotonic()
        deed()
        self._figures.say(f"  {what}: {time.monotonic() - began:.1f} s")

    def _one(self, region: Any) -> Deeds:
        root, site = people.base_url(region), self._site
        member, admin = Cloud(root, site.token("gurum")), Cloud(root, site.token("gurum-admin"))
        return Deeds(member, admin, self._project, public_key(77))


def _tour(site: Site, figures: Figures) -> None:
    out = io.StringIO()
    try:
        asyncio.run(tour.play(site.config, site.places, os.environ, out))
        figures.put("tour_passed", 1)
    except Refusal as refusal:
        figures.say(out.getvalue()[-3000:])
        figures.say(str(refusal))
        figures.put("tour_passed", 0)


def _who(site: Site, token: str) -> bytes:
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    request = urllib.request.Request(f"{site.config.identity.url}/auth/tokens", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text: bytes = answer.read()
        return text


def _told(lines: Any, figures: Figures, word: str) -> list[str]:
    known = list(lines)
    for line in known:
        figures.say(f"  {word}: {line}")
    return known
