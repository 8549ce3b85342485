"""Engine tests log nothing: what a controller says of itself is asserted through status and the ledger."""

import pytest
import structlog


@pytest.fixture(autouse=True)
def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
