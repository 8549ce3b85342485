"""The verdict: what makes a step fail, and what does not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from tests.horizon import report
from tests.horizon.browser import Answer, Browser, BrowserError
from tests.horizon.journey import Result, Step, unknown_needs, walked
from tests.horizon.page import Row
from tests.horizon.site import Site
from tests.horizon.steps import JOURNEY
from tests.horizon.visit import UnexpectedError, Visit, missing
from tests.horizon.watch import Seen, Watch, complaints

TROUBLE = "GET /v2.0/trunks 404"


@dataclass
class Logs(Watch):
    """A watch whose logs are written here."""

    looks: list[Seen] = field(default_factory=list)

    def look(self) -> Seen:
        return self.looks.pop(0) if self.looks else Seen(1, [], [])


def site() -> Site:
    return Site("r", "o", "http://k/v3", "http://a", Path("x"), "u", "p", [], [], "public", [], "secret")


def walk(*steps: Step, looks: list[Seen] | None = None) -> list[Result]:
    visit = Visit(Browser("http://127.0.0.1:1"), site())
    return list(walked(steps, visit, Logs(looks or []), iter(range(1000)).__next__))


def fine(visit: Visit) -> str:
    return "fine"


def wrong(visit: Visit) -> str:
    raise UnexpectedError("the status is 'Error'")


def test_a_step_that_sees_something_else_fails_and_what_needs_it_is_not_tried() -> None:
    steps = (Step("A", "one", wrong), Step("A", "two", fine, ("one",)), Step("B", "three", fine, ("A: two",)))
    results = walk(*steps, Step("B", "four", fine))
    assert [result.passed for result in results] == [False, False, False, True]
    assert [result.wrong for result in results[:3]] == [
        ["the status is 'Error'"],
        ["not tried: 'A: one' failed"],
        ["not tried: 'A: two' failed"],
    ]


def test_a_page_that_looks_right_fails_by_what_was_refused_behind_it() -> None:
    [result] = walk(Step("A", "one", fine), looks=[Seen(3, [TROUBLE], [])])
    assert (result.wrong, result.calls) == ([f"the region refused {TROUBLE}"], 3)
    [result] = walk(Step("A", "one", fine), looks=[Seen(3, [], ["horizon.exceptions: Recoverable error: x"])])
    assert result.wrong == ["Horizon logged horizon.exceptions: Recoverable error: x"]


def test_what_is_documented_is_excused_and_nothing_else() -> None:
    excused = Step("A", "one", fine, (), (r"GET /v2\.0/trunks 404$",))
    assert walk(excused, looks=[Seen(1, [TROUBLE], [])])[0].passed
    assert not walk(excused, looks=[Seen(1, [TROUBLE, "GET /v2.0/ports 500"], [])])[0].passed


def test_a_fault_of_the_program_is_none_of_the_pages() -> None:
    def broken(visit: Visit) -> str:
        raise AttributeError("x")

    with pytest.raises(AttributeError):
        walk(Step("A", "one", broken))


def test_the_journey_needs_only_what_comes_before() -> None:
    assert unknown_needs(JOURNEY) == []
    later = (Step("A", "one", fine, ("two",)), Step("A", "two", fine), Step("A", "two", fine))
    assert unknown_needs(later) == ["A: one needs 'A: two'", "A: two is there twice"]


def test_horizons_log() -> None:
    known = 'WARNING openstack_dashboard.api.glance: OPENSTACK_IMAGE_BACKEND has a format "ova" unsupported by glance'
    lines = [known, "ERROR horizon.exceptions: Not Found: x", "Traceback (most recent call last):", "INFO a: b"]
    assert complaints(lines) == ["horizon.exceptions: Not Found: x"]


def test_the_logs_are_read_on_from_where_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests, horizon = tmp_path / "pia.log", tmp_path / "horizon.log"
    requests.write_text(row("old", 500) + "\n")
    horizon.write_text("ERROR a: old\n")
    watch = Watch("http://a", "r", requests, horizon)
    monkeypatch.setattr(watch, "_mark", lambda: "mark")
    with requests.open("a") as log:
        log.write("\n".join([row("1", 200), row("2", 404), row("3", 500, "other"), row("mark", 200)]) + "\n")
    with horizon.open("a") as log:
        log.write("ERROR a: new\nERROR b: half a li")
    assert watch.look() == Seen(2, ["GET /x 404"], ["a: new"])


def row(request: str, status: int, region: str = "r") -> str:
    return json.dumps(
        {"event": "request", "region": region, "request_id": request, "method": "GET", "path": "/x", "status": status}
    )


@pytest.mark.parametrize(
    ("text", "headers", "status"),
    [
        ("<p>Unable to retrieve instances.</p>", {}, 200),
        ("<div class='alert alert-danger'>x</div>", {}, 200),
        ("", {"X-Horizon-Messages": '[["error", "Unable", ""]]'}, 200),
        ("<h1>Something went wrong!</h1>", {}, 500),
    ],
)
def test_a_browser_stops_at_errors(text: str, headers: dict[str, str], status: int) -> None:
    class Canned(Browser):
        def send(self, *words: Any, **more: Any) -> Answer:
            message = Message()
            for name, value in headers.items():
                message[name] = value
            return Answer(status, message, text.encode(), "http://127.0.0.1:1/x")

    with pytest.raises(BrowserError):
        Canned("http://127.0.0.1:1").get("/x")


def test_cells_that_are_not_as_wanted() -> None:
    shown = Row("1", "one", {"Power State": "Running", "Status": "Active"}, frozenset(), {}, "", False)
    assert missing(shown, {"Power_State": "Run", "Status": "Shutoff"}) == ["Shutoff"]
    with pytest.raises(KeyError):
        missing(shown, {"State": "x"})


def test_the_report() -> None:
    results = [Result("A", "one", 1.0, 2, "seen", []), Result("A", "two", 0.0, 0, "", ["the region refused x"])]
    assert report.last(results) == "1 passed, 1 failed"
    table = report.table("r", "27.0.0", results, 1.0)
    assert "ok      seen" in table
    assert "FAILED\n      the region refused x" in table
    document = json.loads(report.document("r", "27.0.0", results, 1.0))
    assert (document["passed"], document["failed"], document["steps"][1]["passed"]) == (1, 1, False)
