"""The mutations: all of them are noticed, and a blind comparer would be found out."""

from __future__ import annotations

from random import Random

import pytest
from tests.golden.player import allow, corpus, mutate, synthetic
from tests.golden.player.allow import AllowList, Rule
from tests.golden.player.faults import KINDS, Mutation, NoSuchPlaceError, corrupted
from tests.golden.player.model import Response
from tests.golden.samples import NET, PORT, SUBNET, answered, case, recording, steps

CASES = corpus.matching(
    corpus.load(corpus.DEFAULT), ["network/networks-a*", "compute/servers-list-a*", "image/images-a*"]
)  # fmt: skip


def baseline(allowed: AllowList) -> mutate.Baseline:
    recordings = {c.name: synthetic.recording_of(c, seed=5) for c in CASES}
    return mutate.Baseline(CASES, recordings, allowed)


def test_every_mutation_is_noticed() -> None:
    found = mutate.survey(baseline(allow.load(allow.DEFAULT)), 200, seed=11)
    assert len(found.made) == 200
    assert {m.kind for m in found.made} == set(KINDS)
    assert found.survivors == []


def test_the_same_seed_makes_the_same_mutations() -> None:
    first = baseline(AllowList([])).mutations(30, Random(4))
    assert baseline(AllowList([])).mutations(30, Random(4)) == first


def test_a_survivor_is_reported() -> None:
    sample = baseline(AllowList([]))
    blind = baseline(AllowList([Rule(why="blind", paths=["*"])]))
    made = sample.mutations(20, Random(1))
    assert all(blind.survives(mutation) for mutation in made)
    assert not any(sample.survives(mutation) for mutation in made)


def test_nothing_is_mutated_where_the_allow_list_excuses_it() -> None:
    everything = AllowList([Rule(why="all", paths=["*"])])
    assert baseline(everything).mutations(50, Random(1)) == []


def test_masked_places_and_differing_steps_are_not_mutated() -> None:
    sample = case(
        steps("masked", "differs"),
        [
            {"name": "masked", "body": {"a": "<any:str>", "b": "<maybe>", "c": "word"}},
            {"name": "differs", "body": {"a": 1}},
        ],
    )
    got = recording(answered("masked", {"a": "x", "b": 1, "c": "word"}), answered("differs", {"a": 2}))
    base = mutate.Baseline([sample], {sample.name: got}, AllowList([]))
    made = base.mutations(1000, Random(0))
    assert {m.step for m in made} == {"masked"}
    in_body = {m.path for m in made if m.path.startswith("$")}
    assert in_body == {"$", "$.c"}
    assert [m for m in made if base.survives(m)] == []


def test_items_of_a_list_that_may_be_longer_are_not_mutated() -> None:
    sample = case(steps("list"), [{"name": "list", "body": {"images": [{"a": 1}], "more": [{"a": 1}]}}])
    got = recording(answered("list", {"images": [{"a": 1}, {"a": 1}], "more": [{"a": 1}]}))
    counts = AllowList([Rule(why="installed", paths=["$.images*"], classes=("values",))])
    base = mutate.Baseline([sample], {sample.name: got}, counts)
    made = base.mutations(1000, Random(0))
    assert {m.path for m in made} >= {"$.images", "$.more", "$.more[0].a"}
    assert not any(m.path.startswith("$.images[") for m in made)
    assert [m for m in made if base.survives(m)] == []


def test_an_id_replaced_by_another_of_the_same_shape_is_caught() -> None:
    sample = case(
        steps("create", "show"),
        [
            {"name": "create", "body": {"id": "<uuid:1>", "port": "<uuid:2>"}},
            {"name": "show", "body": {"id": "<uuid:1>", "port": "<uuid:2>", "once": "<uuid:3>"}},
        ],
    )
    got = recording(
        answered("create", {"id": NET, "port": PORT}),
        answered("show", {"id": NET, "port": PORT, "once": SUBNET}),
    )
    base = mutate.Baseline([sample], {sample.name: got}, AllowList([]))
    ids = [m for m in base.mutations(1000, Random(0)) if m.kind.startswith("id ")]
    # An id that stands in one place only may be any id, but not that of something else.
    assert ("show", "$.once", "id unknown") not in {(m.step, m.path, m.kind) for m in ids}
    assert ("show", "$.once", "id of another") in {(m.step, m.path, m.kind) for m in ids}
    assert len(ids) == 9
    assert [m for m in ids if base.survives(m)] == []


def test_a_mutation_says_when_its_place_is_not_there() -> None:
    mutation = Mutation(scenario="s", step="t", kind="value", path="$.a", trail=("a",), argument=2)
    response = Response(status=200, headers={}, kind="json", body={"a": 1})
    assert corrupted(response, mutation).body == {"a": 2}
    with pytest.raises(NoSuchPlaceError):
        corrupted(Response(status=200, headers={}, kind="json", body={}), mutation)
