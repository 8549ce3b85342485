"""The play: a whole run on Kubernetes, two projects, every cell, and some again without the policy engine."""

from __future__ import annotations

import os
import signal
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cells.ask import of_api, of_cluster
from tests.cells.estate import REGION, Estate
from tests.cells.hands import FAULT, LATER, NO, YES, Hand, Said
from tests.cells.keystone import Project, projects
from tests.cells.limits import LIMITS, limit_of
from tests.cells.matrix import FOREIGN, OWN, USERS, Cell, cells
from tests.support import stack as support
from tests.support.stack import Stack, running

from gurum.pia.signin.granted import Granted
from gurum.policy.bundle import read_bundle
from gurum.supervisor.kubernetes.pki import Pki

LEAST = 2000
AT_ONCE = 6
QUOTAS = {
    "network": dict.fromkeys(("network", "subnet", "port", "router", "floatingip", "security_group"), 5000)
    | {"security_group_rule": 5000},
    "compute": {"server_groups": 5000, "key_pairs": 5000, "instances": 5000, "cores": 50000, "ram": 50_000_000},
}


@dataclass
class Report:
    """What came of it."""

    asked: int = 0
    alike: int = 0
    past: int = 0  # of these, allowed by both and refused by one for what is no right: an invalid value, a conflict
    explained: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    without: dict[str, int] = field(default_factory=dict)  # without the policy engine: what held, by what decides
    seconds: float = 0.0

    def held(self, least: int) -> bool:
        """Whether all of it held."""
        return not self.broken and self.asked >= least and all(self.explained[row.name] for row in LIMITS)


def change(document: dict[str, Any]) -> None:
    """Let no quota stand in the way, nor a slow machine."""
    document["regions"] = [one for one in document["regions"] if one["name"] == REGION]
    document["embedded"]["federation"] = False
    document["pia"] = {**document.get("pia", {}), "quotas": QUOTAS}
    document["embedded"]["ready_seconds"] = 550.0
    for region in document["regions"]:
        for external in region.get("external_networks", ()):
            external["cidr"] = "203.0.112.0/20"


def play(directory: Path, say: Callable[[str], None], only: Callable[[Cell], bool] = lambda cell: True) -> Report:
    """Start the whole and ask for every cell."""
    report = Report()
    support.READY_SECONDS = 600.0  # beside other work
    with running(directory, change=change) as stack:
        who = Whole(stack)
        say("two projects, with one of each kind")
        run = Run(who.api, who.people, who.estates, say)
        began = time.monotonic()
        run.matrix(report, [cell for cell in cells(granted()) if only(cell)])
        for row in LIMITS:
            if not report.explained[row.name]:
                report.broken.append(f"the row {row.name!r} is needed by no cell")
        with standing(stack):
            run.without(report)
        report.seconds = time.monotonic() - began
    return report


@contextmanager
def standing(stack: Stack) -> Iterator[None]:
    """Stop the API's processes, which are those that ask policy, for as long as one is inside."""
    pids = [pid for pid, words in stack.children().items() if "gurum.pia" in words]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def granted() -> Granted:
    """Return what the shipped table gives."""
    return Granted.of(read_bundle(Path(__file__).parents[2] / "policy"))


class Whole:
    """The people and projects of a whole run."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack.url(REGION)
        pki = Pki(stack.places.state / "kubernetes" / "pki")
        self._server = f"https://127.0.0.1:{stack.config.embedded.kubernetes_port}"
        self._tls = ssl.create_default_context(cafile=str(pki.believed("kubernetes")))
        known = ssl.create_default_context(cafile=str(pki.believed("kubernetes")))
        known.load_cert_chain(pki.leaf("administrator"))
        self._administrator = Hand(self._server, {}, known)
        own, foreign = projects(stack)
        self.api = {role: Hand(self._url, {"X-Auth-Token": token}) for role, token in own.tokens.items()}
        self.people = {role: self._signed_in(token) for role, token in own.tokens.items()}
        self.estates = {OWN: self._estate(own), FOREIGN: self._estate(foreign)}

    def _signed_in(self, token: str) -> Hand:
        answer = Hand(self._url, {"X-Auth-Token": token}).ok("POST", "/cluster/v1/tokens")
        return Hand(self._server, {"Authorization": f"Bearer {answer['token']['value']}"}, self._tls)

    def _estate(self, project: Project) -> Estate:
        token = project.tokens["member"]
        api, member = Hand(self._url, {"X-Auth-Token": token}), self._signed_in(token)
        made = Estate(project.id, api, self._administrator, member)
        made.prepare()
        return made


class Run:
    """Asks. `api`, `people`: who asks at which face, by role; `estates`: of the own project and of a foreign one."""

    def __init__(
        self,
        api: Mapping[str, Hand],
        people: Mapping[str, Hand],
        estates: Mapping[str, Estate],
        say: Callable[[str], None],
    ) -> None:
        self._api, self._people, self._estates, self._say = api, people, estates, say

    def matrix(self, report: Report, asked: list[Cell]) -> None:
        """Ask for all; those that act on one server one after the other."""
        alone = [cell for cell in asked if cell.kind in ("ServerAction", "KeyPair")]
        others = [cell for cell in asked if cell not in set(alone)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for number, (cell, api, cluster) in enumerate(pool.map(self._ask, others), 1):
                self._take(report, cell, api, cluster)
                if number % 250 == 0:
                    self._say(f"{number} of {len(asked)} cells, {len(report.broken)} without a row")
        for cell in alone:
            self._take(report, *self._ask(cell))

    def _ask(self, cell: Cell) -> tuple[Cell, Said, Said]:
        estate = self._estates[cell.project]
        return cell, of_api(cell, self._api[cell.role], estate), of_cluster(cell, self._people[cell.role], estate)

    def _take(self, report: Report, cell: Cell, api: Said, cluster: Said) -> None:
        report.asked += 1
        one, other = api.verdict, cluster.verdict
        if FAULT not in (one, other) and (one == NO) == (other == NO):
            report.alike += 1
            report.past += LATER in (one, other)
            return
        row = limit_of(cell, one, other)
        if row is not None:
            report.explained[row.name] += 1
            return
        told = f"API {api.status} {one} ({api.text[:110]}); kubectl {cluster.status} {other} ({cluster.text[:160]})"
        report.broken.append(f"{cell}: {told}")
        self._say(f"NOT HELD  {cell}: {told}")

    def without(self, report: Report) -> None:
        """Ask while nobody can ask policy: what roles and rules decide goes on, what it alone decides is refused."""
        estate, member, reader = self._estates[OWN], self._people["member"], self._people["reader"]
        questions: list[tuple[str, Callable[[], Said], Callable[[Said], bool]]] = []
        for kind in USERS:
            here = [(member, _read), (self._people["none"], _is(NO)), (reader, _read)]
            questions += [
                (
                    "reads by roles",
                    _asking(Cell("", OWN, verb, kind), hand, estate),
                    right,
                )
                for hand, right in here
                for verb in ("get", "list")
            ]
            questions.append(("creations by roles", _asking(Cell("", OWN, "create", kind), member, estate), _is(YES)))
            questions.append(("creations by roles", _asking(Cell("", OWN, "create", kind), reader, estate), _is(NO)))
            foreign = self._estates[FOREIGN]
            questions.append(("another namespace", _asking(Cell("", FOREIGN, "get", kind), member, foreign), _is(NO)))
            questions.append(("changes by policy", _asking(Cell("", OWN, "delete", kind), member, estate), _unasked))
        for fielded in ("shared", "external"):
            cell = Cell("", OWN, "create", "Network", fielded)
            questions.append(("fields by rules", _asking(cell, member, estate), _is(NO)))
            questions.append(("fields by rules", _asking(cell, self._people["admin"], estate), _is(YES)))
        for word, wanted in (("reboot", YES), ("os-resetState", NO)):
            cell = Cell("", OWN, "action", "ServerAction", word)
            questions.append(("actions by rules", _asking(cell, member, estate), _is(wanted)))
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda question: question[1](), questions))
        for (what, _, right), said in zip(questions, answers, strict=True):
            if right(said):
                report.without[what] = report.without.get(what, 0) + 1
            else:
                report.broken.append(f"without the policy engine, {what}: {said.status} {said.text[:200]}")
        self._say("asked again without the policy engine")


def _asking(cell: Cell, hand: Hand, estate: Estate) -> Callable[[], Said]:
    return lambda: of_cluster(cell, hand, estate)


def _is(verdict: str) -> Callable[[Said], bool]:
    wanted = {YES, LATER} if verdict == YES else {verdict}
    return lambda said: said.verdict in wanted


def _read(said: Said) -> bool:
    """Whether it was shown: of a read nothing may stand in the way but a right."""
    return said.status < 300


def _unasked(said: Said) -> bool:
    """Whether it is refused because the webhook does not answer."""
    return said.status >= 400 and "failed calling webhook" in said.text
