"""`gurum backup` under load and `gurum restore`: whole, checked, private, and never over something."""

from __future__ import annotations

import asyncio
import io
import json
import stat
import tarfile
import threading
from pathlib import Path

import pytest

from gurum.cli.command import Surroundings
from gurum.cli.main import main
from gurum.model.base import Metadata, new_id
from gurum.model.engine import Restoration
from gurum.model.network import Network, NetworkSpec
from gurum.ops import secrets
from gurum.ops.config import StoreConfig
from gurum.store.contract import Record
from gurum.store.factory import open_store
from gurum.supervisor.lock import locked
from gurum.supervisor.places import Places

CONFIG = """\
store: {url: 'sqlite:///${state}/gurum.sqlite'}
engine: {token_key_file: '${state}/secrets/token-key'}
identity: {service_password_file: '${state}/secrets/gurum'}
"""


def _gurum(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main(words, Surroundings({}, out, err)), out.getvalue(), err.getvalue()


async def _write(url: str, until: threading.Event, begun: threading.Event) -> int:
    """Make an object and the journal's line of it, one after the other, until told to stop; return how many."""
    store, journal = await open_store(StoreConfig(url=url))
    count = 0
    while count < 20 or not until.is_set():
        id_ = new_id()
        await store.create(Network(metadata=Metadata(id=id_, key=id_), spec=NetworkSpec(name=str(count))))
        record = Record(at=1.0, type="event", kind="Network", object_id=id_, region="r", project="p", data=b"{}")
        await journal.append(record, unique="made")
        begun.set()
        count += 1
    await journal.close()
    await store.close()
    return count


async def _read(url: str) -> tuple[set[str], set[str], list[Restoration]]:
    store, journal = await open_store(StoreConfig(url=url))
    objects = {obj.id for obj in (await store.list(Network, limit=100_000)).items}
    lines = {record.object_id for record in await journal.read(limit=100_000)}
    restorations = (await store.list(Restoration)).items
    await journal.close()
    await store.close()
    return objects, lines, list(restorations)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = secrets.directory(tmp_path / "var")
    (state / "gurum.yaml").write_text(CONFIG)
    secrets.directory(state / "secrets")
    secrets.make(state / "secrets" / "token-key")
    secrets.make(state / "secrets" / "gurum")
    return state


def test_a_backup_under_load_is_of_one_instant(state: Path, tmp_path: Path) -> None:
    stop, begun, made = threading.Event(), threading.Event(), []
    url = f"sqlite:///{state}/gurum.sqlite"
    writer = threading.Thread(target=lambda: made.append(asyncio.run(_write(url, stop, begun))))
    writer.start()
    file = tmp_path / "b.gurum"
    assert begun.wait(60)
    try:
        for number in range(5):
            status, out, err = _gurum("backup", str(tmp_path / f"{number}"), "--state", str(state), "-f", "json")
            assert (status, err) == (0, "")
        status, out, err = _gurum("backup", str(file), "--state", str(state), "-f", "json")
    finally:
        stop.set()
        writer.join()
    assert (status, err) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(out)["objects"] <= made[0]
    for name in ("0", "4", "b.gurum"):
        other = tmp_path / f"restored-{name}"
        status, _, err = _gurum("restore", str(tmp_path / name), "--state", str(other))
        assert (status, err) == (0, "")
        objects, lines, [mark] = asyncio.run(_read(f"sqlite:///{other}/gurum.sqlite"))
        # Each line was written after its object: at one instant at most the last object has none yet.
        assert lines <= objects
        assert len(objects - lines) <= 1
        assert not mark.spec.settled
        assert mark.spec.restored_at > mark.spec.taken_at > 0
    assert (other / "secrets" / "token-key").read_text() == (state / "secrets" / "token-key").read_text()
    assert stat.S_IMODE((other / "gurum.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE((other / "secrets" / "token-key").stat().st_mode) == 0o600


@pytest.fixture
def file(state: Path, tmp_path: Path) -> Path:
    """A backup of a small state."""
    stop = threading.Event()
    stop.set()
    asyncio.run(_write(f"sqlite:///{state}/gurum.sqlite", stop, stop))
    assert _gurum("backup", str(tmp_path / "b"), "--state", str(state))[0] == 0
    return tmp_path / "b"


def test_nothing_is_replaced(state: Path, file: Path, tmp_path: Path) -> None:
    assert "never replaces a file" in _gurum("backup", str(file), "--state", str(state))[2]
    assert "restore into an empty state" in _gurum("restore", str(file), "--state", str(state))[2]
    other = secrets.directory(tmp_path / "other")
    secrets.directory(other / "secrets")
    secrets.make(other / "secrets" / "token-key")
    status, _, err = _gurum("restore", str(file), "--state", str(other))
    assert (status, "differs from the backup's" in err) == (1, True)
    assert not (other / "gurum.sqlite").exists()


def test_not_while_something_runs_there(file: Path, tmp_path: Path) -> None:
    other = secrets.directory(tmp_path / "other")
    with locked(Places(other).lock):
        status, _, err = _gurum("restore", str(file), "--state", str(other))
    assert (status, "another gurum" in err) == (1, True)
    assert _gurum("restore", str(file), "--state", str(other))[0] == 0


def test_a_restore_that_was_cut_off_is_run_again(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert _gurum("restore", str(file), "--state", str(other))[0] == 0
    (other / "gurum.sqlite").unlink()  # it comes last
    assert _gurum("restore", str(file), "--state", str(other))[0] == 0


def _without(file: Path, name: str) -> None:
    _rewrite(file, lambda entry, data: None if entry == name else data)


def _rewrite(file: Path, change: object) -> None:
    with tarfile.open(file, "r:gz") as tar:
        members = [(entry, tar.extractfile(entry).read()) for entry in tar]  # type: ignore[union-attr]  # all are files
    with tarfile.open(file, "w:gz") as tar:
        for entry, data in members:
            changed = change(entry.name, data)  # type: ignore[operator]  # a function of two
            if changed is not None:
                entry.size = len(changed)
                tar.addfile(entry, io.BytesIO(changed))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-100]), "damaged"),
        (lambda file: file.write_bytes(b"something else"), "damaged"),
        (lambda file: _without(file, "store"), "lacks store"),
        (lambda file: _without(file, "manifest.json"), "not a backup"),
        (
            lambda file: _rewrite(file, lambda name, data: data + b" " if name == "store" else data),
            "not what was written",
        ),
        (
            lambda file: _rewrite(
                file, lambda name, data: data.replace(b'"format":1', b'"format":9') if name == "manifest.json" else data
            ),
            "newer than this one",
        ),
    ],
)
def test_what_is_not_whole_is_refused_as_a_whole(file: Path, tmp_path: Path, damage: object, sentence: str) -> None:
    damage(file)  # type: ignore[operator]  # a function of the file
    other = tmp_path / "other"
    status, _, err = _gurum("restore", str(file), "--state", str(other))
    assert status == 1
    assert sentence in err
    assert sorted(path.name for path in other.iterdir()) == ["lock"]
