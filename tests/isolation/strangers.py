"""Who has no role in a project, or no project at all; and what may be had without a token.

For them there is no row in the table of expectations but a promise that holds on every route: they change nothing, and
nothing of any project is in what they get.
"""

from __future__ import annotations

from tests.fuzz.build import draft
from tests.fuzz.call import Call, send
from tests.fuzz.people import ALPHA, BETA, BY_TOKEN
from tests.fuzz.picks import Aim, Picks
from tests.fuzz.population import Estate, populate
from tests.fuzz.values import seeded
from tests.fuzz.world import World
from tests.isolation.observe import line

STRANGERS = ("unscoped", "system-admin", "alpha-nothing")
# A user without a role has key pairs of his own, as in Nova; and a project's first look at its groups makes one.
TOLERATED = frozenset({"KeyPair", "SecurityGroup", "SecurityGroupRule"})
AIMS: tuple[Aim, ...] = ("own", "other")

# path and the statuses that it may have without a token: version documents, which clients need to find the rest
OPEN: dict[str, int] = {
    "/compute": 200,
    "/compute/": 200,
    "/compute/v2.1": 200,
    "/compute/v2.1/": 200,
    "/compute/v2": 200,
    "/compute/v2/": 200,
    "/compute/v3": 300,
    "/network": 200,
    "/network/": 200,
    "/image": 300,
    "/image/": 300,
    "/image/versions": 200,
    "/": 200,
}
CLOSED = (
    *("/network/v2.0", "/network/v2.0/", "/compute/v2/servers"),
    *("/compute/v2.1/nothing", "/network/v2.0/nothing", "/image/v2/nothing"),
)


async def strangers() -> tuple[int, list[str]]:
    """Return how many requests were made and what was wrong."""
    world, estates = World(), (Estate(ALPHA, 0), Estate(BETA, 1))
    await populate(world, estates=estates)
    private = {
        token: [obj.id for estate in estates if BY_TOKEN[token].project != estate.project for obj in estate.objects]
        for token in STRANGERS
    }
    digest, number, problems = world.store.digest, 0, []
    for key in world.routes:
        for token in STRANGERS:
            for aim in AIMS:
                number += 1
                picks = Picks(world, BY_TOKEN["alpha-member"], seeded(key, aim), aim=aim)
                call = draft(world, key, picks, token=token, lavish=0).call(number)
                answer = await send(world, call, 0)
                changed = [place for place in answer.trace.left() if place[0] not in TOLERATED]
                if changed or (world.store.digest != digest and not answer.trace.after):
                    problems.append(f"{key} as {token}: changed {changed}\n      {line(call, answer)}")
                digest = world.store.digest
                text, asked = answer.body.decode("utf-8", "replace"), call.target + call.body.decode("utf-8", "replace")
                shown = [uid for uid in private[token] if uid in text and uid not in asked]
                if shown:
                    problems.append(f"{key} as {token}: shows {shown[:3]}\n      {line(call, answer)}")
    return number, problems


async def documents() -> tuple[int, list[str]]:
    """Return how many requests were made and what was wrong: without a token nothing but version documents."""
    world, problems = World(), []
    expected = {**OPEN, **dict.fromkeys(CLOSED, 401)}
    for number, (path, status) in enumerate(expected.items()):
        call = Call(number=number, method="GET", target=path)
        answer = await send(world, call, 0)
        if answer.status != status:
            problems.append(f"without a token: expected {status}\n      {line(call, answer)}")
    return len(expected), problems
