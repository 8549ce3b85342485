"""What a process is put together of: the store with its backups, tokens as the configuration says."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.pia import POLICY, ManualClock, ask

from gurum.model.base import Metadata, new_id
from gurum.model.compute import Flavor, FlavorSpec
from gurum.ops.config import Config, RegionConfig, load
from gurum.pia import assembly
from gurum.pia.services import SERVICES
from gurum.store.cache import Cache
from gurum.store.contract import UnavailableError
from gurum.store.memory import MemoryJournal, MemoryStore


def configured(directory: Path, **identity: Any) -> Config:
    password = directory / "password"
    password.write_text("x")
    password.chmod(0o600)
    document = {
        "state": str(directory),
        "store": {"url": "memory:"},
        "policy": {"bundle": str(POLICY)},
        "identity": {"url": "http://127.0.0.1:1/v3", "service_password_file": str(password), **identity},
        "regions": [{"name": "kakao-usa-east1", "provider": "simulated", "port": 0}],
    }
    path = directory / "gurum.yaml"
    path.write_text(json.dumps(document))
    return load(path, {})


async def test_a_migration_is_preceded_by_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    async def opened(*_: Any, **options: Any) -> Any:
        asked.update(options)
        raise UnavailableError("no further")

    monkeypatch.setattr(assembly, "open_store", opened)
    with pytest.raises(UnavailableError, match="no further"):
        async with assembly.assemble(configured(tmp_path), SERVICES, ManualClock()):
            pass
    assert asked == {"writer": "gurum-pia", "backup_to": tmp_path / "backups"}


async def test_revocations_may_be_asked_for_as_seldom_as_one_likes(tmp_path: Path) -> None:
    config = configured(tmp_path, revocation_poll_seconds=60.0)
    async with assembly.assemble(config, SERVICES, ManualClock()) as assembled:
        app = assembled.app(config.regions[0], "http://127.0.0.1")
        reason = unasked = "Keystone has not been asked yet"
        async with asyncio.timeout(30):
            while reason == unasked:
                reason = (await ask(app, "GET", "/readyz", b"", {})).json["missing"]["identity"]
                await asyncio.sleep(0.01)
    assert "127.0.0.1:1" in reason  # it got as far as Keystone


@pytest.mark.parametrize("served", [("kakao-usa-east1",), ("kakao-usa-east1", "kr-central-1"), ()])
async def test_a_process_keeps_what_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: tuple[str, ...]
) -> None:
    names = ("kakao-usa-east1", "kr-central-1")
    regions = [RegionConfig(name=name, provider="simulated", port=0) for name in names]
    config = msgspec.structs.replace(configured(tmp_path), regions=regions)
    store, caches, clock = MemoryStore(), list[Cache](), ManualClock()

    async def opened(*_: Any, **__: Any) -> Any:
        return store, MemoryJournal()

    def cache(*words: Any, **more: Any) -> Cache:
        caches.append(Cache(*words, **more))
        return caches[-1]

    def one(name: str) -> Flavor:
        spec = FlavorSpec(name="x", vcpus=1, ram=512, disk=1, flavorid="1")
        return Flavor(metadata=Metadata(id=new_id(), key=f"{name}/{new_id()}", region=name), spec=spec)

    monkeypatch.setattr(assembly, "open_store", opened)
    monkeypatch.setattr(assembly, "Cache", cache)
    before = {name: await store.create(one(name)) for name in names}
    async with assembly.assemble(config, SERVICES, clock, [config.region(name) for name in served]):
        after = {name: await store.create(one(name)) for name in names}
        await caches[0].fresh(Flavor)
        for made in (before, after):
            kept = {name for name, flavor in made.items() if caches[0].get(Flavor, flavor.id) is not None}
            assert kept == set(served or names)
