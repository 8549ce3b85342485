"""`python -m tests.bench`: measure, compare with the budgets, exit non-zero when one is exceeded."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import structlog
from tests.bench import creates, micro, reads, tokens
from tests.bench.figures import Figures
from tests.support.backend import available


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller counts, no project of 50,000")
    parser.add_argument("-f", "--format", choices=("table", "json"), default="table")
    parser.add_argument("--only", choices=("micro", "tokens", "reads", "creates"), help="one part")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    figures = Figures()
    if options.format == "json":
        sys.stdout, out = sys.stderr, sys.stdout  # progress is not the answer
    else:
        out = sys.stdout
    with available("fsync=on"), tempfile.TemporaryDirectory(prefix="gurum-bench-") as directory:
        root = Path(directory)
        if options.only in (None, "micro"):
            micro.measure(figures)
        if options.only in (None, "tokens"):
            tokens.measure(figures, 75.0 if options.quick else 180.0)
        if options.only in (None, "reads"):
            (root / "small").mkdir()
            reads.measure(root / "small", figures, 1000, 40)
            if not options.quick:
                (root / "large").mkdir()
                reads.measure(root / "large", figures, 50_000, 40)
        if options.only in (None, "creates"):
            (root / "creates").mkdir()
            creates.measure(root / "creates", figures, 320 if options.quick else 1008)
            (root / "throttled").mkdir()
            creates.throttled(root / "throttled", figures, 30 if options.quick else 60)
    whole = not options.quick and options.only is None
    return figures.finish(whole, out, as_json=options.format == "json")


if __name__ == "__main__":
    sys.exit(main())
