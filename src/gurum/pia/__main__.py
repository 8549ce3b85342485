"""`python -m gurum.pia --config FILE [--region NAME]`."""

import sys

from gurum.pia.main import main

if __name__ == "__main__":
    sys.exit(main())
