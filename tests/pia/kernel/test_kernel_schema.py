"""Schemas: which fault is told first, in whose words, and that no input is too odd to be told of."""

from __future__ import annotations

from typing import Any

import pytest

from gurum.pia.kernel.schema import InvalidNameError, Schema, Versions, always, parse_time

DOCUMENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "thing": {
            "type": "object",
            "properties": {
                "count": {"type": ["integer", "string"], "pattern": "^-?[0-9]*$", "minimum": 1, "maximum": 9},
                "id": {"type": "string", "format": "uuid"},
                "list": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["count"],
            "additionalProperties": False,
        }
    },
    "required": ["thing"],
}
PREFIX = "Invalid input for field/attribute"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, "None is not of type 'object'"),
        ({}, "'thing' is a required property"),
        ({"thing": {}}, f"{PREFIX} thing. Value: {{}}. 'count' is a required property"),
        ({"thing": {"count": "x"}}, f"{PREFIX} count. Value: x. 'x' does not match '^-?[0-9]*$'"),
        ({"thing": {"count": "0"}}, f"{PREFIX} count. Value: 0. 0 is less than the minimum of 1"),
        ({"thing": {"count": 10}}, f"{PREFIX} count. Value: 10. 10 is greater than the maximum of 9"),
        ({"thing": {"count": True}}, f"{PREFIX} count. Value: True. True is not of type 'integer', 'string'"),
        ({"thing": {"count": 1, "id": "x"}}, f"{PREFIX} id. Value: x. 'x' is not a 'uuid'"),
        ({"thing": {"count": 1, "list": [1]}}, f"{PREFIX} 0. Value: 1. 1 is not of type 'string'"),
    ],
)
def test_faults_of_bodies(body: object, text: str) -> None:
    assert Schema(DOCUMENT).body_fault(body) == text


@pytest.mark.parametrize("count", ["9" * 5000, "9" * 400])
def test_numbers_of_thousands_of_digits_are_beyond_every_bound(count: str) -> None:
    fault = Schema(DOCUMENT).body_fault({"thing": {"count": count}})
    assert fault is not None
    assert fault.endswith("inf is greater than the maximum of 9")


def test_a_good_body_has_no_fault() -> None:
    good = {"thing": {"count": "5", "id": "11111111-2222-4333-8444-555555555555", "list": ["a"]}, "more": 1}
    assert Schema(DOCUMENT).body_fault(good) is None


def test_a_name_may_have_words_of_its_own() -> None:
    def refuse(value: object) -> bool:
        raise InvalidNameError("That is no name.")

    schema = Schema({"type": "object", "properties": {"a": {"format": "own"}}}, {"own": refuse})
    assert schema.body_fault({"a": "x"}) == "That is no name."


def test_faults_of_queries_name_the_parameter() -> None:
    schema = Schema({"properties": {"limit": {"items": {"pattern": "^[0-9]*$"}}}, "additionalProperties": False})
    assert schema.query_fault({"limit": ["1", "-1"]}) == (
        "Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'"
    )
    assert schema.query_fault({"x": ["1"]}) == "Additional properties are not allowed ('x' was unexpected)"


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("ipv4", ["10.0.0.1"], ["10.0.0.999", "::1", "x", 1]),
        ("ipv6", ["::1"], ["10.0.0.1", "x"]),
        ("cidr", ["10.0.0.0/8"], ["10.0.0.0", "10.0.0.0/99"]),
        ("date-time", ["2020-01-01T00:00:00Z", "2020-01-01", "2020-01-01T00:00:00+09:00"], ["yesterday", "12", ""]),
        ("base64", ["YQ==", ""], ["Y"]),
        ("regex", ["a.*"], ["[", "(", ""]),
        ("uuid", ["11111111222243338444555555555555"], ["x", "11111111-2222-4333-8444-55555555555"]),
    ],
)
def test_formats(form: str, good: list[object], bad: list[object]) -> None:
    schema = Schema({"format": form})
    assert [schema.body_fault(value) for value in good] == [None] * len(good)
    assert all(schema.body_fault(value) for value in bad)


def test_times() -> None:
    assert parse_time("1970-01-01T00:01:00Z") == parse_time("1970-01-01T00:01:00") == 60
    assert parse_time("1970-01-01T09:00:00+09:00") == 0


def test_a_table_of_versions() -> None:
    first, second = Schema({}), Schema({})
    table = Versions((5, first), (9, None), (12, second))
    assert [table.at(v) for v in (1, 5, 8, 9, 11, 12, 99)] == [None, first, first, None, None, second, second]
    assert always(first).at(0) is first
