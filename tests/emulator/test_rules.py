"""Every row of the table of refusals is met, with its code and its status."""

import fnmatch
import re
from contextlib import suppress

import pytest
from tests.emulator.cases import CASES
from tests.emulator.cloud import Cloud

from aws_emulator import RULES, Refusal
from aws_emulator.actions import ACTIONS


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_the_case_meets_the_rule(name: str) -> None:
    rule, case = RULES[name], CASES[name]
    cloud = Cloud(**case.config)
    with suppress(Refusal):
        case.run(cloud)
    last = cloud.emulator.ledger()[-1]
    assert (last["rule"], last["outcome"], last["status"]) == (name, rule.code, rule.status)


def test_rows_say_when_and_how_sure() -> None:
    names = [name for _, name in ACTIONS]
    for rule in RULES.values():
        assert rule.when
        assert rule.source
        assert rule.status in (400, 401, 403, 404, 409, 412, 500, 503)
        assert re.fullmatch(r"[A-Za-z.]+", rule.code)
        for action in rule.actions.split(", "):
            assert fnmatch.filter(names, action), rule
