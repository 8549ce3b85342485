from __future__ import annotations

import json
from random import Random

from tests.same.mutants import Judge, faults, mutated
from tests.same.proxy import Exchange, Proxy
from tests.same.samples import ONE, THREE, TWO, play, transcript
from tests.same.warm import Result

BODY = {"server": {"id": ONE, "name": "one", "created": "2030-01-02T03:04:05Z", "tags": ["a", "b"], "locked": False}}
ANSWER = Exchange(
    method="GET",
    url="http://h/servers",
    status=200,
    headers=[("Content-Type", "application/json"), ("X-Openstack-Request-Id", "req-1")],
    body=json.dumps(BODY).encode(),
)


def test_every_kind_of_fault_changes_one_thing_of_an_answer() -> None:
    found = faults(ANSWER, [TWO], Random(1))
    assert {fault.kind for fault in found} == {
        *("status", "header dropped", "truncated", "key dropped", "item lost", "item doubled", "order"),
        *("value", "type", "word", "id of another", "time form"),
    }
    for fault in found:
        changed = mutated(ANSWER, fault)
        parts = [changed.status != ANSWER.status, changed.headers != ANSWER.headers, changed.body != ANSWER.body]
        if fault.kind == "status" or fault.kind.startswith("header"):
            assert sum(parts) == 2 - (json.dumps(BODY).encode() == changed.body), fault
        else:
            assert parts == [False, False, True], fault


def test_the_same_seed_draws_the_same() -> None:
    assert faults(ANSWER, [TWO, THREE], Random(7)) == faults(ANSWER, [TWO, THREE], Random(7))


def test_the_judge_asks_about_one_call_of_the_second_cloud() -> None:
    pair = [transcript(play("show", {"id": ONE})), transcript(play("show", {"id": TWO}))]
    judge = Judge(pair, {}, "")
    assert not judge.reports("show", Result(exit=0, stdout=json.dumps({"id": THREE}), stderr=""))
    assert judge.reports("show", Result(exit=1, stdout=json.dumps({"id": TWO}), stderr=""))
    assert judge.reports("show", Result(exit=0, stdout="{}", stderr=""))


def test_a_recording_answers_in_order_and_its_last_answer_again() -> None:
    proxy = Proxy()
    try:
        other = Exchange(method="GET", url="http://h/servers", status=404, headers=[], body=b"")
        with proxy.replay([ANSWER, other]):
            asked = [proxy.exchange("GET", "http://h/servers", {}, b"").status for _ in range(3)]
            assert asked == [200, 404, 404]
            assert b"not recorded" in proxy.exchange("GET", "http://h/else", {}, b"").body
        assert proxy.taken() == []
    finally:
        proxy.close()
