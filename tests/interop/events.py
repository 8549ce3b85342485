"""Subunit to lines of JSON, run by Tempest's own interpreter: `stestr ... | python events.py`.

The two virtual environments share nothing, so that Tempest's pins never touch the product's; a pipe of text is all that
goes between them. One line a test: id, status, seconds, worker, reason of a skip, text of a failure.
"""

import json
import sys
from datetime import datetime
from typing import Any

import subunit
import testtools

TEXTS = ("reason", "traceback")


def line(test: dict[str, Any]) -> None:
    """Write what is known of a test that has ended; that it exists is no news."""
    if test["status"] in ("exists", "inprogress"):
        return
    texts = {name: detail.as_text() for name, detail in test["details"].items() if name.startswith(TEXTS)}
    begin, end = test["timestamps"]
    print(
        json.dumps(
            {
                "id": test["id"],
                "status": test["status"],
                "seconds": (end - begin).total_seconds() if isinstance(begin, datetime) and end else 0.0,
                "worker": next((tag for tag in sorted(test["tags"]) if tag.startswith("worker")), ""),
                "text": texts.get("reason") or "\n".join(texts.values()),
            }
        ),
        flush=True,
    )


def main() -> None:
    """Read standard input to its end."""
    result = testtools.StreamToDict(line)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(sys.stdin.buffer, non_subunit_name="output").run(result)
    result.stopTestRun()


if __name__ == "__main__":
    main()
