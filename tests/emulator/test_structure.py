"""Promises about the emulator's own tables and code."""

import ast
from pathlib import Path

import pytest

import aws_emulator
from aws_emulator import RULES, Config
from aws_emulator.actions import ACTIONS
from aws_emulator.lifecycle.timers import TIMERS
from aws_emulator.state.kinds import KINDS
from aws_emulator.wire.model import operation

SOURCE = Path(aws_emulator.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("key", ACTIONS)
def test_an_action_accepts_only_what_the_model_has(key: tuple[str, str]) -> None:
    action, model = ACTIONS[key], operation(*key)
    assert model is not None
    members = model.input_shape.members if model.input_shape else {}
    for name in action.accepts.split():
        top, _, below = name.partition(".")
        assert top in members
        if below:
            shape = members[top]
            shape = shape.member if shape.type_name == "list" else shape
            assert below in shape.members
    if model.input_shape:
        assert set(model.input_shape.required_members) <= {n.partition(".")[0] for n in action.accepts.split()}
    assert ("ClientToken" in action.accepts.split()) == (action.again is not None)


def test_every_action_with_a_token_in_the_model_honours_it() -> None:
    for key, action in ACTIONS.items():
        shape = operation(*key).input_shape  # type: ignore[union-attr]  # every action is in the model
        if shape and "ClientToken" in shape.members:
            assert action.again is not None, key


def test_every_rule_that_code_names_is_in_the_table_and_the_reverse() -> None:
    named = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "refuse":
                for constant in ast.walk(node.args[0]):
                    if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                        named.add(constant.value)
    generated = {f"{kind}.{end}" for kind in KINDS for end in ("malformed", "not-found")}
    unused = {name for name in RULES if name not in named and name not in generated}
    assert not unused
    assert not {name for name in named if "." in name and not name.startswith(".")} - set(RULES)


def test_the_emulator_stands_alone() -> None:
    allowed = {"aiohttp", "aws_emulator", "botocore", "joserfc", "msgspec"}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                assert top in allowed or top in _standard(), f"{path.name} imports {name}"


def _standard() -> frozenset[str]:
    import sys

    return sys.stdlib_module_names


def test_timers_belong_to_kinds() -> None:
    assert set(TIMERS) <= set(KINDS)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown field"):
        Config().patched({"quotas": {"vpc": 1}})


def test_a_patch_merges_and_removes() -> None:
    changed = Config().patched({"accounts": {"AKIANEW": "999900001111"}})
    assert len(changed.accounts) == 2
    assert changed.patched({"accounts": {"AKIANEW": None}}) == Config()
    assert changed.quotas == Config().quotas
