"""A page as a browser reads it: forms with their fields, tables with their rows, and the messages that tell of errors.

Without it a step could only look for words somewhere in a page, and a name in the title of an empty table would do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.horizon import dom
from tests.horizon.dom import Node


@dataclass(frozen=True)
class Form:
    """A form: where it goes, what stands in its fields now, what a select offers (value and what is read), buttons."""

    action: str
    fields: list[tuple[str, str]]
    choices: dict[str, dict[str, str]]
    names: frozenset[str]
    buttons: frozenset[str]

    def filled(self, values: dict[str, str | list[str]]) -> list[tuple[str, str]]:
        """Return what is sent when a person changes `values`. Raises KeyError if the form lacks a field or a choice."""
        for name, value in values.items():
            if name not in self.names:
                raise KeyError(f"the form {self.action} has no field {name!r}, it has {sorted(self.names)}")
            for one in [value] if isinstance(value, str) else value:
                if name in self.choices and one not in self.choices[name]:
                    raise KeyError(f"{name} of {self.action} does not offer {one!r}: {self.choices[name]}")
        sent = [(name, value) for name, value in self.fields if name not in values]
        for name, value in values.items():
            sent += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        return sent

    def choice(self, name: str, read: str) -> str:
        """Return the value of the one choice whose text contains `read`. Raises KeyError if there is not one."""
        found = [value for value, text in self.choices.get(name, {}).items() if read in text]
        if len(found) != 1:
            raise KeyError(f"{name} of {self.action} offers {len(found)} of {read!r}: {self.choices.get(name)}")
        return found[0]


@dataclass(frozen=True)
class Row:
    """A row of a table: the object's id and name, its cells by column, and what can be done with it.

    `actions` are the values of its buttons, `links` the addresses by what is read. `updates` is where the page's script
    asks for the row anew; `unsettled` tells that it does so, because the object is on its way to another state.
    """

    id: str
    name: str
    cells: dict[str, str]
    actions: frozenset[str]
    links: dict[str, str]
    updates: str
    unsettled: bool

    def action(self, name: str) -> str:
        """Return the value of a button. Raises KeyError if the row does not offer it."""
        for value in self.actions:
            if value.split("__")[1:2] == [name]:
                return value
        raise KeyError(f"{self.name} does not offer {name!r}, but {sorted(self.actions)} and {sorted(self.links)}")

    def link(self, text: str) -> str:
        """Return where a link leads. Raises KeyError if there is none."""
        if text not in self.links:
            raise KeyError(f"{self.name} has no {text!r}, but {sorted(self.links)}")
        return self.links[text]


@dataclass(frozen=True)
class Table:
    """A table of objects, its columns by what is read above them."""

    name: str
    columns: list[str]
    rows: list[Row]

    @property
    def names(self) -> list[str]:
        return [row.name for row in self.rows]

    def row(self, name: str) -> Row:
        """Return the one row of this name. Raises KeyError if there is not one."""
        found = [row for row in self.rows if name in (row.name, row.id)]
        if len(found) != 1:
            raise KeyError(f"{len(found)} rows {name!r} in {self.name}: {self.names}")
        return found[0]


@dataclass(frozen=True)
class Page:
    """A page that was answered."""

    root: Node
    address: str

    @property
    def title(self) -> str:
        return next((node.text for node in self.root.all("title")), "")

    @property
    def text(self) -> str:
        return self.root.text

    def errors(self) -> list[str]:
        """Return the messages that something went wrong: alerts and what forms say of their fields."""
        found = [node.text for node in self.root.all() if _is_error(node)]
        return [text for text in found if text]

    def told(self, level: str) -> list[str]:
        """Return the messages of a level: `success`, that something was done, or `info`."""
        return [node.text for node in self.root.all() if f"alert-{level}" in node.classes]

    def forms(self) -> list[Form]:
        return [_form(node) for node in self.root.all("form")]

    def form(self, field: str, *, action: str = "") -> Form:
        """Return the first form that has a field (and goes to `action`). Raises KeyError if none has."""
        for form in self.forms():
            if field in form.names and action in ("", form.action):
                return form
        raise KeyError(f"no form with a field {field!r} on {self.address}")

    def table(self, name: str) -> Table:
        """Return a table. Raises KeyError if the page has none of this name."""
        for node in self.root.all("table"):
            if node.get("id") == name:
                return Table(name, _columns(node), list(_rows(node, _columns(node))))
        raise KeyError(f"no table {name!r} on {self.address}, but {self.tables()}")

    def anew(self, table: Table) -> Row:
        """Return the one row of `table` that this part of a page is. Raises KeyError if it is not one."""
        rows = list(_rows(self.root, table.columns))
        if len(rows) != 1:
            raise KeyError(f"{len(rows)} rows at {self.address}")
        return rows[0]

    def links(self) -> dict[str, str]:
        """Return addresses by what is read; of several the first."""
        found: dict[str, str] = {}
        for node in self.root.all("a"):
            found.setdefault(node.text, node.get("href"))
        return found

    def tables(self) -> list[str]:
        return [node.get("id") for node in self.root.all("table") if node.get("id")]

    def facts(self) -> dict[str, str]:
        """Return the pairs of a detail page: what is told (dt) and its value (dd)."""
        told: dict[str, str] = {}
        name = ""
        for node in self.root.all("dt", "dd"):
            if node.tag == "dt":
                name = node.text
            elif name:
                told.setdefault(name, node.text)
        return told


def _is_error(node: Node) -> bool:
    classes = set(node.classes)
    if "alert" in classes:
        return bool(classes & {"alert-danger", "alert-warning"})
    return "errorlist" in classes or (node.tag == "span" and "error" in classes)


def parse(text: str, address: str) -> Page:
    """Read a page."""
    return Page(dom.parse(text), address)


def _form(node: Node) -> Form:
    fields: list[tuple[str, str]] = []
    choices: dict[str, dict[str, str]] = {}
    names = set()
    for one in node.all("input", "select", "textarea"):
        name = one.get("name")
        if not name or "disabled" in one.attributes:
            continue
        names.add(name)
        kind = one.get("type")
        if one.tag == "select":
            offered = {option.get("value") if "value" in option.attributes else option.text: option.text
                       for option in one.all("option")}  # fmt: skip
            choices.setdefault(name, {}).update(offered)
            chosen = [option.get("value") for option in one.all("option") if "selected" in option.attributes]
            if not chosen and "multiple" not in one.attributes:
                chosen = list(offered)[:1]
            fields += [(name, value) for value in chosen]
        elif one.tag == "textarea":
            text = "".join(child for child in one.children if isinstance(child, str))
            fields.append((name, text.removeprefix("\n")))  # the first line's end is not part of it
        elif kind in ("checkbox", "radio"):
            value = one.get("value") or "on"
            choices.setdefault(name, {})[value] = ""
            if "checked" in one.attributes:
                fields.append((name, value))
        elif kind not in ("submit", "button", "image", "reset", "file"):
            fields.append((name, one.get("value")))
    buttons = frozenset(one.get("value") for one in node.all("button"))
    return Form(node.get("action").strip(), fields, choices, frozenset(names), buttons)


def _columns(table: Node) -> list[str]:
    """Return the names in the last row of the head: rows above it hold buttons."""
    rows = [list(row.all("th")) for head in table.all("thead") for row in head.all("tr")]
    rows = [row for row in rows if len(row) > 1]
    return [node.get("data-column") or node.text for node in rows[-1]] if rows else []


def _rows(table: Node, columns: list[str]) -> Iterator[Row]:
    for node in table.all("tr"):
        if "data-object-id" not in node.attributes:
            continue
        cells = [child for child in node.children if isinstance(child, Node) and child.tag == "td"]
        uid = node.get("data-object-id")
        yield Row(
            id=uid,
            name=node.get("data-display") or uid,
            cells={name: cell.text for name, cell in zip(columns, cells, strict=False) if name},
            actions=frozenset(one.get("value") for one in node.all("button") if one.get("name") == "action"),
            links={one.text: one.get("href") for one in node.all("a") if one.text},
            updates=node.get("data-update-url"),
            unsettled="status_unknown" in node.classes,
        )
