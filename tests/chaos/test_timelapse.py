"""Time that runs faster: every timer of the loop, and the same time in every process."""

from __future__ import annotations

import asyncio

from tests.chaos.timelapse import Lapse


def test_a_minute_of_the_loop_is_a_minute_of_the_clock() -> None:
    lapse = Lapse.begin(2000.0)

    async def play() -> tuple[float, float]:
        before, began = lapse.time(), asyncio.get_running_loop().time()
        await lapse.sleep(60.0)
        return lapse.time() - before, asyncio.get_running_loop().time() - began

    with asyncio.Runner(loop_factory=lapse.loop) as runner:
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

    with asyncio.Runner(loop_factory=lapse.loop) as runner:
        assert runner.run(play()) == "timed out"


def test_the_time_begins_with_the_wall_clock_and_never_goes_back() -> None:
    lapse = Lapse(1000.0, origin=0.0, epoch=5.0)
    times = [lapse.time() for _ in range(100)]
    assert times == sorted(times)
    assert Lapse(1000.0, origin=lapse.origin, epoch=5.0).time() >= times[-1], "who shares the origin shares the time"
