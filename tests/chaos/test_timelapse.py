"""Time that runs faster: every timer of the loop, the same in every process, and never too fast for one of them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest
from tests.chaos.pace import SLACK, TICK, Pace
from tests.chaos.timelapse import Lapse


@contextlib.contextmanager
def _ticking(pace: Pace) -> Iterator[None]:
    """Have a thread do what the ticker process does in a run."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(TICK):
            pace.tick()

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_minute_of_the_loop_is_a_minute_of_the_clock() -> None:
    lapse = Lapse.begin(2000.0)

    async def play() -> tuple[float, float]:
        before, began = lapse.time(), asyncio.get_running_loop().time()
        await lapse.sleep(60.0)
        return lapse.time() - before, asyncio.get_running_loop().time() - began

    with _ticking(lapse.pace), asyncio.Runner(loop_factory=lambda: lapse.loop("pia")) as runner:
        by_clock, by_loop = runner.run(play())
    assert by_clock >= 60.0
    assert by_loop >= 60.0


def test_a_time_out_runs_at_the_same_pace() -> None:
    lapse = Lapse.begin(2000.0)

    async def play() -> str:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 60.0)
        except TimeoutError:
            return "timed out"
        return "came"

    with _ticking(lapse.pace), asyncio.Runner(loop_factory=lambda: lapse.loop("pia")) as runner:
        assert runner.run(play()) == "timed out"


class _Machine:
    """The machine's clock, by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("tests.chaos.pace.time.monotonic", lambda: self.now)

    def run(self, pace: Pace, seconds: float) -> float:
        """Let ticks pass; return how much time passed."""
        before = pace.elapsed()
        for _ in range(round(seconds / TICK)):
            self.now += TICK
            pace.tick()
        return pace.elapsed() - before


def test_time_runs_at_the_factor_while_everybody_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, pace = _Machine(monkeypatch), Pace(20.0)
    assert machine.run(pace, 1.0) == pytest.approx(20.0, abs=0.2)


def test_time_gets_little_further_than_the_slowest_and_runs_on_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, pace = _Machine(monkeypatch), Pace(20.0)
    pace.up_to_date("engine")
    assert SLACK <= machine.run(pace, 10.0) < SLACK + 10.0 + 1.0, "at full speed, then at the machine's"
    pace.up_to_date("engine")
    assert machine.run(pace, 0.05) == pytest.approx(1.0, abs=0.2)


def test_nobody_waits_for_the_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, pace = _Machine(monkeypatch), Pace(20.0)
    pace.up_to_date("engine")
    pace.writing("engine")
    pace.gone("engine")
    assert machine.run(pace, 1.0) == pytest.approx(20.0, abs=0.2)


def test_time_slows_down_for_the_oldest_write(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, pace = _Machine(monkeypatch), Pace(20.0)
    first, second = pace.writing("pia"), pace.writing("pia")
    assert machine.run(pace, 1.0) < 4.0
    pace.written("pia", second)
    assert machine.run(pace, 1.0) < 4.0
    pace.written("pia", first)
    assert machine.run(pace, 1.0) == pytest.approx(20.0, abs=0.2)


def test_time_stops_when_nobody_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, pace = _Machine(monkeypatch), Pace(20.0)
    machine.now += 100.0
    assert pace.elapsed() < 1.0


def test_the_time_begins_with_the_wall_clock_and_never_goes_back() -> None:
    lapse = Lapse(Pace(1000.0), epoch=5.0)
    with _ticking(lapse.pace):
        times = [lapse.time() for _ in range(1000)]
    assert times[0] >= 5.0
    assert times == sorted(times)
