"""Which noun a step counts for.

A step counts for its scenario's group even if it asks another service: making a network to test a server's answers
is part of testing servers, and a region where that fails does not serve servers. The one exception are answers 401:
wherever they stand they test authentication, which has to be right everywhere.
"""

from __future__ import annotations

import fnmatch

from tests.golden.player.corpus import Case

OTHER = "other"
AUTHENTICATION = "authentication-errors"

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("keypairs", ("compute/keypairs*",)),
    ("flavors", ("compute/flavors*",)),
    ("security-groups", ("network/security-groups*",)),
    ("networks", ("network/networks*",)),
    ("subnets", ("network/subnets*",)),
    ("ports", ("network/ports*",)),
    ("routers", ("network/routers*",)),
    ("floating-ips", ("network/floatingips*",)),
    ("interfaces", ("compute/interfaces*",)),
    ("server-groups", ("compute/server-groups*",)),
    # Not attachments of volumes: they test that noun.
    ("servers", ("compute/servers-*", "compute/server-metadata*")),
    ("discovery", ("*/versions*", "*/http*", "*/api*")),
    ("microversions", ("*/microversions*",)),
    # Every scenario of wrong authentication requests, and answers 401 anywhere.
    (AUTHENTICATION, ("identity/tokens-b*",)),
    ("identity", ("identity/*",)),
    ("image", ("image/*",)),
    ("limits-quotas", ("compute/limits*", "*/quotas*")),
    (OTHER, ("*",)),
)
"""Groups in the order of the report; a scenario belongs to the first that names it."""

NAMES = tuple(name for name, _ in GROUPS)


def of_scenario(scenario: str) -> str:
    """The group of a scenario."""
    return next(name for name, globs in GROUPS if any(fnmatch.fnmatchcase(scenario, g) for g in globs))


def of_steps(case: Case) -> dict[str, str]:
    """The group of each step of a case."""
    group = of_scenario(case.name)
    return {a.name: AUTHENTICATION if a.status == 401 else group for a in case.golden}
