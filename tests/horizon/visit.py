"""What a person does with pages: look at a table, fill a dialogue, press a row's button, wait until a row settles.

Each of them fails when Horizon shows an error, and when it does not say that the thing was done: an answer of 200 means
nothing here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.horizon.browser import Browser, Pairs
from tests.horizon.page import Page, Row, Table
from tests.horizon.site import Site

PATIENCE = 90.0  # seconds for an object to come to rest
PACE = 0.5  # seconds between two looks; the pages' own scripts take 2.5
Values = dict[str, str | list[str]]


class UnexpectedError(Exception):
    """A page shows something else than it should."""


@dataclass
class Visit:
    """One person at work. `kept`: ids and names that later steps need, by a word of the journey's own."""

    browser: Browser
    site: Site
    kept: dict[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def table(self, path: str, name: str) -> Table:
        """Go to a page and read a table."""
        return self.browser.get(path).table(name)

    def dialogue(self, path: str, values: Values, *, said: str) -> Page:
        """Open a dialogue, fill it and send it. The page that it leads to must say `said`."""
        shown = self.browser.get(path, script=True)
        form = shown.form(next(iter(values)))
        return self._said(self.browser.submit(shown, form, values, script=True), said)

    def press(self, path: str, table: str, name: str, action: str, *, said: str, level: str = "success") -> Page:
        """Press a button of the row `name`, confirmed. The page that comes must say `said`."""
        page = self.browser.get(path)
        value = page.table(table).row(name).action(action)
        [form] = [form for form in page.forms() if value in form.buttons]
        pairs: Pairs = [*form.filled({}), ("action", value)]
        return self._said(self.browser.post(form.action or path, pairs), said, level)

    def settled(self, path: str, table: str, name: str, **wanted: str) -> Row:
        """Wait as the page's script does until the row's cells contain `wanted` (`_` for a blank) and it is at rest."""
        shown = self.table(path, table)
        row = shown.row(name)
        deadline = self.clock() + PATIENCE
        while row.unsettled or missing(row, wanted):
            if self.clock() > deadline:
                raise UnexpectedError(f"{name} is not {wanted} after {PATIENCE:.0f} s but {row.cells}")
            self.pause(PACE)
            if row.updates and row.unsettled:
                row = self.browser.get(row.updates, script=True).anew(shown)
            else:
                shown = self.table(path, table)
                row = shown.row(name)
        return row

    def gone(self, path: str, table: str, name: str) -> None:
        """Wait until a page's table has no such row."""
        deadline = self.clock() + PATIENCE
        while name in (names := self.table(path, table).names):
            if self.clock() > deadline:
                raise UnexpectedError(f"{name} is still there after {PATIENCE:.0f} s: {names}")
            self.pause(PACE)

    def _said(self, page: Page, said: str, level: str = "success") -> Page:
        told = page.told(level)
        if not any(said in text for text in told):
            raise UnexpectedError(f"{page.address} does not say {said!r} but {told or 'nothing'}")
        return page


def missing(row: Row, wanted: dict[str, str]) -> list[str]:
    """Return which wanted cells of a row do not contain what they should. Raises KeyError if there is no such cell."""
    return [text for name, text in wanted.items() if text not in cell(row, name)]


def cell(row: Row, name: str) -> str:
    """Return a cell by its column; `_` stands for a blank."""
    column = name.replace("_", " ")
    if column not in row.cells:
        raise KeyError(f"no column {column!r}, but {sorted(row.cells)}")
    return row.cells[column]


def expect(real: object, wanted: object, what: str) -> None:
    """Raise UnexpectedError unless both are equal."""
    if real != wanted:
        raise UnexpectedError(f"{what} is {real!r} and should be {wanted!r}")


def contains(text: str, *parts: str) -> None:
    """Raise UnexpectedError unless a text has all parts."""
    for part in parts:
        if part not in text:
            raise UnexpectedError(f"{part!r} is not in {text[:500]!r}")
