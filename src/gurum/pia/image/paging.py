"""Order and pages of an image list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from gurum.model.image import Image
from gurum.pia.kernel.entries import Entry
from gurum.pia.kernel.errors import bad_request
from gurum.pia.kernel.wire import Query

DEFAULT_LIMIT = 25  # limit_param_default
KEYS: dict[str, Callable[[Image], Any]] = {
    "name": lambda image: image.spec.name,
    "status": lambda image: image.status.status,
    "container_format": lambda image: image.spec.container_format,
    "disk_format": lambda image: image.spec.disk_format,
    "size": lambda image: image.spec.size,
    "id": lambda image: image.id,
    "created_at": lambda image: image.metadata.created_at,
    "updated_at": lambda image: image.metadata.updated_at,
}


def sorts(query: Query) -> list[tuple[str, bool]]:
    """Return (key, descending) in order of weight. Raises a 400."""
    pairs = [(key, direction) for part in query.all("sort") for key, direction in _pairs(part)]
    keys, directions = query.all("sort_key"), query.all("sort_dir")
    if pairs and (keys or directions):
        raise bad_request("Old and new sorting syntax cannot be combined")
    if not pairs:
        if len(directions) > 1 and len(directions) != max(len(keys), 1):
            raise bad_request("Number of sort dirs does not match the number of sort keys")
        spread = directions if len(directions) > 1 else (directions or ["desc"]) * max(len(keys), 1)
        pairs = list(zip(keys or ["created_at"], spread, strict=False))
    for key, direction in pairs:
        if key not in KEYS:
            raise bad_request(f"Invalid sort key: {key}. It must be one of the following: {', '.join(KEYS)}.")
        if direction not in ("asc", "desc"):
            raise bad_request(f"Invalid sort direction: {direction}")
    return [(key, direction == "desc") for key, direction in pairs]


def _pairs(text: str) -> list[tuple[str, str]]:
    parts = [part.strip().partition(":") for part in text.split(",") if part.strip()]
    return [(key.strip(), direction.strip() or "desc") for key, _, direction in parts]


def ordered(entries: Sequence[Entry[Image]], by: list[tuple[str, bool]]) -> list[Entry[Image]]:
    """Return the entries in that order; equal ones by creation and then id, newest first, as Glance breaks ties."""
    found = sorted(entries, key=lambda entry: (entry.object.metadata.created_at, entry.object.id), reverse=True)
    for key, descending in reversed(by):
        pick = KEYS[key]
        found.sort(key=lambda entry: pick(entry.object), reverse=descending)
    return found


def limit(query: Query, most: int) -> int:
    """Return how many images a page has. Raises a 400."""
    if "limit" not in query:
        return min(DEFAULT_LIMIT, most)
    text = query.last("limit")
    try:
        asked = int(text)
    except ValueError:
        raise bad_request("limit param must be an integer") from None
    if asked < 0:
        raise bad_request("limit param must be positive")
    return min(asked, most)


def page(
    entries: list[Entry[Image]],
    query: Query,
    size: int,
    marked: Callable[[str], Entry[Image] | None],
    by: list[tuple[str, bool]],
) -> list[Entry[Image]]:
    """Return a page of the ordered entries. Raises a 400 for a marker that is no image the caller may see."""
    marker = query.last("marker")
    if not marker:
        return entries[:size]
    mark = marked(marker)
    if mark is None:
        raise bad_request(f"No image found with ID {marker}")
    whole = entries if mark in entries else ordered([*entries, mark], by)
    start = whole.index(mark) + 1
    return whole[start : start + size]


def first(query: Query) -> str:
    """Return the link to the list's first page."""
    return _link([(name, value) for name, value in query.pairs if name != "marker"])


def following(query: Query, last: str) -> str:
    """Return the link to the page after the one that ends with that id."""
    return _link([*((name, value) for name, value in query.pairs if name != "marker"), ("marker", last)])


def _link(pairs: list[tuple[str, str]]) -> str:
    return f"/v2/images?{urlencode(pairs)}" if pairs else "/v2/images"
