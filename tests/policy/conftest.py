"""The project's own bundle, read and compiled once for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support import opa as real

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


@pytest.fixture(scope="session")
def opa() -> None:
    """Say that a test wants the real OPA; without one it is left out, and in CI it fails."""
    if missing := real.available():
        raise RuntimeError(f"there is no OPA: {missing}")
