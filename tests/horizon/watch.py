"""What the pages do not show: calls that the region refused, and trouble that Horizon only told its log.

Horizon turns many an error into an empty list without a word, so a page that looks right is not enough.
"""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 10.0
TROUBLE = re.compile(r"(?:WARNING|ERROR|CRITICAL) (?P<logger>[\w.]+): (?P<text>.*)")
# Records that are about Horizon itself, met with any cloud.
ITS_OWN = (
    re.compile(r'openstack_dashboard\.api\.glance: OPENSTACK_IMAGE_BACKEND has a format ".*" unsupported by glance'),
    re.compile(r"openstack_dashboard\.api\.neutron: port_list\(\) is called with 'tenant_id' filter parameter"),
)


@dataclass(frozen=True)
class Seen:
    """What happened since the last look: how many calls the region got, those it refused, and Horizon's complaints."""

    calls: int
    refused: list[str]  # "GET /v2.1/servers/… 404"
    complaints: list[str]

    def trouble(self, excused: Sequence[str]) -> list[str]:
        """Return what is wrong with it. `excused`: patterns of refused calls and complaints that are as documented."""
        told = [f"the region refused {call}" for call in self.refused] + [
            f"Horizon logged {it}" for it in self.complaints
        ]
        return [text for text in told if not any(re.search(pattern, text) for pattern in excused)]


class Watch:
    """Reads two logs as they grow: the region's (requests as JSON lines) and Horizon's."""

    def __init__(self, api: str, region: str, requests: Path, horizon: Path) -> None:
        self._marker = f"{api}/compute/"
        self._region = region
        self._requests, self._horizon = requests, horizon
        self._read = {requests: requests.stat().st_size, horizon: horizon.stat().st_size}

    def look(self) -> Seen:
        """Return what happened since the last look. Raises RuntimeError if the region does not log."""
        rows = self._rows_until(self._mark())
        refused = [f"{row['method']} {row['path']} {row['status']}" for row in rows if row["status"] >= 400]
        return Seen(len(rows), refused, complaints(self._new(self._horizon)))

    def _mark(self) -> str:
        """Send a request of our own; its line stands behind all that was answered before."""
        with urllib.request.urlopen(self._marker, timeout=PATIENCE) as answer:
            return str(answer.headers["X-Openstack-Request-Id"])

    def _rows_until(self, marker: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for line in self._new(self._requests):
                row = json.loads(line)
                if row.get("event") != "request" or row.get("region") != self._region:
                    continue
                if row["request_id"] == marker:
                    return rows
                rows.append(row)
            time.sleep(0.02)
        raise RuntimeError(f"{self._requests} does not tell of the request {marker}")

    def _new(self, file: Path) -> list[str]:
        """Return whole lines that were added."""
        with file.open("rb") as source:
            source.seek(self._read[file])
            added = source.read()
        whole = added.rpartition(b"\n")[0]
        if whole:
            self._read[file] += len(whole) + 1
        return whole.decode(errors="replace").splitlines()


def complaints(lines: Sequence[str]) -> list[str]:
    """Return the records of trouble in lines of Horizon's log, without those that are about Horizon itself."""
    found = []
    for line in lines:
        record = TROUBLE.search(line)
        if record is None:
            continue
        text = f"{record['logger']}: {record['text']}"
        if not any(known.search(text) for known in ITS_OWN):
            found.append(text)
    return found
