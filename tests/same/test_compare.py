from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.same.compare import Verdict, compare
from tests.same.play import Play
from tests.same.rows import Row
from tests.same.samples import ONE, THREE, TWO, play, transcript

MTU = Row(call="show", field="$.mtu", rule="a VPC's own", b=9001)


def verdict(a: list[Play], b: list[Play], *rows: Row) -> Verdict:
    by_call: dict[str, list[Row]] = {}
    for row in rows:
        by_call.setdefault(row.call, []).append(row)
    return compare(transcript(*a), transcript(*b), by_call, "")


def shown(document: Any) -> list[Play]:
    return [play("show", document)]


def test_other_ids_in_the_same_places_are_equal() -> None:
    assert verdict(shown({"id": ONE, "net": TWO, "again": ONE}), shown({"id": TWO, "net": THREE, "again": TWO})).equal


def test_an_id_that_comes_back_in_another_place_is_not() -> None:
    found = verdict(shown({"id": ONE, "net": TWO, "of": ONE}), shown({"id": ONE, "net": TWO, "of": TWO}))
    assert [(d.field, d.a, d.b) for d in found.differences] == [("$.of", "<id:1>", "<id:2>")]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (play("show", {"x": 1}), play("show", {"x": "1"})),
        (play("show", {"x": None}), play("show", {"x": "null"})),
        (play("show", {"x": ""}), play("show", {})),
        (play("show", {"x": [1, 2]}), play("show", {"x": [2, 1]})),
        (play("show", {"x": [1]}), play("show", {"x": [1, 1]})),
        (play("show", {"x": 1, "y": 2}), play("show", {"y": 2, "x": 1})),
        (play("show", code=1, stderr="No\n"), play("show", code=2, stderr="No\n")),
        (play("show", code=1, stderr="No\n"), play("show", code=1, stderr="no\n")),
        (play("show", "a\nb\n"), play("show", "b\na\n")),
        (play("show", call="openstack show a"), play("show", call="openstack show b")),
    ],
)
def test_whatever_a_user_could_see_is_a_difference(a: Play, b: Play) -> None:
    assert not verdict([a], [b]).equal


def test_a_row_excuses_exactly_what_it_says() -> None:
    a = shown({"id": ONE, "mtu": 1442})
    assert verdict(a, shown({"id": TWO, "mtu": 9001}), MTU).equal
    found = verdict(a, shown({"id": TWO, "mtu": 9002}), MTU)
    assert [d.field for d in found.differences] == ["$.mtu"]
    assert not verdict(a, shown({"id": TWO}), MTU).equal


def test_a_row_excuses_nothing_beside_it() -> None:
    found = verdict(shown({"mtu": 1442, "name": "a"}), shown({"mtu": 9001, "name": "b"}), MTU)
    assert [d.field for d in found.differences] == ["$.name"]


def test_what_a_row_covers_takes_no_numbers() -> None:
    row = Row(call="show", field="$.pools", rule="by zone", b=["10.0.0.4", "10.0.0.9"])
    a, b = {"pools": ["10.0.0.2"], "ip": "10.0.0.7"}, {"pools": ["10.0.0.4", "10.0.0.9"], "ip": "10.0.0.8"}
    assert verdict(shown(a), shown(b), row).equal


def test_a_row_can_say_that_there_is_nothing() -> None:
    row = Row(call="show", field="$.hint", rule="none")
    assert verdict(shown({"id": ONE, "hint": 1}), shown({"id": ONE}), row).equal
    assert not verdict(shown({"id": ONE, "hint": 1}), shown({"id": ONE, "hint": 2}), row).equal


@pytest.mark.parametrize(
    "row", [MTU, msgspec.structs.replace(MTU, call="gone"), msgspec.structs.replace(MTU, field="$.x")]
)
def test_a_row_that_is_not_needed_is_reported_and_fails(row: Row) -> None:
    found = verdict(shown({"mtu": 9001}), shown({"mtu": 9001}), row)
    assert found.needless == [row]
    assert not found.equal


def test_the_diff_shows_the_call() -> None:
    text = verdict(shown({"x": 1}), shown({"x": 2})).diff("one", "two")
    assert "--- one" in text
    assert " == show" in text
    assert "-$.x: 1" in text
    assert "+$.x: 2" in text


def test_a_row_may_name_what_a_cloud_makes_up() -> None:
    here, there, own = "fa:16:3e:00:00:01", "02:00:00:00:00:01", "02:00:00:00:00:02"
    rows = [Row(call=call, field="$.mac", rule="the cloud's own", b="<mac:1>") for call in ("show", "list")]
    a = [play("create", {"mac": here}), play("show", {"mac": here}), play("list", {"mac": here})]
    b = [play("create", {"mac": here}), play("show", {"mac": there}), play("list", {"mac": there})]
    assert verdict(a, b, *rows).equal
    b[2] = play("list", {"mac": own})
    assert [d.call for d in verdict(a, b, *rows).differences] == ["list"]
    assert verdict(a, a, *rows).needless == rows


def test_a_row_is_found_where_a_field_is_named_after_the_run() -> None:
    row = Row(call="show", field="$.<run>-net", rule="because", b=2)
    a = transcript(play("show", {"run-7-net": 1}), run="run-7")
    b = transcript(play("show", {"run-8-net": 2}), run="run-8")
    assert compare(a, b, {"show": [row]}, "").equal
