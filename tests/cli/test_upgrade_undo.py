"""One release back: what a newer release wrote is refused by the older one, and undone from the copy made before."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import pytest

from gurum.cli.command import Surroundings
from gurum.cli.main import main
from gurum.model import codec
from gurum.model.base import Metadata
from gurum.model.network import Network, NetworkSpec
from gurum.ops.clock import SystemClock
from gurum.ops.config import StoreConfig
from gurum.store import forms
from gurum.store.contract import NewerStoreError
from gurum.store.factory import open_store


def _gurum(state: Path, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main([*words, "--state", str(state)], Surroundings({}, out, err)), out.getvalue(), err.getvalue()


async def _life(state: Path, name: str) -> list[str]:
    """Be a process of the release: open as the engine does, make a network, return the names of all."""
    config = StoreConfig(url=f"sqlite:///{state}/s.sqlite")
    store, journal = await open_store(config, SystemClock(), backup_to=state / "backups")
    try:
        if name:
            await store.create(Network(metadata=Metadata(id=name, key=name), spec=NetworkSpec(name=name)))
        return sorted(network.spec.name for network in (await store.list(Network)).items)
    finally:
        await journal.close()
        await store.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "gurum.yaml").write_text("store: {url: 'sqlite:///${state}/s.sqlite'}\n")
    return tmp_path


def test_back_to_the_release_before(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asyncio.run(_life(state, "before")) == ["before"]
    assert forms.copies(state / "backups") == []  # nothing was replaced
    with monkeypatch.context() as newer:
        newer.setattr(codec.KINDS["Network"], "version", 2)
        newer.setitem(codec.UPCASTERS, ("Network", 1), lambda document: document)
        assert asyncio.run(_life(state, "after")) == ["after", "before"]
        assert asyncio.run(_life(state, "later")) == ["after", "before", "later"]
        [copy] = forms.copies(state / "backups")  # once, and before the first write
    with pytest.raises(NewerStoreError, match="gurum upgrade undo"):
        asyncio.run(_life(state, ""))
    [listed] = json.loads(_gurum(state, "upgrade", "list", "-f", "json")[1])
    assert (listed["copy"], listed["readable by this release"]) == (copy.file, "true")
    status, out, err = _gurum(state, "upgrade", "undo")
    assert (status, err) == (0, "")
    assert "gurum cleanup --orphans" in out
    assert asyncio.run(_life(state, "")) == ["before"]
    assert list((state / "backups").glob("s.sqlite.undone-*"))
    # Forward again: another copy, and nothing of the first time is in the way.
    with monkeypatch.context() as newer:
        newer.setattr(codec.KINDS["Network"], "version", 2)
        newer.setitem(codec.UPCASTERS, ("Network", 1), lambda document: document)
        assert asyncio.run(_life(state, "again")) == ["again", "before"]


def test_a_newer_copy_is_none_for_an_older_release(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(codec.KINDS["Network"], "version", 2)
        asyncio.run(_life(state, "a"))
        newer.setattr(codec.KINDS["Network"], "version", 3)
        newer.setitem(codec.UPCASTERS, ("Network", 2), lambda document: document)
        asyncio.run(_life(state, "b"))
    status, _, err = _gurum(state, "upgrade", "undo")
    assert (status, "no copy that this release could read" in err) == (1, True)


def test_the_same_release_makes_no_copies(state: Path) -> None:
    for name in ("a", "b"):
        asyncio.run(_life(state, name))
    assert forms.copies(state / "backups") == []
    assert _gurum(state, "upgrade", "list")[1] == "No release has replaced another here.\n"


def test_a_few_copies_are_kept(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(_life(state, "a"))
    for version in range(2, 8):
        monkeypatch.setattr(codec.KINDS["Network"], "version", version)
        forms.keep(state / "s.sqlite", state / "backups", now=1000.0 * version)
    assert [copy.taken_at for copy in forms.copies(state / "backups")] == [7000.0, 6000.0, 5000.0]
