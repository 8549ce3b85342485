"""`python -m tests.upgrade`: a store of the previous schema is served and converges; a newer one is refused.

Exit status 0 if everything held; the last line is a summary.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.support.backend import available, on_postgresql, run_url
from tests.upgrade import fixtures, forms, newer, past, present
from tests.upgrade.site import upgraded

from gurum.supervisor.places import Places


def main() -> int:
    """Live in the past, rewrite the store, start the present on it, look."""
    parser = argparse.ArgumentParser(prog="python -m tests.upgrade", description=__doc__)
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text")
    parser.add_argument("--freeze", action="store_true", help="keep the past's store as the fixture of this schema")
    options = parser.parse_args()
    began = time.monotonic()
    forms.register()
    report = present.Report()
    if options.freeze and on_postgresql():
        parser.error("a fixture is a store of SQLite")
    with available(), tempfile.TemporaryDirectory(prefix="gurum-upgrade-") as name:
        directory = Path(name)
        places = Places(directory / "var")
        store = run_url(places.state)
        before = past.live(directory)
        if options.freeze:
            print(f"wrote {fixtures.freeze(places.state / 'gurum.sqlite')}", file=sys.stderr)
        for what, said, wrong in newer.refusals(places, store, directory):
            report.hold(f"refused: {what}", not wrong, wrong or said)
        report.count("objects", forms.rewrite(store))
        head = present.head(store)
        with upgraded(directory) as stack:
            report.figures["ready_seconds"] = round(stack.ready_seconds, 1)
            asyncio.run(present.look(stack, before, report))
        present.rows(store, head, report)
    report.figures["seconds"] = round(time.monotonic() - began, 1)
    report.show(options.format == "json")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
