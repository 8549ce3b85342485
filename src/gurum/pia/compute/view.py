"""What several nouns show alike: links, times."""

from __future__ import annotations

from datetime import UTC, datetime

from gurum.pia.compute.wire import VERSION


def links(root: str, collection: str, id: str) -> list[dict[str, str]]:
    """Return an object's two links, in Nova's order."""
    return [
        {"rel": "self", "href": f"{root}{VERSION}/{collection}/{id}"},
        {"rel": "bookmark", "href": f"{root}/{collection}/{id}"},
    ]


def seconds(at: float) -> str:
    """Return a time as `2024-01-02T03:04:05Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micros(at: float | None) -> str | None:
    """Return a time as `2024-01-02T03:04:05.000000`, None for none: how Nova shows what its database holds."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
