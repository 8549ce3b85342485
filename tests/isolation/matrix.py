"""Every route, as everybody, on own, shared and other people's objects.

For each cell one request that would succeed if it were allowed. It must come to what `expect` says; what is hidden
must look exactly as an id that nothing has; and after every refusal, and after every read, the whole store must be as
it was.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.fuzz.build import SOURCES, Draft, draft
from tests.fuzz.call import Answer, Call, send
from tests.fuzz.people import ALPHA, BETA, BY_TOKEN
from tests.fuzz.picks import Picks
from tests.fuzz.population import CANARY, Estate, populate
from tests.fuzz.values import seeded
from tests.fuzz.world import RouteKey, World, services, table
from tests.isolation.expect import NOBODIES, READS, ROLES, ROWS, TOLD_APART, Scope, describe, expected, row_of
from tests.isolation.observe import line, masked, outcome, unchanged

from gurum.pia.kernel.service import Service

OWNED = frozenset(
    {
        *("servers", "flavors", "images", "networks", "subnets", "ports", "security-groups", "os-security-groups"),
        *("security-group-rules", "network-ip-availabilities", "os-keypairs", "quotas", "os-quota-sets"),
        *("os-simple-tenant-usage", "os-security-group-rules", "routers", "floatingips", "os-server-groups"),
    }
)
SHARED = frozenset({"networks", "subnets", "images", "network-ip-availabilities"})
TOKENS = {"no token": "", "expired": "expired", "limited": "alpha-limited"}

# Beginnings of names: what a request must be about to succeed. Ahead of the ordinary ones, by part of the row's text.
ORDINARY = ("active", "main", "subnet main", "free", "web", "key", "linux", "1", "beta-shared", "subnet beta-shared")
CHOSEN: dict[str, tuple[str, ...]] = {
    "action os-start": ("stopped",),
    "DELETE /networks/{id}": ("empty",),
    "DELETE /subnets/{id}": ("subnet second",),
    "DELETE /security-groups/{id}": ("spare",),
    "DELETE /os-security-groups/{id}": ("spare",),
    "DELETE /routers/{id}": ("empty",),
    "add_router_interface": ("main", "subnet second"),
    "action addSecurityGroup": ("active", "spare"),
    "os-flavor-access": ("private",),
    "action addTenantAccess": ("private",),
    "action removeTenantAccess": ("private",),
    "/images/{id}": ("private", "linux"),
}
MAKES_DEFAULT_GROUP = ("/security-groups", "/os-security-groups")  # the first look at a project's groups makes one


@dataclass
class Cell:
    """One request of the matrix and what is wrong with its answer."""

    key: RouteKey
    role: str
    scope: Scope
    outcome: str
    problems: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What was found. unreached: routes whose handler no request came to."""

    cells: list[Cell] = field(default_factory=list)
    unreached: list[RouteKey] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)  # exceptions that no route needs
    told_apart: Counter[str] = field(default_factory=Counter)  # by pattern of TOLD_APART
    requests: int = 0

    @property
    def problems(self) -> list[str]:
        """All that is wrong, as lines."""
        lines = [
            f"{cell.key} as {cell.role} on {cell.scope}: {problem}" for cell in self.cells for problem in cell.problems
        ]
        lines += [f"{key} was never reached: the generator does not know how" for key in self.unreached]
        return lines + [f"an exception that no route needs: {pattern}" for pattern in self.idle]

    @property
    def counts(self) -> Counter[str]:
        """How many cells came to what."""
        return Counter(cell.outcome for cell in self.cells)


def scopes_of(key: RouteKey) -> list[Scope]:
    """Return whose objects a route can be asked for."""
    first, *rest = key.path.strip("/").split("/")
    if first not in OWNED or not rest or not rest[0].startswith("{"):
        return ["own"]
    return ["own", "shared", "other"] if first in SHARED else ["own", "other"]


class Matrix:
    """Runs the cells, on a fresh region after every change. roles, only: of these and no others."""

    def __init__(
        self,
        offered: tuple[Service, ...] | None = None,
        *,
        roles: Sequence[str] = (*NOBODIES, *ROLES),
        only: Callable[[RouteKey], bool] = lambda key: True,
    ) -> None:
        self.report = Report()
        self._offered, self._roles, self._only = offered, roles, only
        self._world: World | None = None
        self._before: dict[tuple[str, str], bytes] = {}
        self._private = self._belongings()

    async def run(self) -> Report:
        """Run all cells."""
        known = table(self._offered if self._offered is not None else services())
        routes = [key for key in known if self._only(key)]
        reached: set[RouteKey] = set()
        for key in routes:
            for role in self._roles:
                for scope in scopes_of(key):
                    await self._cell(key, role, scope, reached)
        self.report.unreached = [key for key in routes if key not in reached]
        used = [row_of(key) for key in known]
        self.report.idle = [row.pattern for row in ROWS if row not in used]
        if len(routes) == len(known):
            self.report.idle += [pattern for pattern, _ in TOLD_APART if not self.report.told_apart[pattern]]
        return self.report

    async def _fresh(self) -> World:
        if self._world is None:
            self._world = World(offered=self._offered)
            await populate(self._world, estates=(Estate(ALPHA, 0), Estate(BETA, 1)))
            self._before = await self._world.census()
        return self._world

    async def _cell(self, key: RouteKey, role: str, scope: Scope, reached: set[RouteKey]) -> None:
        world = await self._fresh()
        made = self._draft(world, key, role, scope)
        call, answer = await self._send(world, made)
        reached.update(answer.reached)
        found = outcome(key, answer, world.routes[key][1].status)
        wanted = expected(key, role, scope)
        cell = Cell(key, role, scope, found)
        self.report.cells.append(cell)
        if found != wanted:
            cell.problems.append(f"{found}, expected {wanted}\n      {line(call, answer)}")
        changes = await unchanged(world, self._before)
        if changes and (answer.status >= 400 or key.method in READS) and not self._may_change(key, changes):
            cell.problems.append(f"{answer.status}, yet {'; '.join(changes)}\n      {line(call, answer)}")
        if role != "admin":
            cell.problems += self._leaks(call, answer, world)
            foreign = [change for change in changes if change.split()[0] in self._private]
            if foreign:
                cell.problems.append(f"another project's: {'; '.join(foreign)}\n      {line(call, answer)}")
        if scope == "other" and wanted in ("hidden", "denied") and role != "admin":
            cell.problems += await self._told_apart(world, made, call, answer)
        if changes:
            self._world = None

    def _draft(self, world: World, key: RouteKey, role: str, scope: Scope) -> Draft:
        text = describe(key)
        person = BY_TOKEN[f"alpha-{role}"] if role in ROLES else BY_TOKEN["alpha-member"]
        chosen = next((names for part, names in CHOSEN.items() if part in text), ())
        picks = Picks(world, person, seeded(key), aim=scope, prefer=(*chosen, *ORDINARY))
        made = draft(world, key, picks, lavish=0)
        if role in TOKENS:
            made.token = TOKENS[role] or None
        return made

    async def _send(self, world: World, made: Draft) -> tuple[Call, Answer]:
        self.report.requests += 1
        call = made.call(self.report.requests)
        if made.token is None:
            call.token = None
        return call, await send(world, call, 0)

    async def _told_apart(self, world: World, made: Draft, call: Call, answer: Answer) -> list[str]:
        """Ask for an id that nothing has: the answer must be the same."""
        name = next(iter(made.slots))
        place = made.slots[name]
        real = made.segments[place]
        unknown = Picks(world, BY_TOKEN["alpha-member"], seeded("unknown", made.key), aim="unknown")
        made.segments[place] = SOURCES.get((made.segments[0], name), Picks.unknown)(unknown)
        other_call, other = await self._send(world, made)
        if masked(answer, real) != masked(other, made.segments[place]):
            known = next((pattern for pattern, _ in TOLD_APART if re.fullmatch(pattern, describe(made.key))), None)
            if known is not None:
                self.report.told_apart[known] += 1
                return []
            return [f"told from an unknown id:\n      {line(call, answer)}\n      {line(other_call, other)}"]
        return []

    def _leaks(self, call: Call, answer: Answer, world: World) -> list[str]:
        text = answer.body.decode("utf-8", "backslashreplace")
        asked = call.target + call.body.decode("utf-8", "backslashreplace")
        found = [word for word in (CANARY[BETA], *self._ids) if word in text and word not in asked]
        return [f"shows {found[:3]} of another project\n      {line(call, answer)}"] if found else []

    def _belongings(self) -> set[str]:
        estate = Estate(BETA, 1)
        self._ids = [obj.id for obj in (*estate.objects, *estate.deleted)]
        return {f"{obj.kind}/{obj.id}" for obj in estate.objects}

    def _may_change(self, key: RouteKey, changes: list[str]) -> bool:
        return key.path in MAKES_DEFAULT_GROUP and all(change.startswith("SecurityGroup") for change in changes)
