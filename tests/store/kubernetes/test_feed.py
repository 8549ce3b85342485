"""A feed and a server that breaks off, forgets, restarts and is lied to: what readers are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import pytest
from tests.support.store import make_server, until

from gurum.model.server import Server
from gurum.store import objects
from gurum.store.contract import EVERYTHING, Filter, UnavailableError, WatchExpiredError
from gurum.store.kubernetes import feed as feeds
from gurum.store.kubernetes import shape
from gurum.store.kubernetes.client import Answer, Client, RefusedError
from gurum.store.kubernetes.feed import Feed, Known

Document = dict[str, Any]


class Scripted:
    """An API server of one kind: `documents` at `version`, and streams that the test feeds line by line."""

    def __init__(self) -> None:
        self.version = 100
        self.documents: list[Document] = []
        self.lists = 0
        self.since: list[str] = []  # where each watch began
        self.refuse: RefusedError | None = None
        self.beginning: list[Document] | RefusedError | None = None  # what a watch-list is told; None: as `documents`
        self.begun = 0  # watch-lists asked for
        self._lines: asyncio.Queue[Document | Exception | None] = asyncio.Queue()

    async def get(self, path: str, **parameters: str) -> Answer:
        """A list."""
        self.lists += parameters["limit"] != "1"  # else only the version is asked for
        body = {"metadata": {"resourceVersion": str(self.version)}, "items": self.documents}
        return Answer(200, msgspec.json.encode(body))

    async def stream(self, path: str, **parameters: str) -> AsyncIterator[bytes]:
        """A watch, or a watch-list."""
        if "sendInitialEvents" in parameters:
            assert parameters["resourceVersionMatch"] == "NotOlderThan"
            assert "resourceVersion" not in parameters
            self.begun += 1
            for told in self._beginning():
                yield msgspec.json.encode(told)
            return
        self.since.append(parameters["resourceVersion"])
        if self.refuse is not None:
            refusal, self.refuse = self.refuse, None
            raise refusal
        while (line := await self._lines.get()) is not None:
            if isinstance(line, Exception):
                raise line
            yield msgspec.json.encode(line)

    def _beginning(self) -> list[Document]:
        if isinstance(self.beginning, RefusedError):
            raise self.beginning
        if self.beginning is not None:
            return self.beginning
        return [*(happening("ADDED", one) for one in self.documents), complete(self.version)]

    def tell(self, kind: str, document: Document, version: int) -> None:
        """Send an event."""
        self.version = version
        meta = document["metadata"] | {"resourceVersion": str(version)}
        self._lines.put_nowait({"type": kind, "object": {**document, "metadata": meta}})

    def end(self, how: Exception | None = None) -> None:
        """End the stream, orderly or not."""
        self._lines.put_nowait(how)

    def error(self, code: int) -> None:
        """Say in the stream that something is wrong, and end it."""
        self._lines.put_nowait({"type": "ERROR", "object": {"kind": "Status", "code": code}})
        self._lines.put_nowait(None)


def happening(kind: str, document: Document) -> Document:
    return {"type": kind, "object": document}


def complete(version: int) -> Document:
    annotations = {"k8s.io/initial-events-end": "true"}
    return happening("BOOKMARK", {"metadata": {"resourceVersion": str(version), "annotations": annotations}})


def document(name: str = "web", *, version: int = 1, uid: str = "", project: str = "p1") -> Document:
    server = objects.created(make_server(name, project=project), 1_800_000_000.0)
    made = shape.new(server)
    made["metadata"] |= {
        "resourceVersion": str(version),
        "creationTimestamp": "2027-01-15T08:00:00Z",
        "generation": 1,
        "uid": uid or name,
    }
    return made


@asynccontextmanager
async def following(*documents: Document) -> AsyncIterator[tuple[Scripted, Feed[Server]]]:
    """Give a server that has these, and a feed that follows it."""
    server = Scripted()
    server.documents = list(documents)
    feed = Feed(cast("Client", server), Server)
    await feed.start()
    try:
        yield server, feed
    finally:
        await feed.close()


async def reached(feed: Feed[Server], version: int) -> None:
    async with asyncio.timeout(10):
        await feed.reach(lambda: feed.position >= version)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "_PAUSE", (0.001, 0.002))


async def test_it_continues_where_the_list_ended() -> None:
    first, second = document("a", version=90), document("b")
    async with following(first) as (server, feed):
        server.tell("ADDED", second, 105)
        await reached(feed, 105)
        assert server.since == ["100"]
        [event] = feed.since(100, EVERYTHING)
        assert (event.type, event.id, event.resource_version) == ("put", second["spec"]["id"], 105)
        assert event.object is not None
        assert event.object.metadata.resource_version == 105
        assert set(feed.index) == {first["spec"]["id"], second["spec"]["id"]}


async def test_a_bookmark_moves_on_and_is_no_event() -> None:
    async with following() as (server, feed):
        server.tell("BOOKMARK", {"metadata": {}}, 140)
        await reached(feed, 140)
        assert feed.since(100, EVERYTHING) == []
        assert feed.since(140, EVERYTHING) == []


@pytest.mark.parametrize("how", [None, UnavailableError("cut off")])
async def test_a_stream_that_ends_is_taken_up_where_it_was(how: Exception | None) -> None:
    async with following() as (server, feed):
        server.tell("ADDED", document("a"), 101)
        server.end(how)
        await until(lambda: len(server.since) == 2)
        assert server.since == ["100", "101"]
        assert (server.begun, server.lists) == (1, 0)
        server.tell("ADDED", document("b"), 102)
        await reached(feed, 102)
        assert len(feed.since(100, EVERYTHING)) == 2


def _refused(server: Scripted) -> None:
    server.refuse = RefusedError(Answer(410, b"{}"))
    server.end()


@pytest.mark.parametrize("say", [lambda server: server.error(410), _refused], ids=["in the stream", "as an answer"])
async def test_what_the_server_forgot_is_listed_anew_and_readers_are_told(say: Callable[[Scripted], None]) -> None:
    old, new = document("old", version=90), document("new", version=150)
    async with following(old) as (server, feed):
        server.documents, server.version = [new], 200
        say(server)
        await reached(feed, 200)
        assert set(feed.index) == {new["spec"]["id"]}
        with pytest.raises(WatchExpiredError):
            feed.since(100, EVERYTHING)
        assert feed.since(200, EVERYTHING) == []


async def test_another_error_in_the_stream_is_no_reason_to_list() -> None:
    async with following() as (server, _):
        server.error(500)
        await until(lambda: len(server.since) >= 2)
        assert (server.begun, server.lists) == (1, 0)


async def test_only_so_much_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "REMEMBERED", 3)
    one = document("a")
    async with following(one) as (server, feed):
        for version in range(101, 106):
            server.tell("MODIFIED", one, version)
        await reached(feed, 105)
        assert [event.resource_version for event in feed.since(102, EVERYTHING)] == [103, 104, 105]
        with pytest.raises(WatchExpiredError):
            feed.since(101, EVERYTHING)


async def test_nobody_is_from_the_future() -> None:
    async with following() as (_, feed):
        with pytest.raises(WatchExpiredError):
            feed.since(101, EVERYTHING)
        feed.confirm(101)
        assert feed.since(101, EVERYTHING) == []


async def test_an_id_belongs_to_who_had_it_first() -> None:
    victim, thief = document("victim", uid="v"), document("thief", uid="t")
    thief["spec"]["id"] = victim["spec"]["id"]
    async with following(victim) as (server, feed):
        server.tell("ADDED", thief, 101)
        server.tell("DELETED", thief, 102)
        await reached(feed, 102)
        assert feed.index[victim["spec"]["id"]].uid == "v"
        assert feed.since(100, EVERYTHING) == []


async def test_what_has_no_id_yet_or_stands_in_the_wrong_project_is_not_there() -> None:
    pending, foreign = document("pending"), document("foreign")
    del pending["spec"]["id"]
    foreign["spec"]["projectID"] = "somebody else's"
    async with following() as (server, feed):
        server.tell("ADDED", pending, 101)
        server.tell("ADDED", foreign, 102)
        await reached(feed, 102)
        assert feed.index == {}
        assert feed.since(100, EVERYTHING) == []


async def test_what_the_model_has_no_word_for_is_left_out_alone() -> None:
    odd, good = document("odd"), document("good")
    odd["spec"]["launchIndex"] = "many"
    async with following() as (server, feed):
        server.tell("ADDED", odd, 101)
        server.tell("ADDED", good, 102)
        await reached(feed, 102)
        assert [event.id for event in feed.since(100, EVERYTHING)] == [good["spec"]["id"]]


async def test_a_filter_that_lets_nothing_through_still_moves_on() -> None:
    async with following() as (server, feed):
        server.tell("ADDED", document("a", project="p1"), 101)
        await reached(feed, 101)
        [event] = feed.since(100, Filter(project="p2"))
        assert (event.type, event.resource_version) == ("bookmark", 101)


async def test_a_removal_is_seen_only_when_it_is_told() -> None:
    one = document("a", version=90, uid="u")
    uid, address = one["spec"]["id"], shape.address_in(one)
    async with following(one) as (server, feed):
        assert feed.gone(Known(address, "u", 90), uid) == 0
        # An object that was made and removed before the feed has heard of either is not known to be gone.
        assert feed.gone(Known(address, "later", 103), "later") == 0
        server.tell("DELETED", one, 104)
        await reached(feed, 104)
        assert feed.gone(Known(address, "u", 90), uid) == 104


async def test_closing_wakes_who_waits() -> None:
    async with following() as (_, feed):
        waiting = asyncio.ensure_future(feed.news())
        await asyncio.sleep(0)
        await feed.close()
        with pytest.raises(UnavailableError, match="closed"):
            await waiting


async def test_what_changes_while_it_begins_is_as_it_was_last_told() -> None:
    server, first, second = Scripted(), document("a", version=90), document("b", version=95)
    later = {**first, "metadata": first["metadata"] | {"resourceVersion": "101"}}
    server.beginning = [
        happening("ADDED", first),
        happening("BOOKMARK", {"metadata": {"resourceVersion": "96"}}),  # as any: not the end
        happening("ADDED", second),
        happening("MODIFIED", later),
        happening("DELETED", second),
        complete(102),
    ]
    feed = Feed(cast("Client", server), Server)
    listed = await feed.start()
    assert listed is not None
    assert (listed.version, listed.documents) == (102, [later])
    assert {known.version for known in feed.index.values()} == {101}
    await feed.close()


@pytest.mark.parametrize(
    "beginning",
    [
        RefusedError(Answer(422, b'{"message":"sendInitialEvents is forbidden for watch"}')),
        RefusedError(Answer(429, b'{"message":"storage is (re)initializing"}')),
        [happening("ADDED", document("gone", version=90))],  # and nothing more
        [happening("ERROR", {"code": 410, "message": "too old"})],
    ],
)
async def test_who_does_not_tell_from_the_beginning_is_asked_for_pages(
    beginning: list[Document] | RefusedError,
) -> None:
    server = Scripted()
    server.beginning, server.documents = beginning, [document("there", version=99)]
    feed = Feed(cast("Client", server), Server)
    await feed.start()
    assert (server.begun, server.lists, feed.position) == (1, 1, 100)
    assert {known.version for known in feed.index.values()} == {99}
    await feed.close()
