"""Mirrors: order, groups, indexes, sums and renderings through any sequence of changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gurum.model.base import Metadata
from gurum.model.compute import Flavor, FlavorSpec
from gurum.model.network import Network, NetworkSpec
from gurum.pia.kernel.entries import BESIDE, Entry, Renderings, rendered
from gurum.pia.kernel.mirror import Board, Mirror
from gurum.store.cache import Cache
from gurum.store.memory import MemoryStore


def network(uid: str, *, project: str = "p", region: str = "r", at: float = 0.0, deleting: bool = False) -> Network:
    return Network(
        metadata=Metadata(
            id=uid,
            key=f"k{uid}",
            region=region,
            project=project,
            created_at=at,
            deletion_requested_at=1.0 if deleting else None,
        ),
        spec=NetworkSpec(name=uid),
    )


def feed(mirror: Mirror[Network], *networks: Network) -> None:
    for each in networks:
        mirror.feed("put", mirror.get(each.id), each)


def names(mirror: Mirror[Network], region: str = "r", group: str | None = None) -> list[str]:
    return [obj.spec.name for obj in mirror.objects(region, group)]


def test_members_are_in_order_of_age_within_project_and_region() -> None:
    mirror = Mirror(Network)
    feed(mirror, network("b", at=2), network("a", at=1), network("c", at=1, project="q"), network("d", region="s"))
    assert names(mirror) == ["a", "c", "b"]
    assert names(mirror, group="p") == ["a", "b"]
    assert names(mirror, region="s") == ["d"]
    assert names(mirror, region="t") == []
    assert mirror.by_key("kc") is mirror.get("c")
    assert mirror.get("d", "r") is None
    assert len(mirror) == 4


def test_an_object_moves_when_what_it_is_ordered_or_grouped_by_changes() -> None:
    mirror = Mirror(Network)
    feed(mirror, network("a", at=1), network("b", at=2))
    entry = mirror.entry("a")
    feed(mirror, network("a", at=1))
    assert mirror.entry("a") is entry
    feed(mirror, network("a", at=3, project="q"))
    assert names(mirror) == ["b", "a"]
    assert names(mirror, group="p") == ["b"]


def test_what_is_being_deleted_is_hidden_where_asked() -> None:
    mirror = Mirror(Network, hide_deleting=True)
    feed(mirror, network("a"), network("a", deleting=True))
    assert names(mirror) == []
    assert list(mirror.hidden) == ["a"]
    mirror.feed("gone", network("a", deleting=True), None)
    assert mirror.hidden == {}


def test_renderings_are_kept_until_something_changes() -> None:
    mirror = Mirror(Network)
    feed(mirror, network("a"))
    calls: list[str] = []

    def render(entry: Entry[Network]) -> bytes:
        calls.append(entry.object.id)
        return entry.object.id.encode()

    for _ in range(2):
        assert rendered(mirror.members("r"), "shape", render) == [b"a"]
    assert calls == ["a"]
    feed(mirror, network("a"))
    rendered(mirror.members("r"), "shape", render)
    mirror.forget("a")
    rendered(mirror.members("r"), "shape", render)
    rendered(mirror.members("r"), "other shape", render)
    assert calls == ["a"] * 4


def test_what_was_not_shown_for_long_is_let_go_of() -> None:
    """Whatever callers ask for, and in however many shapes, what is kept stays within its bound."""
    each = 1000 + BESIDE
    board = Renderings(limit=3 * each)
    mirror = Mirror(Network)
    mirror.renderings = board
    feed(mirror, *(network(uid) for uid in "abcd"))
    calls: list[str] = []

    def render(entry: Entry[Network]) -> bytes:
        calls.append(entry.object.id)
        return bytes(1000)

    def show(uids: str, shape: str = "shape") -> str:
        calls.clear()
        rendered([entry for uid in uids if (entry := mirror.entry(uid)) is not None], shape, render)
        return "".join(calls)

    assert show("abc") == "abc"
    assert show("a") == ""
    assert show("d") == "d"  # b was not shown again: it went
    assert show("acd") == ""
    assert board.size == 3 * each
    assert show("d", "another") == "d"  # which has two now: another went
    assert show("d") == ""
    assert board.size == 3 * each
    feed(mirror, network("a"), network("c"))
    mirror.feed("gone", network("d"), None)
    assert board.size == 0
    for number in range(100):
        show("abc", f"shape {number}")
        assert board.size <= 3 * each


def test_rows_are_computed_once_per_change() -> None:
    mirror = Mirror(Network, row=lambda obj: obj.spec.name.upper())
    feed(mirror, network("a"))
    assert mirror.members("r")[0].row == "A"


def test_listeners_begin_with_what_is_there() -> None:
    mirror = Mirror(Network)
    feed(mirror, network("a"))
    told: list[tuple[str | None, str | None]] = []
    mirror.listen(lambda old, new: told.append((old.id if old else None, new.id if new else None)))
    feed(mirror, network("b"))
    mirror.feed("gone", network("a"), None)
    mirror.feed("gone", network("never there"), None)
    assert told == [(None, "a"), (None, "b"), ("a", None)]


def test_an_index_of_a_name_is_made_once_and_unknown_ones_are_an_error() -> None:
    mirror = Mirror(Network)
    mirror.index("i", lambda obj: [obj.spec.name])
    mirror.index("i", lambda obj: ["other"])
    feed(mirror, network("a"))
    assert mirror.select("i", "a") == [mirror.get("a")]
    with pytest.raises(KeyError):
        mirror.select("j", "a")


steps = st.lists(
    st.tuples(
        st.sampled_from("abcd"), st.sampled_from("pq"), st.integers(0, 3), st.sampled_from(["put", "hide", "gone"])
    ),
    max_size=30,
)


@given(steps)
def test_any_sequence_of_changes_leaves_what_a_fresh_mirror_would_hold(taken: list[tuple[str, str, int, str]]) -> None:
    def made() -> Mirror[Network]:
        mirror = Mirror(Network, hide_deleting=True)
        mirror.index("project", lambda obj: [obj.metadata.project])
        mirror.tally("count", lambda obj: {"n": 1, "age": int(obj.metadata.created_at)})
        return mirror

    mirror, held = made(), dict[str, Network]()
    for uid, project, at, what in taken:
        before = held.get(uid)
        if what == "gone":
            mirror.feed("gone", before, None)
            held.pop(uid, None)
        else:
            held[uid] = network(uid, project=project, at=at, deleting=what == "hide")
            mirror.feed("put", before, held[uid])
    fresh = made()
    feed(fresh, *held.values())
    for group in (None, "p", "q"):
        assert names(mirror, group=group) == names(fresh, group=group)
    for project in "pq":
        ids = {obj.id for obj in mirror.select("project", project)}
        assert ids == set(names(fresh, group=project))
        total = mirror.total("count", "r", project)
        assert total.get("n", 0) == len(ids)
        assert total.get("age", 0) == sum(int(held[uid].metadata.created_at) for uid in ids)


async def test_a_board_brings_kinds_up_to_date_and_has_one_mirror_of_each() -> None:
    store = MemoryStore()
    board = Board(Cache(store, [Flavor, Network]))
    late: list[str] = []
    board.when(Network, lambda mirror: late.append("listening"))
    assert board.peek(Network) is None
    board.add(Mirror(Network))
    board.when(Network, lambda mirror: late.append("at once"))
    assert late == ["listening", "at once"]
    with pytest.raises(ValueError, match="Network has a mirror already"):
        board.add(Mirror(Network))
    spec = FlavorSpec(name="f", vcpus=1, ram=1, disk=1, flavorid="f")
    await store.create(Flavor(metadata=Metadata(id="f", key="f", region="r"), spec=spec))
    assert len(board.of(Network)) == 0
    await board.fresh(Flavor)
    assert [flavor.id for flavor in board.of(Flavor).objects("r")] == ["f"]
