"""The tables of `docs/reference/emulator.md`: actions, rules, faults and configuration, from the emulator itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from tests.docs.markers import Parts, code, table

from aws_emulator import RULES
from aws_emulator.actions import ACTIONS
from aws_emulator.config import Config
from aws_emulator.faults import Kind
from aws_emulator.rules import row

# How sure a rule is, by where it comes from.
SURE = {
    row.OURS: "none: AWS knows no such thing",
    row.PRACTICE: "least: first to be checked on a real account",
}

# What a fault does to the call it strikes.
FAULTS = {
    "error": "an error answer of the code given; nothing is done",
    "status5xx": "a 5xx without EC2's envelope; nothing is done",
    "drop-before": "the connection is cut; nothing is done",
    "drop-after": "the connection is cut; the call **is** done",
    "delay": "the answer of a done call is held back",
    "capacity": "the zone has no room for the type",
    "launch-failure": "a pending instance terminates instead of running",
}


def parts() -> Parts:
    """Return every generated part of the page."""
    return {"actions": _actions(), "rules": _rules(), "faults": _faults(), "configuration": table(HEAD, _settings())}


def _actions() -> str:
    named = sorted(name for _, name in ACTIONS)
    return f"{len(named)} actions: {code(named)}."


def _rules() -> str:
    counts = Counter(rule.source for rule in RULES.values())
    rows = [(source, str(count), SURE.get(source, "AWS's own text")) for source, count in counts.most_common()]
    return f"{len(RULES)} rules.\n\n" + table(("source", "rules", "certainty"), rows)


def _faults() -> str:
    return table(("kind", "what happens"), [(f"`{kind}`", FAULTS[kind]) for kind in get_args(Kind)])


HEAD = ("setting", "default")


def _settings() -> Iterator[tuple[str, str]]:
    for name, value in msgspec.to_builtins(Config()).items():
        if isinstance(value, dict) and name in ("durations", "lag", "throttle", "quotas"):
            yield from ((f"`{name}.{inner}`", _shown(one)) for inner, one in value.items())
        else:
            yield f"`{name}`", _shown(value)


def _shown(value: Any) -> str:
    return f"`{msgspec.json.encode(value).decode()}`"
