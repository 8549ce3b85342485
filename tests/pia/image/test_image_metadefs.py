"""Metadata definitions: none, told so that clients which build their models from schemas can read it."""

from __future__ import annotations

import jsonschema
import pytest
from tests.pia.image.test_image_list import call, image_kit


@pytest.mark.parametrize(
    ("path", "collection"), [("namespaces?resource_type=OS::Nova::Server", "namespaces"), ("resource_types",) * 2]
)
async def test_lists_are_empty_and_as_their_schemas_say(path: str, collection: str) -> None:
    kit = await image_kit()
    answer = await call(kit, f"/metadefs/{path}")
    assert (answer.status, answer.json[collection]) == (200, [])
    schema = (await call(kit, f"/schemas/metadefs/{collection}")).json
    jsonschema.validate(answer.json, schema)
    assert set(answer.json) <= set(schema["properties"])


@pytest.mark.parametrize("noun", ["namespace", "resource_type"])
async def test_an_item_has_the_schema_that_its_list_has_within(noun: str) -> None:
    kit = await image_kit()
    item = (await call(kit, f"/schemas/metadefs/{noun}")).json
    listed = (await call(kit, f"/schemas/metadefs/{noun}s")).json
    assert item["name"] == noun
    assert listed["properties"][f"{noun}s"]["items"] == item


async def test_an_unknown_schema() -> None:
    assert (await call(await image_kit(), "/schemas/metadefs/nothing")).status == 404
