"""Which requests are sent, when: every row of the table its share, in waves that interleave, in regions that differ."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import msgspec
from tests.fuzz.build import Draft, draft
from tests.fuzz.call import Call
from tests.fuzz.mutate import mutate
from tests.fuzz.people import BY_TOKEN, Person
from tests.fuzz.picks import Aim, Picks
from tests.fuzz.values import seeded
from tests.fuzz.world import RouteKey, World

from gurum.ops.config import PiaConfig
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.service import Service
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.model import PolicyInput, Principal, Target
from gurum.store.memory.hostility import PEACEFUL, Hostility

FLOOR = 50  # requests a route, at least
WRITES, GONE = 2.0, 0.02  # what a write, and a row that answers 410, get of what is left, where a read gets 1
EPOCH = 800  # requests on one region, at most: later ones would find everything deleted
WAVE = 24  # requests at once, at most
RESTLESS = Hostility(conflict=0.05, expire=0.01, twice=0.2, coalesce=0.5, amnesia=0.3, early=0.3, slow=0.1)
TIGHT = {
    "compute": {"instances": 6, "cores": 9, "ram": 8192, "metadata_items": 4, "key_pairs": 3},
    "network": {"network": 5, "subnet": 5, "port": 8, "security_group": 5, "security_group_rule": 20},
}


@dataclass(frozen=True)
class Profile:
    """What kind of region an epoch has."""

    name: str
    cloud: str = "simulated"
    hostility: Hostility = PEACEFUL
    tight: bool = False

    def config(self) -> PiaConfig:
        """Return the API's configuration."""
        base = PiaConfig()
        if not self.tight:
            return base
        quotas = {service: {**held, **TIGHT.get(service, {})} for service, held in base.quotas.items()}
        return msgspec.structs.replace(base, quotas=quotas, page_limit=5)


PROFILES = (
    Profile("simulated cloud"),
    Profile("AWS", cloud="aws"),
    Profile("restless store", hostility=RESTLESS),
    Profile("AWS, tight quotas, restless store", cloud="aws", hostility=RESTLESS, tight=True),
)

# token: weight, for rows that anybody may use, and for those that need an administrator
PEOPLE: dict[str, tuple[int, int]] = {
    "alpha-member": (28, 8),
    "alpha-second": (8, 2),
    "beta-member": (20, 6),
    "alpha-admin": (8, 30),
    "operator-admin": (7, 30),
    "alpha-manager": (5, 8),
    "alpha-reader": (7, 4),
    "beta-reader": (4, 2),
    "alpha-nothing": (2, 1),
    "alpha-limited": (1, 1),
    "unscoped": (1, 1),
    "system-admin": (1, 1),
}
AIMS: dict[Aim, int] = {"own": 74, "other": 9, "shared": 6, "deleted": 6, "unknown": 5}
REFERS: dict[Aim, int] = {"own": 86, "shared": 5, "other": 5, "deleted": 2, "unknown": 2}
TIMES = (0, 1, 2, 3)
HOW_OFTEN = (40, 38, 15, 7)  # mutations of a request


def schedule(rows: Mapping[RouteKey, tuple[Service, Route]], count: int, seed: int) -> list[RouteKey]:
    """Return the rows to be asked, shuffled: `floor` each, the rest by weight."""
    routes = list(rows)
    rng = seeded(seed, "schedule")
    floor = min(FLOOR, count // max(len(routes), 1))
    planned = [key for key in routes for _ in range(floor)]
    weights = [GONE if rows[key][1].status == 410 else 1.0 if key.method == "GET" else WRITES for key in routes]
    planned += rng.choices(routes, weights, k=count - len(planned))
    rng.shuffle(planned)
    return planned


def waves(planned: Sequence[RouteKey], seed: int) -> Iterator[list[RouteKey]]:
    """Yield the rows that are asked at once; a quarter of the waves are single requests."""
    rng = seeded(seed, "waves")
    at = 0
    while at < len(planned):
        size = 1 if rng.random() < 0.25 else rng.randint(2, WAVE)
        yield list(planned[at : at + size])
        at += size


def request(world: World, key: RouteKey, number: int, seed: int) -> Call:
    """Return a request for a row, from what there is in the world now."""
    rng = seeded(seed, number)
    person = _person(world, key, rng)
    picks = Picks(world, person, rng, aim=_one(AIMS, rng), refer=_one(REFERS, rng))
    made: Draft = draft(world, key, picks, lavish=rng.choice((0, 0.1, 0.25, 0.25, 0.5, 0.9)))
    mutate(made, picks, rng.choices(TIMES, HOW_OFTEN)[0])
    return made.call(number)


def _one(weights: dict[Aim, int], rng: random.Random) -> Aim:
    return rng.choices(list(weights), list(weights.values()))[0]


def _person(world: World, key: RouteKey, rng: random.Random) -> Person:
    special = _privileged(world.policy, world.routes[key][1].policy)
    weights = [weight[special] for weight in PEOPLE.values()]
    return BY_TOKEN[rng.choices(list(PEOPLE), weights)[0]]


@cache
def _privileged(policy: EmbeddedDecisionPoint, action: str) -> bool:
    """Whether a member is refused an action by its role alone: only where to aim, no expectation."""
    asker = Principal(roles=("member", "reader"), user_id="u", project_id="p")
    target = Target(project_id="p", user_id="u", parent_project_id="p")
    return bool(action) and not policy.decide(PolicyInput(action=action, principal=asker, target=target)).allow
