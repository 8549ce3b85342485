"""The other values of an upgrade: something more and something otherwise of everything that is seeded."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml
from tests.chart import upgrade
from tests.chart.site import HASTE

from gurum.engine.seed import objects
from gurum.ops.config import RegionConfig, shipped

Document = dict[str, Any]


@pytest.fixture
def values() -> Document:
    """Give what the chart is told of the shipped configuration's regions."""
    document = yaml.safe_load((shipped() / "config" / "gurum.yaml").read_text())
    return {"config": {"engine": HASTE, "regions": document["regions"]}}


def seeded(values: Document) -> dict[tuple[str, str], str]:
    """Return what an engine makes of the values: kind and id, and the digest by which it knows a change."""
    regions = msgspec.convert(values["config"]["regions"], list[RegionConfig])
    found = [one for region in regions for one in objects(region)]
    return {(one.kind, one.id): one.metadata.labels["seeded"] for one in found}


def test_every_seeded_kind_is_made_and_changed(values: Document) -> None:
    before, once = seeded(values), seeded(upgrade.changed(values, 1))
    made = {kind for kind, id_ in once.keys() - before.keys()}
    altered = {key[0] for key in before if once[key] != before[key]}
    assert made == {"Flavor", "Image", "Network", "Subnet"}
    assert altered == {"Flavor", "Image", "Region"}
    twice = seeded(upgrade.changed(upgrade.changed(values, 1), 2))
    assert {kind for kind, id_ in twice.keys() - once.keys()} == made
    assert {key[0] for key in once if twice[key] != once[key]} == altered


def test_an_account_serves_whom_it_is_told(values: Document) -> None:
    before, after = seeded(values), seeded(upgrade.serving(values, "p", "1"))
    assert {key[0] for key in before if after[key] != before[key]} == {"Account"}
    assert values["config"]["regions"][1]["aws"]["accounts"][0].get("projects") is None
