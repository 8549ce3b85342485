"""The command: `python -m tests.golden`, or with `--cloud clouds.yaml --region kr-central-1` against another cloud.

Kept apart from the player so that importing the package never starts a run, and so that the player knows nothing of
the product: only here a cloud of our own is offered to it.
"""

import sys

from tests.golden.own import started
from tests.golden.player.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], started))
