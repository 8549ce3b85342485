"""What of the upgrade needs no processes: rows of forms, the rewriting, and the stores that must stay readable."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest
from tests.model.sample import document
from tests.support.checks import everything
from tests.upgrade import fixtures, forms
from tests.upgrade.present import difference, settled

from gurum.model import codec
from gurum.model.server import Server
from gurum.store.sqlite import SqliteJournal, SqliteStore


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "UPCASTERS", dict(codec.UPCASTERS))
    forms.register()


def _counts(path: Path) -> dict[str, int]:
    with sqlite3.connect(path) as connection:
        found = dict(connection.execute("SELECT kind, count(*) FROM objects GROUP BY kind").fetchall())
    connection.close()
    return found


def test_every_kind_has_a_previous_form() -> None:
    assert forms.FORMS.keys() == codec.KINDS.keys()


@pytest.mark.parametrize("name", sorted(forms.FORMS))
def test_a_previous_form_differs_by_a_name_and_by_what_is_missing(name: str) -> None:
    form, current = forms.FORMS[name], document(codec.KINDS[name])
    form_less = forms.Form(renamed=form.renamed, missing=form.missing)  # a sample's strings have no shape to change
    old = form_less.down(current)
    for path, word in form.renamed.items():
        assert _at(current, path) == _at(old, f"{path.rpartition('.')[0]}.{word}")
        assert _at(old, path) is None
    for path in form.missing:
        assert _at(current, path) is not None
        assert _at(old, path) is None
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(_without(old, "metadata"), codec.KINDS[name])
    assert form.renamed
    assert form.missing


def _at(document_: codec.Document, path: str) -> object:
    found: object = document_
    for word in path.split("."):
        found = found.get(word) if isinstance(found, dict) else None
    return found


def _without(document_: codec.Document, key: str) -> codec.Document:
    return {name: value for name, value in document_.items() if name != key}


@pytest.mark.parametrize("fixture", fixtures.frozen(), ids=lambda path: path.stem)
async def test_a_store_of_an_earlier_release_is_read(fixture: Path, tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    fixtures.thaw(fixture, path)
    stored = _counts(path)
    store = await SqliteStore.open(path)
    try:
        read = {name: len(await everything(store, codec.KINDS[name])) for name in stored}
        journal = await SqliteJournal(store.database).read()
    finally:
        await store.close()
    assert read == stored
    assert len(stored) >= 17
    assert journal


def test_the_first_schema_is_frozen() -> None:
    assert "schema-1" in [path.stem for path in fixtures.frozen()]


async def test_a_rewritten_store_reads_the_same(registered: None, tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    fixtures.thaw(fixtures.HERE / "schema-1.sql", path)
    store = await SqliteStore.open(path)
    before = {name: await everything(store, kind) for name, kind in codec.KINDS.items()}
    await store.close()
    # Of the kinds that came later than the frozen store there is nothing to rewrite.
    assert forms.rewrite(f"sqlite:///{path}") == {name: len(found) for name, found in before.items() if found}
    store = await SqliteStore.open(path)
    try:
        after = {name: await everything(store, kind) for name, kind in codec.KINDS.items()}
        # What is written from now on is of the current schema.
        server = after["Server"][0]
        assert isinstance(server, Server)
        server.spec.name = "renamed"
        await store.update_spec(server)
    finally:
        await store.close()
    assert after["Port"] == before["Port"]
    assert {name: found for name, found in after.items() if name != "Server"} == {
        name: found for name, found in before.items() if name != "Server"
    }
    with sqlite3.connect(path) as connection:
        query = "SELECT schema FROM objects WHERE kind = 'Server' AND id = ?"
        assert connection.execute(query, (server.id,)).fetchone() == (Server.version,)
    connection.close()


def test_without_its_upcaster_an_old_document_is_not_understood(tmp_path: Path) -> None:
    old = forms.FORMS["Server"].down(document(Server))
    with pytest.raises(KeyError):
        codec.decode("Server", msgspec.json.encode(old), forms.previous("Server"))


def test_a_form_that_loses_something_is_refused(
    registered: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "store.sqlite"
    fixtures.thaw(fixtures.HERE / "schema-1.sql", path)
    careless = forms.Form(renamed={}, missing={"spec.name": lambda _: "lost"})
    monkeypatch.setitem(forms.FORMS, "Server", careless)
    monkeypatch.setitem(codec.UPCASTERS, ("Server", forms.previous("Server")), careless.up)
    with pytest.raises(ValueError, match="loses something of"):
        forms.rewrite(f"sqlite:///{path}")


def test_adifference_is_found_and_the_server_in_motion_is_not_one() -> None:
    assert difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}) == "$.a[1].b was 2 and is 3"
    assert difference({"a": [1]}, {"a": [1, 2]})
    assert not difference({"a": [1]}, {"a": [1]})
    rest = {"name": "n", "flavor": 1, "image": 2, "metadata": {}, "key_name": "k"}
    then, now = ({"servers": [{"id": "x", "status": word, **rest}]} for word in ("BUILD", "ACTIVE"))
    assert not difference(settled(then, "x"), settled(now, "x"))
    assert difference(settled(then, "y"), settled(now, "y"))
