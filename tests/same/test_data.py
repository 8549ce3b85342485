"""The script and the rows are data, so what code would be told by its compiler they are told here."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.same import rows, steps
from tests.same.steps import ScriptError, Step

DISCOVERED = {"run", "region", "project", "dir", "image", "flavor", "external"}
PEOPLE = {"", "reader", "other"}


def test_every_variable_is_discovered_or_saved_by_an_earlier_step() -> None:
    known = set(DISCOVERED)
    for step in steps.read():
        assert step.variables() <= known, step.name
        assert step.as_ in PEOPLE
        known |= step.save.keys()


def test_there_are_enough_calls_right_and_wrong_of_both_clients() -> None:
    script = steps.read()
    assert sum(bool(step.openstack) for step in script) >= 60
    assert sum(bool(step.sdk) for step in script) >= 30
    assert any(step.stock for step in script)


@pytest.mark.filterwarnings("ignore:'cgi' is deprecated")  # a library of the SDK imports it
def test_the_sdk_has_every_method_that_the_script_calls() -> None:
    import openstack.compute.v2._proxy as compute
    import openstack.image.v2._proxy as image
    import openstack.network.v2._proxy as network

    proxies = {"compute": compute.Proxy, "network": network.Proxy, "image": image.Proxy}
    for step in steps.read():
        if step.sdk:
            service, method = step.sdk.split(".")
            assert hasattr(proxies[service], method), step.name


def test_every_row_is_of_a_step() -> None:
    names = {step.name for step in steps.read()}
    for path in rows.DIRECTORY.glob("*.yaml"):
        assert rows.read(path).keys() <= names


@pytest.mark.parametrize(
    "text",
    [
        "- {name: x}",
        "- {name: x, openstack: a, sdk: b}",
        "- {name: x, openstack: a, gone: true}",
        "- {name: x, openstack: a, nonsense: 1}",
        "- {name: x, openstack: a}\n- {name: x, sdk: b}",
        "nonsense",
    ],
)
def test_a_script_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "10.yaml").write_text(text)
    with pytest.raises(ScriptError):
        steps.read(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "- {call: a, field: exit, rule: ' ', b: 1}",
        "- {call: a, field: '$.x[*]', rule: because, b: 1}",
        "- {call: a, field: exit, rule: because, b: 1}\n- {call: a, field: exit, rule: again, b: 2}",
        "- {call: a, field: exit}",
    ],
)
def test_rows_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.yaml"
    path.write_text(text)
    with pytest.raises(rows.RowError):
        rows.read(path)


def test_a_step_is_filled_word_by_word_and_a_missing_variable_named() -> None:
    step = Step(name="x", openstack="server create --name '{run} one' {id}")
    assert step.words({"run": "r", "id": "a b"}) == ["server", "create", "--name", "r one", "a b"]
    assert step.call({"run": "r", "id": "7"}) == "openstack server create --name 'r one' 7"
    with pytest.raises(ScriptError, match="`id`"):
        step.words({"run": "r"})
    call = Step(name="y", sdk="compute.get_server", args=["{id}"], kwargs={"deep": [{"x": "{run}"}]})
    assert call.call({"run": "r", "id": "7"}) == 'compute.get_server("7", deep=[{"x":"r"}])'
