"""Mutations on the way: the scenario is played again and one answer of it is corrupted as it arrives.

On copies of recordings a wrong id is only compared; here the player also uses it, saves it and asks for it in later
steps, as a client would. That the fault is still reported shows that following it does not hide it.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from tests.golden.player.corpus import Case
from tests.golden.player.faults import Mutation, NoSuchPlaceError, corrupted
from tests.golden.player.model import Response
from tests.golden.player.mutate import Baseline, Survey
from tests.golden.player.run import Run


async def survey(run: Run, cases: Iterable[Case], baseline: Baseline, seed: int) -> Survey:
    """Play every case that was equal somewhere once more, with one mutation.

    A mutation whose place did not come back (the answer was another one this time) is not counted as made.
    """
    # The id of another object belongs to the first play; the second has other objects.
    chosen: dict[str, Mutation] = {}
    for mutation in baseline.mutations(10**6, Random(seed)):
        if mutation.kind != "id of another":
            chosen.setdefault(mutation.scenario, mutation)
    made: list[Mutation] = []

    def tamper(scenario: str, step: str, response: Response) -> Response:
        mutation = chosen.get(scenario)
        if mutation is None or mutation.step != step:
            return response
        try:
            bad = corrupted(response, mutation)
        except NoSuchPlaceError:
            return response
        made.append(mutation)
        return bad

    played = await run.play([case for case in cases if case.name in chosen], tamper)
    survivors = [m for m in made if not baseline.noticed_live(m, played.recordings[m.scenario])]
    return Survey(seed=seed, made=made, survivors=survivors)
