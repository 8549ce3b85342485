"""`python -m tests.same`: exit status 0 if two clouds are used alike, 1 if not, 2 if they could not be compared."""

from __future__ import annotations

import sys

from tests.same.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
