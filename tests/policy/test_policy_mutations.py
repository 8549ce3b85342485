"""Would the bundle's tests notice? Every row of the table is changed, and a case about that row must fail.

A decision reads the row of its action (and, for who may see, one other row), so all rows are changed at once and each
is looked for among the failing cases about its own action: a compilation a kind of change instead of one a row.
Attributes are changed apart from the actions that they belong to. A sample is changed one by one as well.
"""

from __future__ import annotations

import copy
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from gurum.policy.answer import ENTRYPOINT
from gurum.policy.bundle import BundleSource
from gurum.policy.prepared import prepared
from gurum.policy.rego import compile_bundle, evaluate, strict_interpreter
from gurum.policy.testing import entrypoints_of_tests

Row = dict[str, Any]
Case = dict[str, Any]
Cases = Mapping[str, list[Case]]
EVERYBODY = {"anyone": ["any"]}


@pytest.fixture(scope="module")
def cases(source: BundleSource) -> Cases:
    """All cases of the bundle's tests by what they are about: the action, with its attribute after a blank."""
    names = [name for module in source.tests for name in entrypoints_of_tests(module)]
    bundle = compile_bundle(source, names, tests=True)
    interpreter = strict_interpreter()
    about: dict[str, list[Case]] = defaultdict(list)
    for name in names:
        value = evaluate(interpreter, bundle, name, {})
        for case in value if isinstance(value, list) else [value]:
            action = case["input"].get("action")
            attributes = (case["input"].get("target") or {}).get("attributes") or []
            if isinstance(action, str) and isinstance(attributes, list):
                about[" ".join(map(str, (action, *attributes)))].append(case)
    return about


def _rows(data: dict[str, Any], *, of_attributes: bool) -> Iterator[tuple[str, Row]]:
    for service, resources in data["gurum"]["actions"].items():
        for resource, verbs in resources.items():
            for verb, row in verbs.items():
                name = f"{service}:{resource}:{verb}"
                if not of_attributes:
                    yield name, row
                    continue
                for attribute, inner in row.get("attributes", {}).items():
                    yield f"{name} {attribute}", inner


def _unnoticed(
    source: BundleSource,
    cases: Cases,
    change: Callable[[Row], object],
    telling: Callable[[Case], bool],
    *,
    of_attributes: bool = False,
    only: frozenset[str] | None = None,
) -> tuple[list[str], int]:
    """Change all rows (or those in `only`); return those that no failing case is about, and how many were changed.

    telling: which cases the change could fail. They are decided up to the first that does.
    """
    data = copy.deepcopy(source.data)
    changed = []
    for name, row in _rows(data, of_attributes=of_attributes):
        before = copy.deepcopy(row)
        if only is None or name in only:
            change(row)
            if row != before:
                changed.append(name)
    data["gurum"]["prepared"] = prepared(replace(source, data=data))
    bundle = compile_bundle(replace(source, data=data), [ENTRYPOINT])
    interpreter = strict_interpreter()

    def noticed(name: str) -> bool:
        for case in filter(telling, cases[name]):
            decision = evaluate(interpreter, bundle, ENTRYPOINT, case["input"])
            if any(decision[key] != value for key, value in case["want"].items()):
                return True
        return False

    return [name for name in changed if not noticed(name)], len(changed)


def _nobody(row: Row) -> None:
    row["allow"] = {}


def _everybody(row: Row) -> None:
    row["allow"] = EVERYBODY


def _rename(row: Row) -> None:
    row["rule"] += "x"


def _without(key: str) -> Callable[[Row], object]:
    return lambda row: row.pop(key, None)


def _wants(key: str, value: object) -> Callable[[Case], bool]:
    return lambda case: case["want"].get(key, ...) == value


def _wants_rules(case: Case) -> bool:
    return "rules" in case["want"]


@pytest.mark.parametrize("of_attributes", [False, True])
def test_nobody_may(source: BundleSource, cases: Cases, of_attributes: bool) -> None:
    found = _unnoticed(source, cases, _nobody, _wants("allow", True), of_attributes=of_attributes)
    assert found == ([], 146 if of_attributes else 367)


def test_everybody_may(source: BundleSource, cases: Cases) -> None:
    unnoticed, changed = _unnoticed(source, cases, _everybody, _wants("allow", False))
    assert (unnoticed, changed > 300) == ([], True)


def test_everybody_may_write_an_attribute(source: BundleSource, cases: Cases) -> None:
    unnoticed, changed = _unnoticed(source, cases, _everybody, _wants("allow", False), of_attributes=True)
    # Not noticed is what changes nothing: whoever may act may write the attribute as well, before and after.
    rows = dict(_rows(source.data, of_attributes=False)) | dict(_rows(source.data, of_attributes=True))
    assert [name for name in unnoticed if not _implied(rows[name.split(" ")[0]], rows[name])] == []
    assert changed - len(unnoticed) > 80


def _implied(action: Row, attribute: Row) -> bool:
    return all(set(scopes) <= set(attribute["allow"].get(role, ())) for role, scopes in action["allow"].items())


@pytest.mark.parametrize("of_attributes", [False, True])
def test_another_name_of_the_rule(source: BundleSource, cases: Cases, of_attributes: bool) -> None:
    found = _unnoticed(source, cases, _rename, _wants_rules, of_attributes=of_attributes)
    assert found == ([], 147 if of_attributes else 367)


@pytest.mark.parametrize(
    ("key", "wanted", "value"),
    [("see", "visible", False), ("lists", "scopes", ...), ("plain", "denied", [])],
)
def test_without_a_field(source: BundleSource, cases: Cases, key: str, wanted: str, value: object) -> None:
    def telling(case: Case) -> bool:
        want = case["want"]
        plain = bool(case["input"].get("target", {}).get("attributes"))
        return (want.get(wanted) is not None if value is ... else want.get(wanted) == value) and (
            key != "plain" or plain
        )

    attribute = {f"{name}": name for name in cases}
    by_row: dict[str, list[Case]] = defaultdict(list)
    for name in attribute:
        by_row[name.split(" ")[0]] += cases[name]
    unnoticed, changed = _unnoticed(source, by_row, _without(key), telling)
    assert (unnoticed, changed > 20) == ([], True)


def test_lists_of_ones_own(source: BundleSource, cases: Cases) -> None:
    def telling(case: Case) -> bool:
        return case["want"].get("scopes") is not None and "admin" in case["input"]["principal"]["roles"]

    assert _unnoticed(source, cases, _without("narrow"), telling) == ([], 5)


def test_without_what_only_some_may_read(source: BundleSource, cases: Cases) -> None:
    unnoticed, changed = _unnoticed(source, cases, _without("reveals"), lambda case: bool(case["want"].get("reveals")))
    assert (unnoticed, changed) == ([], 6)


def test_who_may_see_is_another(source: BundleSource, cases: Cases) -> None:
    """Hidden from those who may see, and not act."""

    def hide(row: Row) -> None:
        if "see" in row:
            row["see"] = "nothing"

    def telling(case: Case) -> bool:
        return case["want"].get("visible") is True and case["want"].get("allow") is False

    unnoticed, changed = _unnoticed(source, cases, hide, telling)
    # Where all who may see may act, there is nobody to hide it from.
    assert [name for name in unnoticed if any(map(telling, cases[name]))] == []
    assert changed - len(unnoticed) > 100


def test_one_at_a_time(source: BundleSource, cases: Cases) -> None:
    names = sorted(name for name, _ in _rows(source.data, of_attributes=False))
    for name in random.Random(3).sample(names, 12):
        assert _unnoticed(source, cases, _rename, _wants_rules, only=frozenset({name})) == ([], 1)
        assert _unnoticed(source, cases, _nobody, _wants("allow", True), only=frozenset({name})) == ([], 1)
