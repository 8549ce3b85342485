"""The memory that decides who dies: exactly one kill, at exactly the point that was named."""

from __future__ import annotations

from tests.chaos.board import Board, Mode, Process


def test_a_named_point_kills_at_its_nth_passing_and_only_there() -> None:
    board = Board()
    board.arm(Process.ENGINE, Mode.POINT, 2, "a|b|after")
    assert not board.falls(Process.ENGINE, "a|b|before")
    assert not board.falls(Process.PIA, "a|b|after")
    assert not board.falls(Process.ENGINE, "a|b|after")
    assert board.falls(Process.ENGINE, "a|b|after")
    assert not board.falls(Process.ENGINE, "a|b|after"), "the successor must live"


def test_a_count_kills_wherever_it_ends() -> None:
    board = Board()
    board.arm(Process.PIA, Mode.COUNT, 3)
    assert [board.falls(Process.PIA, str(number)) for number in range(5)] == [False, False, True, False, False]


def test_who_has_fallen_is_known_until_it_is_attended_to() -> None:
    board = Board()
    board.arm(Process.ENGINE, Mode.COUNT, 1)
    assert not board.fallen()
    assert board.falls(Process.ENGINE, "x")
    board.call_off()
    assert board.fallen(), "calling off must not hide a kill that has happened"
    board.disarm()
    assert not board.fallen()


def test_what_is_called_off_does_not_fall() -> None:
    board = Board()
    board.arm(Process.ENGINE, Mode.COUNT, 1)
    board.call_off()
    assert not board.falls(Process.ENGINE, "x")


def test_steps_of_all_processes_count() -> None:
    board = Board()
    for process in (Process.ENGINE, Process.PIA, Process.ENGINE):
        board.count(process)
    assert board.steps() == 3


def test_the_verb_is_shared_as_it_was_written() -> None:
    board = Board()
    board.verb = "server create on port"
    board.verb = "console"
    assert board.verb == "console"
