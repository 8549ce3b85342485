"""Bodies and queries of the image API: few, and each operation reads its own."""

from __future__ import annotations

import json
from typing import Any

from tests.fuzz.picks import Picks

PATCH = "application/openstack-images-v2.1-json-patch"
FILTERS: dict[str, tuple[str, ...]] = {
    "visibility": ("public", "private", "shared", "community", "all"),
    "member_status": ("all", "accepted"),
    "protected": ("true", "False"),
    "os_hidden": ("true", "false"),
    "size_min": ("0", "1000000"),
    "size_max": ("100", "-1"),
    "min_ram": ("64", "x"),
    "min_disk": ("1",),
    "created_at": ("gt:2026-01-01T00:00:00Z", "2027-01-15T08:00:00", "lte:2027-01-15"),
    "updated_at": ("neq:2026-01-01T00:00:00Z",),
    "name": ("linux", "in:linux,large", 'in:"a,b",c'),
    "status": ("active", "queued"),
    "tag": ("tag", "other"),
    "owner": ("be7a" * 8, "a1fa" * 8),
    "any_property": ("x",),
    "sort": ("name:asc", "name,created_at:desc"),
    "sort_key": ("name", "id", "size"),
    "sort_dir": ("asc", "desc"),
}


def query(picks: Picks) -> list[tuple[str, str]]:
    """Return parameters for a list."""
    rng = picks.rng
    names = rng.sample(sorted(FILTERS), rng.randint(0, 3))
    pairs = [(name, rng.choice(FILTERS[name])) for name in names]
    if rng.random() < 0.3:
        pairs.append(("limit", str(rng.choice((0, 1, 2, 1000)))))
    return pairs


def body(picks: Picks, method: str, path: str) -> tuple[str, bytes]:
    """Return content type and body that the operation would take if it took any."""
    document: Any = None
    if method == "PATCH":
        change = {"op": picks.rng.choice(("add", "replace")), "path": "/name", "value": picks.name()}
        return PATCH, json.dumps([change]).encode()
    if path.endswith(("/file", "/stage")) and method == "PUT":
        return "application/octet-stream", picks.name().encode()
    if path == "/images" and method == "POST":
        document = {"name": picks.name(), "disk_format": "raw", "container_format": "bare"}
    elif path.endswith("/import"):
        document = {"method": {"name": "glance-direct"}}
    elif path.endswith("/members") and method == "POST":
        document = {"member": picks.project("other")}
    elif path.endswith("/members/{member}") and method == "PUT":
        document = {"status": "accepted"}
    elif method == "POST" and path == "/tasks":
        document = {"type": "import", "input": {}}
    return ("application/json", json.dumps(document).encode()) if document is not None else ("", b"")
