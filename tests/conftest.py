"""What tests of several areas share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from tests.support import backend, cluster, kubernetes, opa, postgresql
from tests.support.missing import Missing

from gurum.supervisor.kubernetes.plane import ControlPlane

_without = (Missing("a real Kubernetes", kubernetes.why), Missing("a real OPA", opa.why))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a real part where that cannot be had."""
    for missing in _without:
        missing.leave_out(config, items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so."""
    for missing in _without:
        missing.tell(terminalreporter)


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


@pytest.fixture(scope="session")
def kubernetes_server() -> Iterator[Path]:
    """Give an administrator's kubeconfig of a real cluster; it starts with the first test that wants it."""
    with kubernetes.server() as kubeconfig:
        yield kubeconfig


@pytest.fixture(scope="session")
def kubernetes_url(kubernetes_server: Path) -> str:
    """Give the URL of a store in a real cluster that has the kinds; each test empties what it filled."""
    return cluster.prepared(kubernetes_server)


@pytest.fixture
def kubernetes_plane() -> Iterator[ControlPlane]:
    """Give a control plane of a test's own, whose parts it may kill; etcd waits for the disk."""
    with kubernetes.control_plane(durable=True) as plane:
        yield plane


@pytest.fixture(params=["sqlite", "postgresql", pytest.param("kubernetes", marks=pytest.mark.kubernetes)])
async def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Give the URL of an empty store that several processes may open, on each backend that has such."""
    if request.param == "kubernetes":
        place = request.getfixturevalue("kubernetes_url")
        async with cluster.cluster(place, tmp_path):
            yield f"{place}#sqlite:///{tmp_path / 'journal.db'}"
    elif request.param == "postgresql":
        yield request.getfixturevalue("postgresql_url")
    else:
        yield f"sqlite:///{tmp_path / 'store.db'}"
