"""Plain lines where nobody can redraw, a table where somebody can."""

import io
from pathlib import Path

from rich.console import Console
from tests.supervisor.fakes import Machine, ManualClock

from gurum.supervisor.supervise import Phase, State
from gurum.supervisor.view import LiveView, PlainView, choose


def _state(tmp_path: Path, clock: ManualClock) -> State:
    state = State(Machine().child(tmp_path, "keystone"))
    state.began = state.since = clock.now
    return state


def test_plain_is_a_line_for_each_change(tmp_path: Path) -> None:
    out, clock = io.StringIO(), ManualClock()
    view = choose(out, clock)
    assert isinstance(view, PlainView)
    state = _state(tmp_path, clock)
    for phase, detail, seconds in (
        (Phase.WAITING, "", 0.0),
        (Phase.STARTING, "", 0.0),
        (Phase.READY, "", 2.25),
        (Phase.RESTARTING, "exit status 1; again in 1 s", 9.0),
        (Phase.STOPPED, "", 1.0),
    ):
        clock.now += seconds
        state.phase, state.detail, state.since = phase, detail, clock.now
        view.changed(state)
    assert [line.split() for line in out.getvalue().splitlines()] == [
        ["…", "Keystone", "starting"],
        ["✓", "Keystone", "ready", "2.2", "s"],
        ["↻", "Keystone", "restarting", "exit", "status", "1;", "again", "in", "1", "s"],
        ["✓", "Keystone", "stopped"],
    ]


def test_the_table_counts_the_seconds_and_tells_what_is_missing(tmp_path: Path) -> None:
    clock = ManualClock()
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    view = LiveView(console, clock)
    state = _state(tmp_path, clock)
    state.phase, state.detail = Phase.STARTING, "does not listen [yet]"
    clock.now += 3.0
    with console.capture() as capture:
        console.print(view.table([state]))
    words = capture.get().split()
    assert words[1:] == ["Keystone", "starting", "3.0", "s", "does", "not", "listen", "[yet]"]


def test_a_crash_while_no_table_is_shown_is_printed(tmp_path: Path) -> None:
    clock, out = ManualClock(), io.StringIO()
    view = LiveView(Console(file=out, width=100, force_terminal=False), clock)
    state = _state(tmp_path, clock)
    state.phase, state.detail = Phase.RESTARTING, "killed by SIGKILL; again in 1 s"
    with view.live([state]):
        before = out.getvalue()
        view.changed(state)
        assert out.getvalue() == before
    view.changed(state)
    assert "Keystone restarting killed by SIGKILL; again in 1 s" in out.getvalue()
