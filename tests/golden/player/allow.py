"""The allow list: differences that belong to the recording, not to the cloud under test.

A recorded flavor has the recorded lab's size, and its newest microversion is the lab's. Rules are shell patterns
and so hide whatever else goes wrong where they match; they may only speak of the recording. Anything a region
itself does differently needs a row, which names one place (`rows`).
"""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path
from typing import Any

import msgspec
import yaml
from tests.golden.player.model import CLASSES, Class, Difference

DEFAULT = Path(__file__).parent.parent / "allow.yaml"


class AllowError(Exception):
    """The allow list is not in its format."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is allowed: patterns of scenario, step and path, classes of difference, and why."""

    why: str
    paths: list[str]
    scenario: str = "*"
    step: str = "*"
    classes: tuple[Class, ...] = CLASSES


class AllowList:
    """Says whether a difference is allowed. List indexes in paths and patterns are `[*]`."""

    def __init__(self, rules: list[Rule]) -> None:
        self._rules = [
            (
                _matcher([rule.scenario]),
                _matcher([rule.step]),
                _matcher(rule.paths),
                frozenset(rule.classes),
                rule,
            )
            for rule in rules
        ]

    def rule(self, scenario: str, step: str, kind: Class, path: str) -> Rule | None:
        """The first rule that allows a difference of this class at this place."""
        place = general(path.split(" ")[0])
        for scenarios, steps, paths, classes, rule in self._rules:
            if kind in classes and paths.match(place) and scenarios.match(scenario) and steps.match(step):
                return rule
        return None

    def allows(self, scenario: str, step: str, difference: Difference) -> bool:
        """Whether any rule allows this difference."""
        return self.rule(scenario, step, difference.kind, difference.path) is not None


def general(path: str) -> str:
    """A path with every list index as `[*]`."""
    return re.sub(r"\[\d+\]", "[*]", path)


def load(path: Path) -> AllowList:
    """The allow list of a file: `rules`, each with `why`."""
    document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return AllowList(msgspec.convert(document["rules"], list[Rule]))
    except (msgspec.ValidationError, KeyError, TypeError) as error:
        raise AllowError(f"{path.name}: {error}") from error


def _matcher(globs: list[str]) -> re.Pattern[str]:
    """Shell patterns, any of which may match; `[*]` in them is an index and not a set of characters."""
    return re.compile("|".join(fnmatch.translate(g.replace("[*]", "[[]*]")) for g in globs))
