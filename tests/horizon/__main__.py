"""The command: `python -m tests.horizon`."""

import sys

from tests.horizon.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
