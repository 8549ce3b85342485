"""The load itself: its arithmetic, and that its requests do not get into each other's way."""

from __future__ import annotations

import random

import pytest
from tests.faults.verdict import broken
from tests.load.drive import SHOWN, Seen
from tests.load.memory import picture, slope
from tests.load.mix import INSTEAD, MIX, Mix, Setting, writes
from tests.load.park import LEAVING, SETTLING, Park, Pool
from tests.load.verdict import LIMITS


def _setting() -> Setting:
    return Setting(Park(), random.Random(7), "network", "group", "image", "flavor")


@pytest.mark.parametrize(
    ("points", "expected"),
    [([], 0.0), ([(1.0, 5.0)], 0.0), ([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)], 2.0), ([(0.0, 4.0), (3.0, 4.0)], 0.0)],
)
def test_slope_of_the_least_squares(points: list[tuple[float, float]], expected: float) -> None:
    assert slope(points) == pytest.approx(expected)


def test_a_picture_has_the_peaks() -> None:
    assert picture([]) == ""
    assert picture([1.0, 1.0]) == "▁▁"
    wide = picture([0.0] * 300 + [9.0] + [0.0] * 299, width=60)
    assert len(wide) == 60
    assert wide.count("█") == 1


def test_every_figure_breaks_alone() -> None:
    good = {name: bound for name, (_, bound) in LIMITS.items()}
    assert broken(good, LIMITS) == []
    for name, (relation, bound) in LIMITS.items():
        assert len(broken({**good, name: bound + (-0.01 if relation == ">=" else 0.01)}, LIMITS)) == 1


def test_an_id_is_out_of_reach_until_its_time() -> None:
    pool, rng = Pool(), random.Random(1)
    pool.put("a", now=10.0, after=5.0)
    pool.settle(14.9)
    assert pool.any(rng) == ""
    assert len(pool) == 1
    pool.settle(15.0)
    assert pool.take(rng) == "a"
    assert pool.take(rng) == ""
    assert len(pool) == 0


def test_who_is_to_be_deleted_is_out_of_everybody_s_reach_first() -> None:
    park, rng = Park(), random.Random(1)
    park["running"].put("a", 0.0)
    park.settle(0.0, rng)
    assert park["running"].any(rng) == ""
    assert park["servers leaving"].any(rng) == ""
    park.settle(LEAVING, rng)
    assert park["servers leaving"].take(rng) == "a"


def test_nobody_is_acted_upon_while_settling() -> None:
    setting = _setting()
    for number in range(50):
        setting.park["running"].put(f"server-{number}", 0.0)
    mix, acted, now = Mix(setting), dict[str, float](), 0.0
    for _ in range(20_000):
        now += 0.01
        name, asked = mix.draw(now)
        if asked.path.endswith("/action"):
            server = asked.path.split("/")[-2]
            assert now - acted.get(server, -SETTLING) >= SETTLING, f"{name} of {server} too soon"
            acted[server] = now
            asked.then(None, now)
    assert len(acted) > 20


def test_every_request_comes_in_about_its_share() -> None:
    setting = _setting()
    for pool in setting.park.pools.values():
        for number in range(20_000):
            pool.put(f"id-{number}", 0.0)
    drawn = [Mix(setting).draw(0.0)[0] for _ in range(20_000)]
    whole = sum(weight for weight, _ in MIX.values())
    for name, (weight, _) in MIX.items():
        assert drawn.count(name) == pytest.approx(20_000 * weight / whole, rel=0.5, abs=20), name
    assert 0.05 < sum(writes(name) for name in drawn) / len(drawn) < 0.15


def test_as_many_go_as_come() -> None:
    setting = _setting()
    for number in range(300):
        setting.park["running"].put(f"server-{number}", 0.0)
    mix, now, living = Mix(setting), 0.0, 300
    for _ in range(60_000):
        now += 0.005
        name, asked = mix.draw(now)
        living += (name == "server create") - (name == "server delete")
        document = {"server": {"id": str(now)}, "port": {"id": str(now)}, "keypair": {"name": str(now)}}
        asked.then({**document, "security_group_rule": {"id": str(now)}}, now)
    assert abs(living - 300) < 90, "the load itself grows, so that the memory's growth means nothing"


def test_without_anybody_to_ask_about_a_list_is_asked_for() -> None:
    setting = _setting()
    names = {Mix(setting).draw(0.0)[0] for _ in range(500)}
    assert INSTEAD in names
    assert "server show" not in names
    assert "server stop" not in names


def test_a_wrong_answer_is_counted_and_told() -> None:
    said: list[str] = []
    seen = Seen(say=said.append)
    for number in range(100):
        seen.wrong(f"request {number}")
    seen.took("server show", 3.0, 0)
    seen.took("server create", 5.0, 1)
    assert seen.failed == 100
    assert said == [f"request {number}" for number in range(SHOWN)]
    assert (seen.reads, seen.writes, seen.p99_by_minute()) == ([3.0], [5.0], [3.0, 5.0])
