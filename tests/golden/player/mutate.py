"""Corrupts answers that were equal, where the comparer compares, and asks whether it notices.

A comparer that reports nothing is either right or blind, and equal figures look the same for both. Every survivor
is a promise that nobody checks. Where a mutation is possible is worked out from the golden files (what is masked,
what is allowed) and not from the comparer, which would otherwise examine itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random

import msgspec
from tests.golden.player.allow import AllowList
from tests.golden.player.corpus import Case
from tests.golden.player.faults import ID_KINDS, KINDS, Mutation, corrupted
from tests.golden.player.model import Difference, RecordedStep, Recording
from tests.golden.player.sites import Sites
from tests.golden.player.verdict import differences

Found = Mapping[str, list[Difference]]


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What was corrupted, and what of it nobody noticed."""

    seed: int
    made: list[Mutation]
    survivors: list[Mutation]


class Baseline:
    """The recordings of a run and the steps of them that were equal."""

    def __init__(self, cases: Iterable[Case], recordings: Mapping[str, Recording], allowed: AllowList) -> None:
        self._allowed = allowed
        self._recordings = recordings
        self._cases = {case.name: case for case in cases if case.name in recordings}
        self._found = {name: differences(case, recordings[name], allowed) for name, case in self._cases.items()}

    def mutations(self, count: int, random: Random) -> list[Mutation]:
        """So many different mutations of equal steps, as evenly over the kinds as there are places for them."""
        by_kind: dict[str, list[Mutation]] = {kind: [] for kind in KINDS}
        for name, case in self._cases.items():
            equal = {step for step, found in self._found[name].items() if not found}
            sites = Sites(case, self._recordings[name], self._allowed, equal)
            for mutation in sites.mutations(random):
                by_kind[mutation.kind].append(mutation)
        for places in by_kind.values():
            random.shuffle(places)
        chosen: list[Mutation] = []
        while len(chosen) < count and any(by_kind.values()):
            chosen += [places.pop() for places in by_kind.values() if places]
        return chosen[:count]

    def survives(self, mutation: Mutation) -> bool:
        """Whether the recording with this mutation is compared as if nothing had happened."""
        case, recording = self._cases[mutation.scenario], self._recordings[mutation.scenario]
        steps = [_mutated(step, mutation) for step in recording.steps]
        bad = msgspec.structs.replace(recording, steps=steps)
        return not noticed(mutation, self._found[mutation.scenario], differences(case, bad, self._allowed))

    def noticed_live(self, mutation: Mutation, recording: Recording) -> bool:
        """The same for a mutation that was made while playing: `recording` is what came of it."""
        case = self._cases[mutation.scenario]
        return noticed(
            mutation,
            self._found[mutation.scenario],
            differences(case, recording, self._allowed),
        )


def survey(baseline: Baseline, count: int, seed: int) -> Survey:
    """Make mutations on copies of the recordings, one at a time."""
    made = baseline.mutations(count, Random(seed))
    survivors = [mutation for mutation in made if baseline.survives(mutation)]
    return Survey(seed=seed, made=made, survivors=survivors)


def noticed(mutation: Mutation, before: Found, after: Found) -> bool:
    """Whether the mutated step is reported; for a wrong id, whether any step is that was not.

    An id is wrong only beside the same id elsewhere, and the comparer reports the second of the two.
    """
    if after[mutation.step]:
        return True
    return mutation.kind in ID_KINDS and any(found and not before[step] for step, found in after.items())


def _mutated(step: RecordedStep, mutation: Mutation) -> RecordedStep:
    if step.name != mutation.step or step.response is None:
        return step
    return msgspec.structs.replace(step, response=corrupted(step.response, mutation))
