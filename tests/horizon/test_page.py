"""What a page says, read as a person reads it: a step that could not see an error would pass whatever happens."""

from __future__ import annotations

import pytest
from tests.horizon.page import Page, parse

TABLE = """
<form action="/things/ " method="POST"><input type="hidden" name="csrfmiddlewaretoken" value="t">
<table id="things"><thead>
<tr class="table_caption"><th colspan="3">Things</th></tr>
<tr><th class="multi_select_column"></th><th>Name</th><th data-column="State of it">Status</th></tr>
</thead><tbody>
<tr class="warning status_unknown" data-object-id="1" data-display="one" data-update-url="/things/?1">
<td><input type="checkbox"></td><td><a href="/things/1/">one</a></td><td>Build</td>
<td><button name="action" value="things__delete__1">Delete</button></td></tr>
<tr id="things__row__2" data-object-id="2"><td></td><td>two &amp; more</td><td>Active</td></tr>
</tbody></table></form>
"""
FORM = """
<form action="/make"><input name="name" value="x"><input type="submit" name="go" value="y">
<input type="checkbox" name="up" checked><input type="checkbox" name="shared">
<select name="pool"><option value="">Choose</option><option value="7" selected>public (7)</option></select>
<select name="groups" multiple><option value="a">A</option><option value="b">B</option></select>
<input name="off" value="z" disabled>
<textarea name="text">
first
second</textarea></form>
"""


def page(text: str) -> Page:
    return parse(text, "/things/")


def test_rows_of_a_table() -> None:
    table = page(TABLE).table("things")
    assert (table.names, table.columns) == (["one", "2"], ["", "Name", "State of it"])
    one = table.row("one")
    assert one.cells == {"Name": "one", "State of it": "Build"}
    assert (one.unsettled, one.updates, one.link("one")) == (True, "/things/?1", "/things/1/")
    assert one.action("delete") == "things__delete__1"
    assert table.row("2").cells["Name"] == "two & more"


def test_a_row_that_is_not_there() -> None:
    table = page(TABLE).table("things")
    for missing in (
        lambda: table.row("three"),
        lambda: table.row("2").action("delete"),
        lambda: page(TABLE).table("x"),
    ):
        with pytest.raises(KeyError):
            missing()


def test_a_row_that_comes_alone_has_the_tables_columns() -> None:
    table = page(TABLE).table("things")
    row = page('<tr data-object-id="1" data-display="one"><td></td><td>one</td><td>Active</td></tr>').anew(table)
    assert (row.cells, row.unsettled) == ({"Name": "one", "State of it": "Active"}, False)


def test_a_form_is_sent_as_a_browser_sends_it() -> None:
    form = page(FORM).form("name")
    assert form.filled({}) == [("name", "x"), ("up", "on"), ("pool", "7"), ("text", "first\nsecond")]
    sent = form.filled({"name": "new", "groups": ["a", "b"]})
    assert sent == [
        ("up", "on"),
        ("pool", "7"),
        ("text", "first\nsecond"),
        ("name", "new"),
        ("groups", "a"),
        ("groups", "b"),
    ]
    assert form.choice("pool", "public") == "7"


@pytest.mark.parametrize("values", [{"unknown": "x"}, {"pool": "8"}, {"groups": ["a", "c"]}, {"off": "on"}])
def test_what_a_form_does_not_offer_cannot_be_sent(values: dict[str, str | list[str]]) -> None:
    with pytest.raises(KeyError):
        page(FORM).form("name").filled(values)


@pytest.mark.parametrize(
    "text",
    [
        '<div class="alert alert-danger">Error: Unable to retrieve</div>',
        '<div class="alert alert-warning">careful</div>',
        '<ul class="errorlist"><li>This field is required.</li></ul>',
        '<span class="help-block alert alert-danger">wrong</span>',
    ],
)
def test_errors_are_seen(text: str) -> None:
    assert page(f"<body>{text}</body>").errors()


def test_what_nobody_sees_is_no_error() -> None:
    hidden = '<noscript><div class="alert alert-danger">no scripts</div></noscript><script>"Unable to"</script>'
    shown = page(hidden + '<div class="alert alert-success"><p>Success: done</p></div>')
    assert (shown.errors(), shown.text, shown.told("success")) == ([], "Success: done", ["Success: done"])


def test_facts_of_a_detail_page() -> None:
    assert page("<dl><dt>Name</dt><dd> a<br>b </dd><dt>Empty</dt><dd></dd></dl>").facts() == {
        "Name": "a b",
        "Empty": "",
    }
