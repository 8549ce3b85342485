"""The command: `python -m tests.golden --cloud clouds.yaml --region kr-central-1`.

Kept apart from the player so that importing the package never starts a run.
"""

import sys

from tests.golden.player.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
