"""The project's own bundle, read and compiled once for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from gurum.policy.bundle import BundleSource, read_bundle
from gurum.policy.engine import EmbeddedDecisionPoint

BUNDLE = Path(__file__).parents[2] / "policy"


@pytest.fixture(scope="session")
def bundle_dir() -> Path:
    return BUNDLE


@pytest.fixture(scope="session")
def source() -> BundleSource:
    return read_bundle(BUNDLE)


@pytest.fixture(scope="session")
def engine() -> EmbeddedDecisionPoint:
    return EmbeddedDecisionPoint(BUNDLE)
