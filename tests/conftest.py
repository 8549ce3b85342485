"""What tests of several areas share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from tests.support import backend, postgresql


@pytest.fixture(scope="session", autouse=True)
def _chosen_store() -> Iterator[None]:
    with backend.available():
        yield


@pytest.fixture(autouse=True)
def _logs_unconfigured() -> None:
    """Logging is configured for a whole process: what one test (or a fixture of many) silences, the next may read."""
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgresql_admin() -> Iterator[postgresql.Admin]:
    """Give a connection to a PostgreSQL server; it starts with the first test that wants it."""
    with postgresql.server() as url, postgresql.administered(url) as admin:
        yield admin


@pytest.fixture(scope="session")
def _postgresql_schema(postgresql_admin: postgresql.Admin) -> Iterator[str]:
    with postgresql.schema(postgresql_admin) as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_admin: postgresql.Admin, _postgresql_schema: str) -> Iterator[str]:
    """Give the URL of an empty store."""
    yield _postgresql_schema
    postgresql.empty(postgresql_admin, _postgresql_schema)


@pytest.fixture
def postgresql_bare(postgresql_admin: postgresql.Admin) -> Iterator[str]:
    """Give the URL of a schema of one's own, without anything in it."""
    with postgresql.schema(postgresql_admin) as url:
        yield url
