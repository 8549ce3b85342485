"""The quick check says what jsonschema says, of every schema of every service, or says nothing."""

from __future__ import annotations

import random
from typing import Any

import pytest

from gurum.pia.compute.servers import schemas
from gurum.pia.kernel.schema import Schema
from gurum.pia.services import SERVICES

SCHEMAS = [
    (f"{route.method} {route.path} {route.action} {first}", schema)
    for service in SERVICES
    for route in service.routes
    for table in (route.body, route.query)
    if table is not None
    for first, schema in table.rows
    if schema is not None
]
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, 2.5, 10**40, "", " ", "a", "A b", "0", "1", "-1", "9" * 400, "true", "on"),
    *("a" * 300, "\n", "a\n", "\u00e9", "10.0.0.1", "fe80::1", "10.0.0.0/8", "11111111-2222-4333-8444-555555555555"),
    *("2020-01-01T00:00:00Z", "YQ==", "[", "MANUAL", [], ["a"], ["a", "a"], [1, True], [[]], {}, {"a": 1}, {"": None}),
)


def value(schema: Any, rng: random.Random, wrong: float) -> Any:
    """Return something that the schema is likely to take, but for a share that is anything."""
    if rng.random() < wrong or not isinstance(schema, dict):
        return rng.choice(ODD)
    for keyword in ("oneOf", "anyOf", "allOf"):
        if keyword in schema:
            return value(rng.choice(schema[keyword]), rng, wrong)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema.get("type", "string")
    kind = rng.choice(kind) if isinstance(kind, list) else kind
    if kind == "object":
        known = schema.get("properties", {})
        needed = schema.get("required", ())
        made = {
            name: value(inner, rng, wrong)
            for name, inner in known.items()
            if (name in needed and rng.random() > wrong) or rng.random() < 0.3
        }
        if rng.random() < wrong + 0.1 * ("patternProperties" in schema):
            made[rng.choice(("x", "a b", "", "\u00e9", "k" * 300))] = rng.choice(ODD)
        return made
    if kind == "array":
        return [value(schema.get("items", {}), rng, wrong) for _ in range(rng.randint(0, 2))]
    return rng.choice(ODD)


@pytest.mark.parametrize("wrong", [0.0, 0.02, 0.2])
def test_it_agrees_with_jsonschema(wrong: float) -> None:
    rng = random.Random(f"quick {wrong}")
    told = {True: 0, False: 0, None: 0}
    for name, schema in SCHEMAS:
        for _ in range(20):
            instance = value(schema.document, rng, wrong)
            quickly = schema.quickly(instance)
            told[quickly] += 1
            if quickly is not None:
                assert quickly == (schema.error(instance) is None), (name, instance)
    assert min(told[True], told[False]) > 300
    assert told[None] < (told[True] + told[False]) / 10


def test_an_ordinary_creation_needs_no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    uid = "11111111-2222-4333-8444-555555555555"
    server = {"name": "a", "imageRef": uid, "flavorRef": "1", "networks": [{"uuid": uid}], "metadata": {"a": "b"}}
    schema = schemas.CREATE.at(53)
    assert schema is not None
    monkeypatch.setattr(Schema, "error", lambda *_: pytest.fail("jsonschema was asked"))
    assert schema.body_fault({"server": server}) is None


@pytest.mark.parametrize(
    "document",
    [{"dependencies": {"a": ["b"]}}, {"items": [{"type": "string"}]}, {"type": "any"}, {"$ref": "#/definitions/a"}],
)
def test_a_schema_with_other_keywords_is_left_to_jsonschema(document: dict[str, Any]) -> None:
    assert Schema(document | {"definitions": {"a": {}}}).quickly({}) is None


@pytest.mark.parametrize("instance", [1, 1.0, [], {}])
def test_what_equals_what_is_left_to_jsonschema(instance: object) -> None:
    schema = Schema({"enum": [True, "a", 1]})
    assert schema.quickly(instance) is None
    assert schema.quickly(True) is True
    assert (schema.body_fault(1), schema.body_fault(1.0)) == (None, None)
