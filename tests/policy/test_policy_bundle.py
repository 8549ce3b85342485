"""A bundle is read whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from gurum.policy.bundle import BundleError, BundleSource, read_bundle
from gurum.policy.table import actions, plain_attributes, views

REGO = "package gurum.authz\nimport rego.v1\ndecision := 1\n"


def _files(tmp_path: Path, **files: str) -> Path:
    for name, text in ({"authz.rego": REGO} | files).items():
        path = tmp_path / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_data_lies_under_its_directory(tmp_path: Path) -> None:
    path = _files(
        tmp_path, **{"data.json": '{"x": 1, "a": {"w": 0}}', "a__data.json": '{"y": 2}', "a__b__data.json": '{"z": 3}'}
    )
    source = read_bundle(path)
    assert source.data == {"x": 1, "a": {"w": 0, "y": 2, "b": {"z": 3}}}
    assert [module.path for module in source.modules] == ["authz.rego"]


def test_the_revision_names_what_decides(tmp_path: Path) -> None:
    path = _files(tmp_path, **{"a__data.json": '{"y": 2}'})
    first = read_bundle(path).revision
    assert read_bundle(path).revision == first
    assert read_bundle(_files(tmp_path, **{"x_test.rego": REGO})).revision == first
    second = read_bundle(_files(tmp_path, **{"a__data.json": '{"y": 3}'})).revision
    third = read_bundle(_files(tmp_path, **{"authz.rego": REGO + "# more\n"})).revision
    assert len({first, second, third}) == 3


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a__data.json": "{"}, "a/data.json: "),
        ({"a__data.json": "[]"}, "a/data.json: Expected `object`"),
        ({"data.json": '{"a": 1}', "a__data.json": '{"y": 2}'}, "data.json: a is in another data.json too"),
        ({"data.json": '{"a": {"y": 1}}', "a__data.json": '{"y": 2}'}, "y is in another data.json too"),
        ({"authz.rego": "package a\nallow := true\n"}, "authz.rego:1: it does not import rego.v1"),
        ({"more.rego": REGO.replace("1\n", "opa.runtime()\n")}, "more.rego:3: the built-in opa.runtime"),
        ({"x_test.rego": REGO + "allow if x with input as 1\n"}, "x_test.rego:4: with makes"),
    ],
)
def test_unfit(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(BundleError) as refused:
        read_bundle(_files(tmp_path, **files))
    assert message in str(refused.value)


def test_every_finding_is_told_at_once(tmp_path: Path) -> None:
    path = _files(tmp_path, **{"a.rego": "package a\n", "b.rego": REGO + "c := time.now_ns()\n"})
    with pytest.raises(BundleError) as refused:
        read_bundle(path)
    assert len(str(refused.value).splitlines()) == 2


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no Rego module is there"):
        read_bundle(tmp_path)
    (tmp_path / "a.rego").write_bytes(b"\xff")
    with pytest.raises(BundleError, match="utf-8"):
        read_bundle(tmp_path)


def test_the_projects_table(source: BundleSource) -> None:
    """What the rows name is there: a name without anything behind it would hide objects or deny in silence."""
    rows, named, plain = actions(source), views(source), plain_attributes(source)
    roles, scopes = set(), set()
    for name, row in rows.items():
        service = name.split(":")[0]
        for view in (row.see, row.lists):
            assert view is None or view in named or f"{service}:{view}:show" in rows, name
        assert row.plain is None or row.plain in plain, name
        # An attribute is plain or has a row, not both.
        assert not set(row.attributes) & plain.get(row.plain or "", frozenset()), name
        assert set(row.reveals) <= set(row.attributes), name
        assert row.narrow in {None, "project", "user"}, name
        assert not (row.lists and row.see), name
        for allow in (row.allow, *(attribute.allow for attribute in row.attributes.values())):
            roles |= set(allow)
            scopes |= {scope for reach in allow.values() for scope in reach}
    assert roles == {"anyone", "reader", "member", "manager", "service", "admin"}
    text = next(module.text for module in source.modules if module.path.endswith("authz.rego"))
    assert [scope for scope in scopes if f'\tscope == "{scope}"\n' not in text] == []
    assert {name.split(":")[0] for name in rows} == {"compute", "network", "image"}
    assert not set(named) & {name.split(":")[1] for name in rows}


def test_a_misshapen_row(source: BundleSource) -> None:
    data = {"gurum": {"actions": {"compute": {"servers": {"show": {"rule": "x", "alow": {}}}}}}}
    with pytest.raises(BundleError, match=r"compute:servers:show: .*alow"):
        actions(BundleSource(source.modules, (), data, ""))
    with pytest.raises(BundleError, match=r"the data has no gurum\.views"):
        views(BundleSource(source.modules, (), data, ""))
