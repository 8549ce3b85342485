"""`gurum accounts`: the mapping is what the engine goes by, and cannot split a project that has something."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gurum.cli.accounts import accounts, serving
from gurum.cli.command import Surroundings
from gurum.cli.main import main
from gurum.engine import seed
from gurum.engine.view import KINDS, EngineView
from gurum.model.base import External, Intent, Metadata, new_id
from gurum.model.network import Network, NetworkSpec
from gurum.ops.clock import SystemClock
from gurum.ops.config import StoreConfig, load
from gurum.store.cache import Cache
from gurum.store.contract import Store
from gurum.store.factory import open_store

AWS, DEFAULT, OTHER, THIRD = "kakao-usa-east1", "111111111111", "222222222222", "333333333333"
A, B = "a" * 32, "b" * 32
CONFIG = f"""\
store: {{url: 'sqlite:///${{state}}/s.sqlite'}}
regions:
- name: {AWS}
  provider: aws
  port: 0
  aws:
    accounts:
    - {{number: '{DEFAULT}', credentials_file: none}}
    - {{number: '{OTHER}', credentials_file: none, projects: ['{"c" * 32}']}}
    - {{number: '{THIRD}', credentials_file: none, projects: ['-']}}
"""


def _with(state: Path, work: Callable[[Store], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        store, journal = await open_store(StoreConfig(url=f"sqlite:///{state}/s.sqlite"))
        try:
            return await work(store)
        finally:
            await journal.close()
            await store.close()

    return asyncio.run(run())


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A store that an engine has seeded."""
    (tmp_path / "gurum.yaml").write_text(CONFIG)
    region = load(tmp_path / "gurum.yaml", {}, state=tmp_path).region(AWS)
    _with(tmp_path, lambda store: seed.seed(store, region, SystemClock()))
    return tmp_path


def _gurum(state: Path, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main(["accounts", *words, "--state", str(state)], Surroundings({}, out, err)), out.getvalue(), err.getvalue()


def _listed(state: Path) -> dict[str, tuple[bool, list[str], int]]:
    status, out, _ = _gurum(state, "list", "-f", "json")
    assert status == 0
    return {one["account"]: (one["default"], one["projects"], one["objects"]) for one in json.loads(out)}


def _network(account: str, project: str, *, made: bool) -> Callable[[Store], Awaitable[None]]:
    async def work(store: Store) -> None:
        metadata = Metadata(id=new_id(), key=new_id(), region=AWS, project=project, account=account)
        network = await store.create(Network(metadata=metadata, spec=NetworkSpec(name="n")))
        where = External(provider="aws", partition="aws", account=account, region="us-east-1", id="vpc-1")
        network.status.intents["vpc"] = Intent(step="vpc", state="done" if made else "gone", external=where)
        network.metadata.account = account
        await store.update_status(network)

    return work


async def _place(store: Store, project: str) -> str:
    """Return where the engine would make something of the project's."""
    cache = Cache(store, KINDS, clock=SystemClock())
    await cache.start()
    metadata = Metadata(id="x", key="x", region=AWS, project=project)
    try:
        return EngineView(cache).place(Network(metadata=metadata, spec=NetworkSpec(name="n"))).account
    finally:
        await cache.stop()


def test_the_engine_goes_by_the_mapping(state: Path) -> None:
    assert _listed(state) == {DEFAULT: (True, [], 0), OTHER: (False, ["c" * 32], 0), THIRD: (False, [], 0)}
    assert _gurum(state, "map", A, OTHER)[1] == f"{A} uses account {OTHER}\n"
    assert _gurum(state, "map", B, THIRD)[0] == 0
    for project, account in ((A, OTHER), (B, THIRD), ("d" * 32, DEFAULT)):
        assert _with(state, lambda store, project=project: _place(store, project)) == account  # type: ignore[misc]
        assert _with(state, lambda store, project=project: _serving(store, project)) == account  # type: ignore[misc]
    assert _gurum(state, "map", A, THIRD)[0] == 0  # it has nothing yet
    assert _listed(state)[THIRD][1] == [B, A]
    # The last one that leaves does not make the account everybody's.
    assert _gurum(state, "unmap", A)[1] == f"{A} uses account {DEFAULT} (the default)\n"
    assert _gurum(state, "unmap", B)[0] == 0
    assert _listed(state) == {DEFAULT: (True, [], 0), OTHER: (False, ["c" * 32], 0), THIRD: (False, [], 0)}


async def _serving(store: Store, project: str) -> str:
    return serving(project, await accounts(store, AWS))


def test_a_mapping_survives_the_engine_s_start(state: Path) -> None:
    _gurum(state, "map", A, OTHER)
    region = load(state / "gurum.yaml", {}, state=state).region(AWS)
    _with(state, lambda store: seed.seed(store, region, SystemClock()))
    assert _listed(state)[OTHER][1] == ["c" * 32, A]


def test_a_project_that_has_something_stays_where_it_is(state: Path) -> None:
    _with(state, _network(DEFAULT, A, made=True))
    status, out, err = _gurum(state, "map", A, OTHER)
    assert (status, out) == (1, "")
    assert err == (
        f"gurum: the project has 1 Network in account {DEFAULT}; delete them first, for they would stay there and not"
        f" reach what is made in {OTHER}\n"
    )
    assert _listed(state)[DEFAULT] == (True, [], 1)
    assert _listed(state)[OTHER][1] == ["c" * 32]
    assert _gurum(state, "map", A, DEFAULT)[0] == 0  # where it is already
    _with(state, _network(DEFAULT, B, made=False))
    assert _gurum(state, "map", B, OTHER)[0] == 0  # what it had is gone


def test_what_is_unknown_is_refused(state: Path) -> None:
    assert f"no account 9; it has {DEFAULT}, {OTHER}, {THIRD}" in _gurum(state, "map", A, "9")[2]
    assert "is not the id of a project" in _gurum(state, "map", "demo", OTHER)[2]
    (state / "s.sqlite").unlink()
    assert "there is no store" in _gurum(state, "list")[2]
