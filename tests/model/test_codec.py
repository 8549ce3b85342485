"""The stored form: everything comes back, old forms are understood, newer ones refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.model.sample import document, fixture

from gurum.model import codec
from gurum.model.base import Resource

KINDS = sorted(codec.KINDS)
FORMS = [(name, schema) for name in KINDS for schema in range(1, codec.KINDS[name].version + 1)]


def sample(name: str) -> Resource:
    return msgspec.convert(document(codec.KINDS[name]), codec.KINDS[name])


@pytest.mark.parametrize("name", KINDS)
def test_every_field_of_every_kind_comes_back(name: str) -> None:
    obj = sample(name)
    data = codec.encode(obj)
    assert codec.decode(name, data, obj.schema) == obj
    assert msgspec.json.decode(data) == document(codec.KINDS[name])


@pytest.mark.parametrize("name", KINDS)
def test_a_copy_is_equal_and_shares_nothing(name: str) -> None:
    obj = sample(name)
    copied = codec.copy(obj)
    assert copied == obj
    copied.metadata.labels["new"] = "label"
    copied.metadata.finalizers.append("new")
    assert copied != obj
    assert obj == sample(name)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_known_by_its_name(name: str) -> None:
    assert codec.KINDS[name].kind == name == codec.KINDS[name].__name__


@pytest.mark.parametrize(("name", "schema"), FORMS)
def test_every_form_that_was_ever_stored_is_understood(name: str, schema: int) -> None:
    path = fixture(name, schema)
    assert path.exists(), f"{name} has no fixture of schema {schema}: run `python -m tests.model.sample` and commit it"
    obj = codec.decode(name, path.read_bytes(), schema)
    assert isinstance(obj, codec.KINDS[name])
    assert obj.schema == codec.KINDS[name].version


@pytest.mark.parametrize("name", KINDS)
def test_the_present_form_was_not_changed_in_place(name: str) -> None:
    """A field that was renamed or removed would be lost without a word from every object that is stored."""
    kind = codec.KINDS[name]
    stored = msgspec.json.decode(fixture(name, kind.version).read_bytes())
    again = msgspec.json.decode(codec.encode(codec.decode(name, msgspec.json.encode(stored), kind.version)))
    assert not _lost(stored, again), (
        f"raise the version of {name}, add an upcaster and a fixture of the new form"
        " (a form that was never released: delete its fixture and make it anew)"
    )


def _lost(old: Any, new: Any, path: str = "") -> list[str]:
    """Return the paths of what is in `old` and not in `new`."""
    if isinstance(old, dict):
        here = [f"{path}.{key}" for key in old if not isinstance(new, dict) or key not in new]
        return here + [
            lost
            for key, value in old.items()
            if isinstance(new, dict) and key in new
            for lost in _lost(value, new[key], f"{path}.{key}")
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [lost for n, value in enumerate(old) for lost in _lost(value, new[n], f"{path}[{n}]")]
    return [] if old == new else [path]


@pytest.mark.parametrize("name", KINDS)
def test_a_newer_form_is_refused(name: str) -> None:
    obj = sample(name)
    with pytest.raises(codec.NewerSchemaError, match=f"{name} was stored in schema"):
        codec.decode(name, codec.encode(obj), codec.KINDS[name].version + 1)


def test_every_step_between_two_forms_has_an_upcaster() -> None:
    steps = {(name, schema) for name, schema in FORMS if schema < codec.KINDS[name].version}
    assert set(codec.UPCASTERS) == steps


def test_an_old_form_goes_through_every_upcaster_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    old = msgspec.json.decode(codec.encode(sample("Network")))
    old["spec"]["title"] = old["spec"].pop("name")

    def first(document: codec.Document) -> codec.Document:
        document["spec"]["label"] = document["spec"].pop("title")
        return document

    def second(document: codec.Document) -> codec.Document:
        document["spec"]["name"] = document["spec"].pop("label") + ", upcast"
        return document

    monkeypatch.setattr(codec.KINDS["Network"], "version", 3)
    monkeypatch.setitem(codec.UPCASTERS, ("Network", 1), first)
    monkeypatch.setitem(codec.UPCASTERS, ("Network", 2), second)
    obj = codec.decode("Network", msgspec.json.encode(old), 1)
    assert obj.schema == 3
    assert isinstance(obj, codec.KINDS["Network"])
    assert msgspec.to_builtins(obj)["spec"]["name"].endswith(", upcast")
