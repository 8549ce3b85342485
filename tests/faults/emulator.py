"""The emulator's control API, as a test speaks it: what was called, what there is, what shall go wrong."""

from __future__ import annotations

import json
import urllib.request
from typing import Any, Protocol

from gurum.ops.config import Config

REGION = "kakao-usa-east1"
ENDED = frozenset({"shutting-down", "terminated"})


class Configured(Protocol):
    """What knows where the emulator is: a run of the whole, or a part of it."""

    @property
    def config(self) -> Config: ...


class Emulator:
    """One emulator, one account and region of it."""

    def __init__(self, stack: Configured) -> None:
        aws = stack.config.region(REGION).aws
        assert aws is not None
        self._url = f"{aws.endpoint_url}/_emulator"
        self._account = aws.accounts[0].number
        self._region = stack.config.region(REGION).cloud_region

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the product's calls after a number of the ledger, oldest first; not what others did."""
        document = self._ask("GET", f"ledger?since={since}")
        lines: list[dict[str, Any]] = document["entries"] if isinstance(document, dict) else document
        return [line for line in lines if not line["external"]]

    def newest(self) -> int:
        """Return the number of the product's last call, 0 without any."""
        return max((int(line["seq"]) for line in self.calls()), default=0)

    def resources(self, kind: str) -> list[dict[str, Any]]:
        """Return everything of a kind."""
        rows: list[dict[str, Any]] = self._ask("GET", "state")[self._account][self._region][kind]
        return rows

    def living(self) -> list[dict[str, Any]]:
        """Return the instances that run or could."""
        return [row for row in self.resources("instance") if row["state"] not in ENDED]

    def fault(self, **rule: Any) -> None:
        """Let something go wrong from now on."""
        self._ask("POST", "faults", rule)

    def configure(self, **change: Any) -> None:
        """Change the configuration while it runs."""
        self._ask("POST", "config", change)

    def configured(self) -> dict[str, Any]:
        """Return the configuration as it is now."""
        found: dict[str, Any] = self._ask("GET", "config")
        return found

    def trail(self) -> list[dict[str, Any]]:
        """Return every call in CloudTrail's shape, oldest first."""
        records: list[dict[str, Any]] = self._ask("GET", "trail")
        return records

    def mend(self) -> None:
        """Let nothing more go wrong, and give every zone room."""
        self._ask("DELETE", "faults")
        self.configure(capacity=[])

    def external(self, action: str, **params: Any) -> dict[str, Any]:
        """Do something behind the product's back; return AWS's answer."""
        wish = {"account": self._account, "region": self._region, "action": action, "params": params}
        answer: dict[str, Any] = self._ask("POST", "external", wish)
        return answer
