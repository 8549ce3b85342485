"""Injected faults: what goes wrong on purpose, as rules of data.

The faults that matter are those that leave the caller unsure: an executed call whose answer is
lost, a call that never arrived, a slow one that is retried while it runs. Each rule says what it
matches, how often, and until when, so that a test is exact and a soak run is random but
repeatable (the generator is seeded).
"""

import random
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

Kind = Literal["error", "drop-before", "drop-after", "delay", "status5xx", "capacity", "launch-failure"]


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One rule.

    `action`, `account`, `region`, `zone_id` and `instance_type` are globs (the last two count for
    capacity and launch-failure only). `count` is how many times it may strike (None: no limit),
    `probability` how likely each time, `skip` how many matches pass first, `until` the last moment
    (seconds since the epoch). `code`, `status`, `message` shape error and status5xx;
    `seconds` is how long the answer of an executed call is held back. status5xx answers without
    EC2's envelope and executes nothing; so does error, with it. drop-before cuts the connection
    before, drop-after after the call was executed. launch-failure lets a pending instance terminate instead of run.
    """

    kind: Kind
    id: str = ""
    action: str = "*"
    account: str = "*"
    region: str = "*"
    zone_id: str = "*"
    instance_type: str = "*"
    probability: float = 1.0
    count: int | None = None
    skip: int = 0
    until: float | None = None
    code: str = ""
    status: int = 0
    message: str = ""
    seconds: float = 0.0
    struck: int = 0


class Faults:
    """The rules in force, in order; each call may strike several (a delay and a drop)."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"faults/{seed}")  # noqa: S311  # repeatable, not secret
        self._rules: list[Fault] = []
        self._made = 0
        self.dirty = False

    def __iter__(self) -> Any:
        return iter(self._rules)

    def load(self, rules: list[Fault]) -> None:
        """Put back rules from the disk."""
        self._rules = rules
        self._made = len(rules)

    def add(self, rule: Mapping[str, Any]) -> Fault:
        """Add a rule and return it with its id; msgspec.ValidationError for a wrong one."""
        fault = msgspec.convert(dict(rule), Fault)
        self._made += 1
        fault.id = fault.id or f"fault-{self._made}"
        self._rules.append(fault)
        self.dirty = True
        return fault

    def remove(self, identity: str | None = None) -> int:
        """Remove one rule, or all with None; return how many went."""
        kept = [] if identity is None else [rule for rule in self._rules if rule.id != identity]
        gone = len(self._rules) - len(kept)
        self._rules = kept
        self.dirty = True
        return gone

    def strike(self, kinds: Iterable[Kind], now: float, **where: str) -> list[Fault]:
        """Return the rules of `kinds` that strike now; each counts as one strike.

        `where` gives values for the globs (action, account, region, zone_id, instance_type).
        """
        return [rule for rule in self._rules if rule.kind in kinds and self._strikes(rule, now, where)]

    def _strikes(self, rule: Fault, now: float, where: Mapping[str, str]) -> bool:
        if rule.until is not None and now > rule.until:
            return False
        if rule.count is not None and rule.struck >= rule.count:
            return False
        if not all(fnmatchcase(value, getattr(rule, name)) for name, value in where.items()):
            return False
        if rule.skip > 0:
            rule.skip -= 1
            self.dirty = True
            return False
        if rule.probability < 1.0 and self._random.random() >= rule.probability:
            return False
        rule.struck += 1
        self.dirty = True
        return True
