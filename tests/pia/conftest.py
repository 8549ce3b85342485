"""What the APIs' tests have on any store: it is closed after each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.backend import STORES


@pytest.fixture(autouse=True)
async def _stores() -> AsyncIterator[None]:
    yield
    await STORES.close()
