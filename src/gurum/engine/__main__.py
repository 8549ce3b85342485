"""`python -m gurum.engine`."""

import sys

from gurum.engine.main import main

sys.exit(main())
