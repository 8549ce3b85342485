"""Playing rows: on a real site, and without each guard."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.attacks import browsers, fetches, headers, providers, tokens
from tests.attacks.forge import Site
from tests.attacks.guards import GUARDS, without
from tests.attacks.local import local
from tests.attacks.rows import Result, Row
from tests.support.federation import prepared

KINDS = {
    "forged headers": headers.rows,
    "bearer tokens": tokens.rows,
    "browsers": browsers.rows,
    "providers": providers.rows,
    "fetches": fetches.rows,
}


@dataclass(frozen=True)
class Played:
    """A row and what came of it; `broken`: why it could not be played at all."""

    kind: str
    row: Row
    result: Result | None
    broken: str = ""

    @property
    def problem(self) -> str:
        """Say what is wrong; empty: nothing. A server's error is a find, too: a guard would have refused."""
        if self.result is None:
            return f"{self.kind}: {self.row.name}: cannot be played: {self.broken}"
        if self.result.accepted:
            return f"{self.kind}: {self.row.name}: ACCEPTED with {self.result.status}"
        if self.result.status == 500:
            return f"{self.kind}: {self.row.name}: {self.result.status}"
        return ""


def play(site: Site, guard: str = "") -> Iterator[Played]:
    """Play all rows, or those that a guard keeps out."""
    for kind, rows in KINDS.items():
        for row in rows():
            if guard in ("", row.guard):
                yield one(site, kind, row)


def one(site: Site, kind: str, row: Row) -> Played:
    """Play a row."""
    try:
        return Played(kind, row, row.attempt(site))
    except Exception as error:  # whatever it is, the run goes on, and fails
        return Played(kind, row, None, f"{type(error).__name__}: {error}")


def guards() -> dict[str, list[Played]]:
    """Take out each guard in turn; return what its rows came to then."""
    found = {}
    with tempfile.TemporaryDirectory() as directory:
        config, places = prepared(Path(directory))
        for guard in GUARDS:
            with without(guard), local(config, places) as site:
                found[guard] = list(play(site, guard))
    return found


def needless(found: dict[str, list[Played]]) -> list[str]:
    """Return the guards without which nothing got in: either they do nothing, or no row asks for them."""
    return [
        f"without the guard {guard!r} nothing of {len(played)} rows gets in"
        for guard, played in found.items()
        if not any(one.result and one.result.accepted for one in played)
    ]
