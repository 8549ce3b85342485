"""Keystone's in-process cache: bounded, least recently used goes, values are copies."""

from __future__ import annotations

from typing import Any

from dogpile.cache import make_region
from dogpile.cache.api import NO_VALUE

from gurum.identity.keystone.cache import BACKEND, BoundedCache, register


def test_is_bounded_and_keeps_what_is_used() -> None:
    cache = BoundedCache({"entries": 3})
    cache.set_multi({"a": 1, "b": 2, "c": 3})
    assert cache.get("a") == 1
    cache.set("d", 4)
    assert cache.get_multi(["a", "b", "c", "d"]) == [1, NO_VALUE, 3, 4]
    cache.delete_multi(["a", "nothing"])
    assert cache.get("a") is NO_VALUE


def test_takes_the_place_of_the_unbounded_one_and_gives_copies() -> None:
    register()
    region = make_region().configure(BACKEND, arguments={"entries": 2})
    role = {"name": "member"}
    region.set("role", role)
    given: Any = region.get("role")
    given["links"] = "mine"
    role["links"] = "mine, too"
    assert region.get("role") == {"name": "member"}
    for name in "xy":
        region.set(name, name)
    assert region.get("role") is NO_VALUE
