"""The comparer: what it must notice, and what it must let pass."""

from __future__ import annotations

from typing import Any

import pytest
from tests.golden.player import allow, corpus, synthetic
from tests.golden.player.model import Recording
from tests.golden.player.verdict import differences
from tests.golden.samples import (
    NET,
    PORT,
    PROJECT,
    ROOT,
    SUBNET,
    answered,
    brief,
    case,
    found,
    recording,
    steps,
)

CASES = corpus.load(corpus.DEFAULT)


def one(golden: Any, got: Any, *, status: int = 200, ordered: bool = False) -> list[Any]:
    """Class and path of what differs between one golden body and one recorded body."""
    sample = case(steps("show", ordered=ordered), [{"name": "show", "status": status, "body": golden}])
    return brief(found(sample, recording(answered("show", got, status))))


def test_the_corpus_is_whole() -> None:
    assert (len(CASES), sum(len(c.golden) for c in CASES)) == (47, 1305)
    assert sum(a.unstable is None for c in CASES for a in c.golden) == 1301


@pytest.mark.parametrize("name", [c.name for c in CASES])
def test_a_cloud_that_differs_in_ids_and_times_only_is_equal(name: str) -> None:
    sample = next(c for c in CASES if c.name == name)
    by_step = differences(sample, synthetic.recording_of(sample, seed=3), allow.AllowList([]))
    assert by_step
    assert {step: found_ for step, found_ in by_step.items() if found_} == {}


@pytest.mark.parametrize(
    ("golden", "got", "expected"),
    [
        # Bodies.
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("values", "$.a")]),
        ({"a": 1}, {"a": 1.0}, [("values", "$.a")]),
        ({"a": 1}, {"a": "1"}, [("types", "$.a")]),
        ({"a": 1}, {"a": True}, [("types", "$.a")]),
        ({"a": None}, {"a": ""}, [("types", "$.a")]),
        ({"a": 1}, {}, [("keys", "$.a")]),
        ({}, {"a": 1}, [("keys", "$.a")]),
        ({"a": "x"}, {"a": "x "}, [("values", "$.a")]),
        ({"a": []}, {"a": {}}, [("types", "$.a")]),
        # Masks.
        ({"a": "<any:str>"}, {"a": "whatever"}, []),
        ({"a": "<any:str>"}, {"a": 5}, [("types", "$.a")]),
        ({"a": "<any:any>"}, {"a": 5}, []),
        ({"a": "<any:str>"}, {}, [("keys", "$.a")]),
        ({"a": "<maybe>"}, {}, []),
        ({"a": "<maybe>"}, {"a": [1]}, []),
        # Times by their form.
        ({"a": "<time TZ>"}, {"a": "2026-01-02T03:04:05Z"}, []),
        ({"a": "<time TZ>"}, {"a": "2026-01-02T03:04:05"}, [("values", "$.a")]),
        ({"a": "<time TZ>"}, {"a": "2026-01-02 03:04:05Z"}, [("values", "$.a")]),
        ({"a": "<time T.6>"}, {"a": "2026-01-02T03:04:05.123456"}, []),
        ({"a": "<time T.6>"}, {"a": "2026-01-02T03:04:05.123"}, [("values", "$.a")]),
        ({"a": "<time T+00>"}, {"a": "2026-01-02T03:04:05+00:00"}, []),
        ({"a": "<time TZ>"}, {"a": None}, [("types", "$.a")]),
        # What the player knows by name.
        ({"a": "<member.project_id>"}, {"a": PROJECT}, []),
        ({"a": "<member.project_id>"}, {"a": PROJECT[::-1]}, [("values", "$.a")]),
        ({"a": "<network>/v2.0"}, {"a": ROOT + "/v2.0"}, []),
        ({"a": "<network>/v2.0"}, {"a": "http://elsewhere.example/v2.0"}, [("values", "$.a")]),
        # Checksums belong to data, addresses that users choose to them.
        ({"checksum": "d" * 32}, {"checksum": "e" * 32}, [("values", "$.checksum")]),
        ({"cidr": "10.1.0.0/24"}, {"cidr": "10.2.0.0/24"}, [("values", "$.cidr")]),
        ({"addr": "<ip:1>"}, {"addr": "10.2.0.7"}, []),
        # Sets.
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, []),
        ({"words": ["a", "b"]}, {"words": ["b", "a"]}, [("values", "$.words[0]"), ("values", "$.words[1]")]),
        ({"l": [{"n": 1}, {"n": 2}]}, {"l": [{"n": 2}, {"n": 1}]}, []),
        ({"l": [{"n": 1}, {"n": 2}]}, {"l": [{"n": 1}]}, [("values", "$.l")]),
        ({"l": [{"n": 1}]}, {"l": [{"n": 3}]}, [("values", "$.l[0].n")]),
    ],
)  # fmt: skip
def test_bodies(golden: Any, got: Any, expected: list[tuple[str, str]]) -> None:
    assert one(golden, got) == expected


def test_the_order_of_lists_counts_where_the_step_says_so() -> None:
    golden, got = {"l": [{"n": 1}, {"n": 2}]}, {"l": [{"n": 2}, {"n": 1}]}
    assert one(golden, got, ordered=True) == [("values", "$.l[0].n"), ("values", "$.l[1].n")]


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ({"badRequest": {"code": 400, "message": "No such thing"}}, []),
        ({"badRequest": {"code": 400, "message": "No such"}}, [("message", "$.badRequest.message")]),
        ({"badRequest": {"code": 404, "message": "No such thing"}}, [("error-type", "$.badRequest.code")]),
        ({"badRequest": {"code": 400}}, [("message", "$.badRequest.message")]),
        ({"itemNotFound": {"code": 400, "message": "No such thing"}},
         [("error-type", "$.badRequest"), ("error-type", "$.itemNotFound")]),
        ({"badRequest": {"code": 400, "message": None}}, [("types", "$.badRequest.message")]),
    ],
)  # fmt: skip
def test_errors_are_told_apart_by_type_and_text(got: Any, expected: list[tuple[str, str]]) -> None:
    golden = {"badRequest": {"code": 400, "message": "No such thing"}}
    assert one(golden, got, status=400) == expected


def test_sets_in_error_texts_have_no_order() -> None:
    golden = {"e": {"message": "'x' is not one of ['a', 'b', 'c']"}}
    got = {"e": {"message": "'x' is not one of ['c', 'a', 'b']"}}
    assert one(golden, got, status=400) == []
    got["e"]["message"] = "'x' is not one of ['c', 'a']"
    assert one(golden, got, status=400) == [("message", "$.e.message")]


def test_status_and_wait_are_compared() -> None:
    sample = case(steps("show"), [{"name": "show", "status": 202, "body": {}}])
    assert brief(found(sample, recording(answered("show", {}, 200)))) == [("status", "status")]
    late = answered("show", {}, 202, waited=False)
    assert brief(found(sample, recording(late))) == [("status", "wait")]


def test_a_step_without_an_answer_differs() -> None:
    sample = case(steps("show"), [{"name": "show", "body": {}}])
    assert brief(found(sample, recording())) == [("status", "status")]
    assert found(sample, Recording(scenario="network/sample", steps=[]))[0].got == "not recorded"


def test_unstable_steps_are_not_compared() -> None:
    sample = case(steps("show"), [{"name": "show", "status": 500, "unstable": "500", "body": {}}])
    assert found(sample, recording(answered("show", {"a": 1}, 404))) == []


@pytest.mark.parametrize(
    ("golden", "got", "expected"),
    [
        ({"location": "<network>/x"}, {"location": ROOT + "/x"}, []),
        ({"location": "<network>/x"}, {}, [("headers", "location")]),
        ({}, {"location": "/x"}, [("headers", "location")]),
        ({"retry-after": "<present>"}, {"retry-after": "17"}, []),
        ({"retry-after": "<present>"}, {}, [("headers", "retry-after")]),
        ({"vary": "a, b"}, {"vary": "B,A"}, []),
        ({"vary": "a, b"}, {"vary": "a"}, [("headers", "vary")]),
        ({"content-type": "text/html; charset=utf-8"}, {"content-type": "text/html;charset=UTF-8"}, []),
        ({"content-type": "text/html"}, {"content-type": "text/plain"}, [("headers", "content-type")]),
        ({}, {"server": "nginx", "connection": "close", "content-length": "7"}, []),
        ({"allow": "<maybe>"}, {}, []),
        ({"allow": "GET, HEAD"}, {"allow": "HEAD, GET"}, []),
        ({"allow": "GET, HEAD"}, {"allow": "GET"}, [("headers", "allow")]),
        ({"allow": "<any:str>"}, {}, [("headers", "allow")]),
    ],
)  # fmt: skip
def test_headers(golden: dict[str, str], got: dict[str, str], expected: list[tuple[str, str]]) -> None:
    sample = case(steps("show"), [{"name": "show", "headers": golden, "body": {}}])
    assert brief(found(sample, recording(answered("show", {}, headers=got)))) == expected


def relations() -> list[dict[str, Any]]:
    return [
        {"name": "create", "body": {"network": {"id": "<uuid:1>"}}},
        {"name": "subnet", "body": {"subnet": {"id": "<uuid:2>", "network_id": "<uuid:1>"}}},
        {"name": "list", "body": {"networks": [{"id": "<uuid:1>", "subnets": ["<uuid:2>"]}]}},
    ]


@pytest.mark.parametrize(
    ("network_id", "listed", "expected"),
    [
        (NET, SUBNET, []),
        (PORT, SUBNET, [("values", "$.subnet.network_id (reference)")]),
        (SUBNET, SUBNET, [("values", "$.subnet.network_id (reference)")]),
        (NET, NET, [("values", "$.networks[0].subnets[0] (reference)")]),
        (NET, PORT, [("values", "$.networks[0].subnets[0] (reference)")]),
    ],
)
def test_the_same_id_must_come_back_in_the_same_places(
    network_id: str, listed: str, expected: list[tuple[str, str]]
) -> None:
    sample = case(steps("create", "subnet", "list"), relations())
    got = recording(
        answered("create", {"network": {"id": NET}}),
        answered("subnet", {"subnet": {"id": SUBNET, "network_id": network_id}}),
        answered("list", {"networks": [{"id": NET, "subnets": [listed]}]}),
    )
    assert brief(found(sample, got)) == expected


def test_two_objects_may_not_share_an_id() -> None:
    sample = case(
        steps("one", "two"),
        [{"name": "one", "body": {"id": "<uuid:1>"}}, {"name": "two", "body": {"id": "<uuid:2>"}}],
    )
    got = recording(answered("one", {"id": NET}), answered("two", {"id": NET}))
    assert brief(found(sample, got)) == [("values", "$.id (reference)")]


def test_items_of_a_set_are_matched_by_the_ids_already_known() -> None:
    golden = [
        {"name": "one", "body": {"id": "<uuid:1>", "size": 1}},
        {"name": "two", "body": {"id": "<uuid:2>", "size": 2}},
        {"name": "list", "body": {"all": [{"id": "<uuid:1>"}, {"id": "<uuid:2>"}]}},
    ]
    got = recording(
        answered("one", {"id": SUBNET, "size": 1}),
        answered("two", {"id": NET, "size": 2}),
        answered("list", {"all": [{"id": NET}, {"id": SUBNET}]}),
    )
    assert found(case(steps("one", "two", "list"), golden), got) == []


def test_a_saved_value_is_masked_by_its_name() -> None:
    sample = case(steps("show"), [{"name": "show", "body": {"id": "<net>"}}])
    assert found(sample, recording(answered("show", {"id": NET}), net=NET)) == []
    assert brief(found(sample, recording(answered("show", {"id": NET}), net=PORT))) == [("values", "$.id")]


def test_a_saved_value_is_a_whole_word() -> None:
    """An address that the cloud gave out may be the beginning of one that the scenario wrote."""
    sample = case(steps("show") + "about: up to 10.0.0.200\n", [{"name": "show", "body": {"end": "10.0.0.200"}}])
    assert found(sample, recording(answered("show", {"end": "10.0.0.200"}), pip="10.0.0.2")) == []


def test_what_the_scenario_wrote_is_literal() -> None:
    text = steps("show") + f"about: asks for {NET} at 10.0.0.5\n"
    golden = [{"name": "show", "body": {"id": NET, "ip": "10.0.0.5"}}]
    assert found(case(text, golden), recording(answered("show", {"id": NET, "ip": "10.0.0.5"}))) == []
    got = recording(answered("show", {"id": SUBNET, "ip": "10.0.0.6"}))
    assert brief(found(case(text, golden), got)) == [("values", "$.id"), ("values", "$.ip")]


def test_the_allow_list_excuses_class_and_place_and_nothing_else() -> None:
    rule = allow.Rule(
        why="sizes",
        scenario="network/*",
        paths=["$.flavors[*].ram"],
        classes=("values",),
    )
    sample = case(steps("show"), [{"name": "show", "body": {"flavors": [{"ram": 1}]}}])

    def got(body: Any) -> list[tuple[str, str]]:
        return brief(found(sample, recording(answered("show", body)), allow.AllowList([rule])))

    assert got({"flavors": [{"ram": 2}]}) == []
    assert got({"flavors": [{"ram": "2"}]}) == [("types", "$.flavors[0].ram")]
    assert got({"flavors": [{"ram": 1, "disk": 1}]}) == [("keys", "$.flavors[0].disk")]


def test_the_allow_list_gives_a_reason_for_everything() -> None:
    assert allow.load(allow.DEFAULT).rule("compute/x", "show", "values", "$.limits.x") is not None
