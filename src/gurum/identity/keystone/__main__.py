"""`python -m gurum.identity.keystone --config FILE`: the embedded Keystone in the foreground.

Exit status 0 after SIGTERM, 1 if it cannot start (the reason on stderr), 2 for a usage error.
"""

import argparse
import sys
import time
from pathlib import Path

from gurum.identity.keystone.config import ConfigError, load
from gurum.identity.keystone.process import run
from gurum.ops.secrets import SecretError


def main(arguments: list[str]) -> int:
    """Run until told to stop; gives the exit status."""
    started = time.time()
    parser = argparse.ArgumentParser(prog="python -m gurum.identity.keystone", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="configuration file (YAML)")
    config_file: Path = parser.parse_args(arguments).config
    try:
        run(load(config_file), started)
    except (ConfigError, SecretError, OSError) as error:
        sys.stderr.write(f"keystone: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
