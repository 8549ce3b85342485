"""What an action or a timer has at hand: the region, the time, ids, and how to make rows.

Everything that must be the same for every kind of resource happens here once: a new row gets its
order, its visibility, its tags and a place in the ledger; a reference is checked for form,
existence and visibility in this order, as EC2 does.
"""

import random
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from aws_emulator.config import Config
from aws_emulator.federation import Federation
from aws_emulator.rules import RULES, refuse
from aws_emulator.state.kinds import KINDS
from aws_emulator.state.region import Region
from aws_emulator.state.resource import Resource
from aws_emulator.state.table import Table

R = TypeVar("R", bound=Resource)
_FORM = re.compile(r"^[a-z]+-([0-9a-f]{8}|[0-9a-f]{17})$")
TAGS_SHOWN = "tags-shown"
# Later than any clock, and a number that JSON can carry.
NEVER = 1e18


class Sequence:
    """Numbers that never repeat within one state: the order of creation and of calls."""

    def __init__(self, start: int = 0) -> None:
        self.value = start

    def next(self) -> int:
        """Return the next number."""
        self.value += 1
        return self.value


class Context:
    """One call, or one moment in which timers fire.

    `made` and `changed` list resource ids for the ledger, in order. `fault_capacity` and
    `fault_launch` are questions to the injected faults that only RunInstances and StartInstances
    ask; `configure` is for IAM, whose policies are part of the configuration.
    """

    def __init__(
        self,
        *,
        region: Region,
        config: Config,
        now: float,
        ids: random.Random,
        lag: random.Random,
        sequence: Sequence,
        schedule: Callable[[float, Region, str, str, str], None],
        action: str = "",
        principal: str = "",
        fault_capacity: Callable[[str, str], bool] = lambda zone_id, kind: False,
        fault_launch: Callable[[str, str], bool] = lambda zone_id, kind: False,
        next_public_ip: Callable[[], str] = lambda: "",
        federation: Federation | None = None,
        configure: Callable[[dict[str, Any]], None] = lambda change: None,
    ) -> None:
        self.region = region
        self.config = config
        self.now = now
        self.action = action
        self.principal = principal
        self.made: list[str] = []
        self.changed: list[str] = []
        self.random = ids
        self.fault_capacity = fault_capacity
        self.fault_launch = fault_launch
        self.next_public_ip = next_public_ip
        self.federation = federation or Federation()
        self.configure = configure
        self._lag = lag
        self._sequence = sequence
        self._schedule = schedule

    def new_id(self, prefix: str) -> str:
        """Return a new long id: prefix, dash, 17 hex digits."""
        return f"{prefix}-0{self.random.getrandbits(64):016x}"

    def create(self, table: Table[R], row: R, tags: dict[str, str] | None = None) -> R:
        """Insert a new row: ordered, timed, tagged, and unseen until the lag has passed."""
        row.seq = self._sequence.next()
        row.created_at = self.now
        row.visible_at = self._after_lag(self.config.lag.resource)
        if tags:
            row.tags = dict(tags)
            self._show_tags(table, row)
        table.put(row)
        self.made.append(row.id)
        return row

    def save(self, table: Table[R], row: R) -> R:
        """Note that a row changed."""
        table.put(row)
        self.changed.append(row.id)
        return row

    def delete(self, table: Table[Any], identity: str) -> None:
        """Remove a row."""
        table.remove(identity)
        self.changed.append(identity)

    def retag(self, table: Table[R], row: R, tags: dict[str, str]) -> None:
        """Replace the tags of a row; reads see it after the lag."""
        row.tags = tags
        self._show_tags(table, row)
        self.save(table, row)

    def later(self, table: Table[R], row: R, what: str, seconds: float) -> None:
        """Let the timer `what` of the row fire in `seconds` x time_factor; a second call moves it.

        The caller saves the row.
        """
        due = self.now + seconds * self.config.time_factor
        row.timers[what] = due
        self._schedule(due, self.region, table.kind, row.id, what)

    def sees(self, row: Resource) -> bool:
        """Tell whether reads see the row by now."""
        return row.visible_at <= self.now

    def get(self, table: Table[R], identity: str) -> R:
        """Return a visible row. Raises the kind's malformed or not-found refusal."""
        self.check_form(table.kind, identity)
        row = table.get(identity)
        if row is None or not self.sees(row):
            raise refuse(f"{table.kind}.not-found", id=identity)
        return row

    def many(self, table: Table[R], identities: Iterable[str]) -> list[R]:
        """Return visible rows; forms are checked first, then existence, all unknown named."""
        wanted = list(dict.fromkeys(identities))
        for identity in wanted:
            self.check_form(table.kind, identity)
        rows = [table.get(identity) for identity in wanted]
        missing = [identity for identity, row in zip(wanted, rows, strict=True) if row is None or not self.sees(row)]
        if missing:
            raise refuse(f"{table.kind}.not-found", id=", ".join(missing))
        return [row for row in rows if row is not None]

    @staticmethod
    def check_form(kind: str, identity: str) -> None:
        """Raise a refusal unless the id has the kind's prefix and 8 or 17 digits."""
        if not identity.startswith(f"{KINDS[kind].prefix}-") or not _FORM.match(identity):
            malformed = f"{kind}.malformed"
            raise refuse(malformed if malformed in RULES else f"{kind}.not-found", id=identity)

    def _after_lag(self, longest: float) -> float:
        if longest <= 0 or self.config.time_factor <= 0:
            return self.now
        return self.now + self._lag.uniform(0, longest) * self.config.time_factor

    def _show_tags(self, table: Table[R], row: R) -> None:
        shown_at = self._after_lag(self.config.lag.tags)
        if shown_at <= self.now:
            row.shown_tags = dict(row.tags)
            row.timers.pop(TAGS_SHOWN, None)
            return
        row.timers[TAGS_SHOWN] = shown_at
        self._schedule(shown_at, self.region, table.kind, row.id, TAGS_SHOWN)
