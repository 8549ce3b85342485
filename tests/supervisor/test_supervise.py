"""Start in the order of needs, restart what crashes, stop in the reverse order."""

import asyncio
import signal
from pathlib import Path

import pytest
from tests.supervisor.fakes import Machine, settle

from gurum.supervisor.rows import Child, Refusal, Row, Task, check
from gurum.supervisor.supervise import Phase, Supervisor, Timing

TIMING = Timing(probe=0.1, ready=60.0, grace=5.0, backoff=1.0, backoff_max=4.0, steady=30.0)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def _supervisor(machine: Machine, *rows: Row) -> Supervisor:
    return Supervisor(
        rows, spawn=machine.spawn, probe=machine.probe, clock=machine.clock, changed=machine.changed, timing=TIMING
    )


async def _started(machine: Machine, *rows: Row) -> Supervisor:
    supervisor = _supervisor(machine, *rows)
    starting = asyncio.create_task(supervisor.start())
    await machine.clock.advance(1.0)
    await starting
    return supervisor


def _phases(machine: Machine, name: str) -> list[str]:
    return [phase for row, phase, _ in machine.changes if row == name]


async def test_what_others_need_comes_first_and_the_rest_at_once(machine: Machine, tmp_path: Path) -> None:
    done: list[str] = []

    async def catalogue() -> str:
        done.append("catalogue")
        return "3 changes"

    machine.missing["http://keystone/"] = "does not listen yet"
    supervisor = _supervisor(
        machine,
        machine.child(tmp_path, "keystone"),
        machine.child(tmp_path, "emulator"),
        Task(name="catalogue", title="Catalogue", run=catalogue, after=("keystone",)),
        machine.child(tmp_path, "api", "catalogue"),
    )
    starting = asyncio.create_task(supervisor.start())
    await machine.clock.advance(2.0)
    assert sorted(machine.started) == ["emulator", "keystone"]
    assert supervisor.states["emulator"].phase is Phase.READY
    assert supervisor.states["keystone"].detail == "does not listen yet"
    assert not done
    del machine.missing["http://keystone/"]
    await machine.clock.advance(0.2)
    await starting
    assert machine.changes[-2:] == [("api", "starting", ""), ("api", "ready", "")]
    assert ("catalogue", "done", "3 changes") in machine.changes
    await supervisor.stop()


async def test_ending_before_ready_ends_the_start_with_its_own_last_words(machine: Machine, tmp_path: Path) -> None:
    api = machine.child(tmp_path, "api")
    api.output.write_text("an older run's line\n")
    machine.says["api"] = "starting\nport 8781 is in use\n\n"
    machine.missing["http://api/"] = "does not listen yet"
    supervisor = _supervisor(machine, api, machine.child(tmp_path, "other"))
    starting = asyncio.create_task(supervisor.start())
    await settle()
    machine.started["api"][0].end(1)
    await machine.clock.advance(0.2)
    with pytest.raises(Refusal, match=r"^Api ended before it was ready \(exit status 1\): port 8781 is in use$"):
        await starting
    await supervisor.stop()
    assert machine.started["other"][0].signals == [signal.SIGTERM]


async def test_a_child_that_says_nothing_does_not_speak_an_older_run_s_words(machine: Machine, tmp_path: Path) -> None:
    api = machine.child(tmp_path, "api")
    api.output.write_text("an older run's line\n")
    machine.missing["http://api/"] = "does not listen yet"
    supervisor = _supervisor(machine, api)
    starting = asyncio.create_task(supervisor.start())
    await settle()
    machine.started["api"][0].end(-11)
    await machine.clock.advance(0.2)
    with pytest.raises(Refusal, match=r"^Api ended before it was ready \(killed by SIGSEGV\)$"):
        await starting
    await supervisor.stop()


async def test_never_ready_is_told_with_what_was_missing(machine: Machine, tmp_path: Path) -> None:
    machine.missing["http://api/"] = "store: locked"
    supervisor = _supervisor(machine, machine.child(tmp_path, "api"))
    starting = asyncio.create_task(supervisor.start())
    await machine.clock.advance(61.0)
    with pytest.raises(Refusal, match="Api is not ready after 60 s: store: locked"):
        await starting
    await supervisor.stop()
    assert machine.started["api"][0].status == 0


async def test_a_failing_task_ends_the_start_and_stops_what_runs(machine: Machine, tmp_path: Path) -> None:
    async def broken() -> str:
        raise Refusal("Keystone refuses the administrator's password")

    supervisor = _supervisor(
        machine, machine.child(tmp_path, "keystone"), Task(name="catalogue", title="Catalogue", run=broken)
    )
    with pytest.raises(Refusal, match="refuses the administrator"):
        await supervisor.start()
    await supervisor.stop()
    assert ("catalogue", "failed", "Keystone refuses the administrator's password") in machine.changes


async def test_a_crash_is_answered_by_longer_and_longer_pauses(machine: Machine, tmp_path: Path) -> None:
    supervisor = await _started(machine, machine.child(tmp_path, "engine"))
    pauses = []
    for crash in range(4):
        machine.started["engine"][crash].end(-signal.SIGKILL)
        await settle()
        began = machine.clock.now
        while len(machine.started["engine"]) == crash + 1:
            await machine.clock.advance(0.5)
        pauses.append(machine.clock.now - began)
    assert pauses == [1.0, 2.0, 4.0, 4.0]
    assert ("engine", "restarting", "killed by SIGKILL; again in 4 s") in machine.changes
    # Steady for long enough, it is a first crash again.
    await machine.clock.advance(31.0)
    machine.started["engine"][-1].end(3)
    await settle()
    assert machine.changes[-1] == ("engine", "restarting", "exit status 3; again in 1 s")
    await machine.clock.advance(1.5)
    assert machine.changes[-1] == ("engine", "ready", "")
    await supervisor.stop()


async def test_dependants_are_stopped_first(machine: Machine, tmp_path: Path) -> None:
    for name in ("store", "engine", "api"):
        machine.obeys[name] = ()
    supervisor = await _started(
        machine,
        machine.child(tmp_path, "store"),
        machine.child(tmp_path, "engine", "store"),
        machine.child(tmp_path, "api", "store"),
    )
    stopping = asyncio.create_task(supervisor.stop())
    await settle()
    assert machine.started["engine"][0].signals == machine.started["api"][0].signals == [signal.SIGTERM]
    assert machine.started["store"][0].signals == []
    machine.started["engine"][0].end(0)
    await settle()
    assert machine.started["store"][0].signals == []
    machine.started["api"][0].end(0)
    await settle()
    assert machine.started["store"][0].signals == [signal.SIGTERM]
    machine.started["store"][0].end(0)
    await stopping
    assert _phases(machine, "store")[-2:] == ["stopping", "stopped"]


async def test_who_does_not_obey_is_killed_after_the_grace_period(machine: Machine, tmp_path: Path) -> None:
    machine.obeys["api"] = (signal.SIGKILL,)
    supervisor = await _started(machine, machine.child(tmp_path, "api"))
    stopping = asyncio.create_task(supervisor.stop())
    await machine.clock.advance(4.9)
    assert machine.started["api"][0].signals == [signal.SIGTERM]
    await machine.clock.advance(0.2)
    await stopping
    assert machine.started["api"][0].signals == [signal.SIGTERM, signal.SIGKILL]
    assert machine.changes[-1] == ("api", "stopped", "killed by SIGKILL")


async def test_kill_ends_all_at_once(machine: Machine, tmp_path: Path) -> None:
    machine.obeys["api"] = (signal.SIGKILL,)
    supervisor = await _started(machine, machine.child(tmp_path, "api"))
    stopping = asyncio.create_task(supervisor.stop())
    await settle()
    supervisor.kill()
    await stopping
    assert machine.started["api"][0].signals == [signal.SIGTERM, signal.SIGKILL]


async def test_stopping_while_it_starts_and_while_it_waits_to_restart(machine: Machine, tmp_path: Path) -> None:
    machine.missing["http://slow/"] = "does not listen yet"
    supervisor = _supervisor(
        machine,
        machine.child(tmp_path, "slow"),
        machine.child(tmp_path, "crashed"),
        machine.child(tmp_path, "later", "slow"),
    )
    starting = asyncio.create_task(supervisor.start())
    await machine.clock.advance(0.5)
    machine.started["crashed"][0].end(1)
    await settle()
    starting.cancel()
    await supervisor.stop()
    assert machine.started["slow"][0].status == 0
    assert len(machine.started["crashed"]) == 1
    assert "later" not in machine.started


async def _nothing() -> str:
    return ""


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ((Task(name="a", title="", run=_nothing), Task(name="a", title="", run=_nothing)), "two rows are called 'a'"),
        ((Task(name="a", title="", run=_nothing, after=("b",)),), "'a' waits for 'b', which is not an earlier row"),
        ((Task(name="a", title="", run=_nothing, after=("a",)),), "'a' waits for 'a', which is not an earlier row"),
    ],
)
def test_rows_that_cannot_be_ordered_are_refused(rows: tuple[Row, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check(rows)


def test_a_child_names_what_it_may_see() -> None:
    child = Child(name="a", title="A", argv=("a",), ready="http://a/", output=Path("a"))
    assert child.environ == ()
