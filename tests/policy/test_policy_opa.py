"""An OPA server decides as the embedded engine does, and whatever is no whole answer of it is a denial in time."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.policy.test_policy_engine import SHOW
from tests.support.badopa import ALLOWED, GOOD, WAYS, Impostor, dead, http, impostor, reply

from gurum.ops.policy import PolicyConfig
from gurum.ops.secrets import SecretError
from gurum.policy.model import Decision, PolicyInput, Principal, Request, Scopes, Target
from gurum.policy.opa.exchange import UndecidedError, read
from gurum.policy.opa.point import GRACE, Known, OpaDecisionPoint
from gurum.supervisor.kubernetes.authority import authority

DEADLINE = 0.4
LATE = DEADLINE + GRACE + 1.0  # what a busy machine may add; `make policy` has the narrow bound
PATIENT = 20.0  # where it is not the deadline that is tried


@pytest.fixture
def server() -> Iterator[Impostor]:
    with impostor() as found:
        yield found


def _point(url: str, **more: object) -> OpaDecisionPoint:
    return OpaDecisionPoint(PolicyConfig(url=url, **{"deadline": PATIENT, **more}))  # type: ignore[arg-type]


def _asked(number: int) -> PolicyInput:
    principal = Principal(roles=("reader",), user_id="u", project_id="p")
    return PolicyInput(action="a:b:c", principal=principal, target=Target(user_id=str(number)))


def _denied(decision: Decision) -> bool:
    said = (decision.allow, decision.visible, decision.error, decision.scopes, decision.reveals)
    return said == (False, False, True, None, ()) and decision.reason.startswith("no decision: ")


def test_an_answer(server: Impostor) -> None:
    with closing(_point(server.url)) as point:
        decision = point.decide(SHOW)
        assert (decision.allow, decision.rule, decision.revision, decision.error) == (True, "r", "r1", False)
        assert point.revision == "r1"
        assert server.heads[0].startswith(
            b"POST /v1/data/gurum/authz/decision?provenance=true&strict-builtin-errors=true HTTP/1.1\r\n"
        )
        assert b'{"input":{"action":"' in server.heads[0]


async def test_asked_in_an_event_loop(server: Impostor) -> None:
    with closing(_point(server.url)) as point:
        decisions = await asyncio.gather(*(point.ask(_asked(number)) for number in range(100)))
        assert all(decision.allow for decision in decisions)
        assert (server.asked, point.stats.decisions, point.stats.errors) == (100, 100, 0)


async def test_the_event_loop_goes_on_meanwhile(server: Impostor) -> None:
    server.pieces = WAYS["hung"]
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    with closing(_point(server.url, deadline=DEADLINE)) as point:
        counting = asyncio.create_task(count())
        assert _denied(await point.ask(SHOW))
        counting.cancel()
    assert turns > 10


def test_the_request_is_not_shown(server: Impostor) -> None:
    with closing(_point(server.url)) as point:
        point.decide(PolicyInput(action="a", principal=SHOW.principal, target=SHOW.target, request=Request(id="req-1")))
    assert b"req-1" not in server.heads[0]


@pytest.mark.parametrize("way", WAYS)
def test_whatever_is_no_answer_is_denied_in_time(server: Impostor, way: str) -> None:
    server.pieces = WAYS[way]
    with closing(_point(server.url, deadline=DEADLINE)) as point:
        began = time.monotonic()
        decision = point.decide(SHOW)
        assert time.monotonic() - began < LATE
        assert _denied(decision), decision
        assert server.asked >= 1
        assert point.stats.errors == 1


@pytest.mark.parametrize("way", ["hung", "slow_drip", "redirected", "oversized"])
async def test_and_where_it_is_awaited(server: Impostor, way: str) -> None:
    server.pieces = WAYS[way]
    with closing(_point(server.url, deadline=DEADLINE)) as point:
        began = time.monotonic()
        assert _denied(await point.ask(SHOW))
        assert time.monotonic() - began < LATE


def test_nobody_there() -> None:
    with closing(_point(dead(), deadline=DEADLINE)) as point:
        began = time.monotonic()
        assert _denied(point.decide(SHOW))
        assert time.monotonic() - began < LATE


def test_it_is_well_again_when_opa_is(server: Impostor) -> None:
    server.pieces = WAYS["status_503"]
    with closing(_point(server.url)) as point:
        assert _denied(asyncio.run(point.ask(SHOW)))
        server.pieces = [http(GOOD)]
        assert asyncio.run(point.ask(SHOW)).allow
        assert point.decide(_asked(1)).allow


def test_after_a_failure_nobody_waits_in_a_thread_for_a_deadline(server: Impostor) -> None:
    server.pieces = WAYS["hung"]
    clock = [0.0]
    config = PolicyConfig(url=server.url, deadline=2.0)
    with closing(OpaDecisionPoint(config, now=lambda: clock[0])) as point:
        assert _denied(point.decide(_asked(1)))
        assert server.asked == 1
        assert _denied(point.decide(_asked(2)))
        assert server.asked == 1
        clock[0] = 2.0
        server.pieces = [http(GOOD)]
        assert point.decide(_asked(3)).allow


def test_a_connection_that_the_server_ended_is_no_failure(server: Impostor) -> None:
    """Kept alive by us and ended by it when the next question is on its way, as any server does after a while."""
    server.drops = 2
    with closing(_point(server.url, remembered=0.0)) as point:
        assert point.decide(SHOW).allow
        assert point.decide(SHOW).allow
    assert server.asked == 3, "it is asked once more, and no oftener"


def test_nothing_that_a_server_sends_gets_into_a_text(server: Impostor) -> None:
    server.pieces = [http(reply(ALLOWED | {"forged\nline": 1}))]
    with closing(_point(server.url)) as point:
        decision = point.decide(SHOW)
        assert decision.error
        assert "forged" not in decision.reason


def test_connections_are_bounded(server: Impostor) -> None:
    server.pieces = [0.05, http(GOOD)]
    with closing(_point(server.url, connections=2)) as point, ThreadPoolExecutor(8) as pool:
        decisions = list(pool.map(lambda number: point.decide(_asked(number)), range(8)))
        assert all(decision.allow for decision in decisions)
    server.pieces = [0.7, http(GOOD)]
    with closing(_point(server.url, connections=1, deadline=1.0)) as point, ThreadPoolExecutor(4) as pool:
        began = time.monotonic()
        late = list(pool.map(lambda number: point.decide(_asked(number)), range(4)))
        assert time.monotonic() - began < 1.0 + GRACE + 1.0
        assert sum(decision.allow for decision in late) == 1
        assert sum(_denied(decision) for decision in late) == 3


def test_a_text_that_could_forge_is_denied_unasked(server: Impostor) -> None:
    with closing(_point(server.url)) as point:
        decision = point.decide(PolicyInput(action='a"b', principal=SHOW.principal, target=SHOW.target))
        assert (decision.allow, decision.error, server.asked) == (False, False, 0)


def test_a_token_and_nothing_of_it_in_the_log(
    server: Impostor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text("s3cret\n")
    with caplog.at_level(logging.DEBUG), closing(_point(server.url, token_file=str(file))) as point:
        point.decide(SHOW)
        assert b"Authorization: Bearer s3cret\r\n" in server.heads[-1]
        file.write_text("0ther\n")
        assert point.reload() == server.url
        point.decide(SHOW)
        assert b"Authorization: Bearer 0ther\r\n" in server.heads[-1]
        file.chmod(0o644)
        with pytest.raises(SecretError):
            point.reload()
        server.pieces = WAYS["status_401"]
        assert _denied(point.decide(_asked(7)))
        assert b"Authorization: Bearer 0ther\r\n" in server.heads[-1]
    assert "s3cret" not in caplog.text


def _authority(place: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """Return the file of an authority, and what a server presents that it signed."""
    now = datetime.now(UTC)
    signer = authority(place / name, name, now)
    (place / f"{name}.crt").write_bytes(signer.pem)
    signer.issue(name, now, hosts=["127.0.0.1"]).write(place / f"{name}.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(place / f"{name}.pem")
    return place / f"{name}.crt", context


def test_who_signed_the_certificate_is_believed_and_nobody_else(tmp_path: Path) -> None:
    ours, secured = _authority(tmp_path, "ours")
    others, _ = _authority(tmp_path, "others")
    with impostor(secured) as server:
        assert server.url.startswith("https://")
        with closing(_point(server.url, ca_file=str(ours))) as point:
            assert point.decide(SHOW).allow
        for wrong in ({"ca_file": str(others)}, {}):
            before = server.asked
            with closing(_point(server.url, **wrong)) as point:
                assert _denied(point.decide(SHOW))
            assert server.asked == before


def test_what_cannot_be_read_is_refused_at_the_start(tmp_path: Path) -> None:
    before = threading.active_count()
    with pytest.raises(SecretError):
        _point(dead(), token_file=str(tmp_path / "none"))
    with pytest.raises(OSError, match="No such file"):
        _point(dead(), ca_file=str(tmp_path / "none"))
    assert threading.active_count() == before


def test_closed() -> None:
    point = _point(dead())
    point.close()
    point.close()
    assert _denied(point.decide(SHOW))
    assert _denied(asyncio.run(point.ask(SHOW)))


async def test_readiness(server: Impostor) -> None:
    with closing(_point(server.url)) as point:
        assert await point.missing() is None
        server.pieces = WAYS["undefined"]
        assert "undefined in OPA" in str(await point.missing())


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_an_answer_is_used_again_while_its_revision_is_known_to_be_current(server: Impostor) -> None:
    clock = [10.0]
    config = PolicyConfig(url=server.url, deadline=PATIENT, remembered=1.0)
    with closing(OpaDecisionPoint(config, now=lambda: clock[0])) as point:
        first = point.decide(_asked(1))
        clock[0] = 11.0
        again = point.decide(_asked(1))
        assert (server.asked, again.allow, again.revision) == (1, True, "r1")
        assert first.decision_id != again.decision_id
        clock[0] = 11.1  # nobody has heard of r1 for more than a second
        point.decide(_asked(1))
        assert server.asked == 2
        clock[0] = 12.0
        point.decide(_asked(2))  # confirms r1 for the other answer, too
        clock[0] = 12.9
        point.decide(_asked(1))
        assert server.asked == 3
        assert point.stats.remembered == 2


def test_another_revision_ends_all_that_was_kept(server: Impostor) -> None:
    with closing(_point(server.url, remembered=60.0)) as point:
        point.decide(_asked(1))
        server.pieces = [
            http(reply(ALLOWED | {"allow": False}).replace(b'"r1"', b'"r2"')),
        ]
        assert not point.decide(_asked(2)).allow
        decision = point.decide(_asked(1))
        assert (decision.allow, decision.revision, server.asked) == (False, "r2", 3)


@pytest.mark.parametrize(
    "provenance", ['"provenance": {}', '"provenance": {"bundles": {"a": {"revision": "x"}, "b": {}}}', '"version": "1"']
)
def test_without_a_revision_nothing_is_kept(server: Impostor, provenance: str) -> None:
    body = reply(ALLOWED).replace(b'"provenance": {"bundles": {"b": {"revision": "r1"}}}', provenance.encode())
    server.pieces = [http(body)]
    with closing(_point(server.url, remembered=60.0)) as point:
        for _ in range(3):
            decision = point.decide(SHOW)
            assert (decision.allow, decision.revision) == (True, "")
        assert server.asked == 3


def test_nothing_is_kept_if_so_configured(server: Impostor) -> None:
    with closing(_point(server.url, remembered=0.0)) as point:
        point.decide(SHOW)
        point.decide(SHOW)
        assert server.asked == 2


def test_a_failure_is_not_kept(server: Impostor) -> None:
    server.pieces = WAYS["status_500"]
    with closing(_point(server.url)) as point:
        asyncio.run(point.ask(SHOW))
        server.pieces = [http(GOOD)]
        assert asyncio.run(point.ask(SHOW)).allow


def test_an_older_answer_that_comes_late_changes_nothing() -> None:
    known = Known(1.0, 10)
    old, new = (read(GOOD.replace(b'"r1"', f'"{name}"'.encode())) for name in ("old", "new"))
    known.learn(b"a", old, sent=1.0)
    known.learn(b"b", new, sent=2.0)
    known.learn(b"a", old, sent=1.5)  # was under way while the bundle changed
    assert known.revision == "new"
    assert known.recall(b"a", 2.0) is None
    assert known.recall(b"b", 3.0) == (new.verdict, "new")
    assert known.recall(b"b", 3.01) is None
    known.learn(b"c", new, sent=1.9)  # does not make it current for less long, or longer
    assert known.recall(b"b", 3.0) is not None
    assert known.recall(b"b", 3.01) is None
    known.forget()
    assert known.recall(b"b", 2.0) is None


# --- what is read -----------------------------------------------------------------------------------------------------


def test_scopes_are_read() -> None:
    scopes = {
        "all": False, "projects": ["p1"], "users": [], "parents": [], "members": [], "shared": True, "external": False,
        "visibilities": ["public"],
    }  # fmt: skip
    answer = read(reply(ALLOWED | {"scopes": scopes}, decision_id="a-1", metrics={"x": 1}))
    assert answer.verdict.scopes == Scopes(projects=("p1",), shared=True, visibilities=("public",))
    assert (answer.revision, answer.decision_id) == ("r1", "a-1")
    del scopes["shared"]
    with pytest.raises(UndecidedError, match="OPA's answer is no decision: Object missing required field `shared`"):
        read(reply(ALLOWED | {"scopes": scopes}))


def test_several_bundles_are_one_revision() -> None:
    body = GOOD.replace(b'{"b": {"revision": "r1"}}', b'{"b": {"revision": "2"}, "a": {"revision": "1"}}')
    assert read(body).revision == "1+2"
    assert read(GOOD.replace(b'{"bundles": {"b": {"revision": "r1"}}}', b'{"revision": "old"}')).revision == "old"


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\nb", "ü"])
def test_an_id_that_is_none_is_not_taken(given: str) -> None:
    assert read(reply(ALLOWED, decision_id=given)).decision_id == ""


# --- where it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://opa.example",
        "http://10.0.0.1:8181",
        "ftp://127.0.0.1",
        "https://u:p@opa.example",
        "https://opa.example?x=1",
        "https://",
        "opa.example",
    ],
)
def test_a_way_on_which_others_could_decide_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"policy\.url must"):
        PolicyConfig(url=url)


@pytest.mark.parametrize(
    "url", ["https://opa.example:8181/x", "http://127.0.0.1:8181", "http://[::1]:8181", "http://localhost"]
)
def test_others_are_taken(url: str) -> None:
    assert PolicyConfig(url=url).url == url


@pytest.mark.parametrize("wrong", [{"deadline": 0}, {"deadline": 61}, {"remembered": -1}, {"connections": 0}])
def test_limits(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=rf"policy\.{next(iter(wrong))} must"):
        PolicyConfig(**wrong)  # type: ignore[arg-type]
