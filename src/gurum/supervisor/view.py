"""What the person at the terminal sees while it starts and stops.

Half a minute of silence reads as "it hangs", and a wall of log lines as "something is wrong". So each part is one line
with its state and seconds: drawn again in place on a terminal, printed once a change elsewhere (a CI log, a pipe).
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from gurum.ops.clock import Clock
from gurum.supervisor.supervise import Phase, State

# phase: (sign, colour, whether it is settled)
LOOKS: dict[Phase, tuple[str, str, bool]] = {
    Phase.WAITING: ("·", "dim", False),
    Phase.STARTING: ("…", "cyan", False),
    Phase.READY: ("✓", "green", True),
    Phase.DONE: ("✓", "green", True),
    Phase.RESTARTING: ("↻", "yellow", False),
    Phase.FAILED: ("✗", "red", True),
    Phase.STOPPING: ("…", "cyan", False),
    Phase.STOPPED: ("✓", "dim", True),
}


class View(Protocol):
    """Shows states."""

    def changed(self, state: State) -> None:
        """Take note that the state has entered another phase."""
        ...

    def live(self, states: Collection[State]) -> contextlib.AbstractContextManager[None]:
        """Show the states while the block runs."""
        ...


class PlainView:
    """A line for each change."""

    def __init__(self, out: TextIO, clock: Clock) -> None:
        self._out, self._clock = out, clock

    def changed(self, state: State) -> None:
        """Print the change, with the seconds since the row was started."""
        if state.phase is Phase.WAITING:
            return
        timed = state.phase in (Phase.READY, Phase.DONE, Phase.FAILED)
        seconds = f"{seconds_of(state, self._clock):6.1f} s" if timed else ""
        detail = "" if state.phase is Phase.STARTING and not state.crashes else state.detail
        line = f"  {LOOKS[state.phase][0]} {state.row.title:<34} {state.phase:<10} {seconds:>8}  {detail}"
        self._out.write(line.rstrip() + "\n")
        self._out.flush()

    def live(self, states: Collection[State]) -> contextlib.AbstractContextManager[None]:
        """Do nothing: each change is printed anyway."""
        return contextlib.nullcontext()


class LiveView:
    """A table that is drawn again in place."""

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console, self._clock = console, clock
        self._spinners: dict[str, Spinner] = {}
        self._live = False

    def changed(self, state: State) -> None:
        """Print what happens while no table is shown: a crash long after the start, and the way back."""
        if not self._live:
            sign, colour, _ = LOOKS[state.phase]
            self._console.print(
                f"  [{colour}]{sign} {state.row.title}[/] {state.phase} {state.detail}", highlight=False
            )

    @contextlib.contextmanager
    def live(self, states: Collection[State]) -> Iterator[None]:
        """Draw eight times a second: more would take the children's CPU."""
        with Live(
            get_renderable=lambda: self.table(states), console=self._console, refresh_per_second=8, transient=False
        ):
            self._live = True
            try:
                yield
            finally:
                self._live = False

    def table(self, states: Collection[State]) -> Table:
        """Return the table as of now."""
        table = Table.grid(padding=(0, 1))
        table.add_column(width=2, justify="right")
        table.add_column(min_width=30)
        table.add_column(min_width=10)
        table.add_column(width=8, justify="right")
        table.add_column(overflow="ellipsis", no_wrap=True, style="dim")
        for state in states:
            sign, colour, settled = LOOKS[state.phase]
            spinning = self._spinners.setdefault(state.row.name, Spinner("dots", style="cyan"))
            table.add_row(
                Text(sign, colour) if settled or state.phase is Phase.WAITING else spinning,
                state.row.title,
                Text(state.phase, colour),
                "" if state.phase in (Phase.WAITING, Phase.STOPPED) else f"{seconds_of(state, self._clock):.1f} s",
                Text(state.detail),  # as it is: brackets are no markup
            )
        return table


def seconds_of(state: State, clock: Clock) -> float:
    """Return how long it took to become ready (or to fail), or how long it has been at what it is doing."""
    if state.phase in (Phase.READY, Phase.DONE, Phase.FAILED):
        return state.since - state.began
    return clock.time() - (state.began if state.phase is Phase.STARTING and not state.crashes else state.since)


def choose(out: TextIO, clock: Clock) -> View:
    """Return the view for that output: live on a terminal, plain elsewhere."""
    if out.isatty():
        return LiveView(Console(file=out), clock)
    return PlainView(out, clock)
