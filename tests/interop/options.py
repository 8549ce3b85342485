"""The booleans that Tempest's tests ask before they run, by section; `check`: whether tempest.conf can be read.

Run by Tempest's own interpreter.

Asked of the very Tempest that runs, so that a new release's new switch is on here too, instead of off by its default.
"""

import json
import sys

from oslo_config import cfg
from tempest import config


def main() -> None:
    """Write section -> names as JSON."""
    found: dict[str, list[str]] = {}
    for section, options in config.list_opts():
        name = str(section or "DEFAULT")
        if name.endswith("feature-enabled") or name in ("service_available", "enforce_scope"):
            found[name] = sorted(option.dest for option in options if isinstance(option, cfg.BoolOpt))
    print(json.dumps(found))


def check() -> None:
    """Read the file as the first test would, which tells of a wrong option as of a fault of its own."""
    try:
        config.TempestConfigPrivate()
    except cfg.Error as error:
        sys.exit(f"tempest.conf: {error}")


if __name__ == "__main__":
    check() if sys.argv[1:] == ["check"] else main()
