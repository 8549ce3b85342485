"""The API reference, written from the tables of routes: what is not built cannot be in it, what is cannot be left out.

`python -m gurum.pia.kernel.reference > docs/reference/api.md`; a test holds the file against the tables.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import import_module

from gurum.pia.kernel.route import Route
from gurum.pia.kernel.service import Service

HEAD = """# API reference

Written by `python -m gurum.pia.kernel.reference` from the tables that route, check and authorize every request; do not
edit it. Paths are below the service's versioned endpoint. *Policy* is the action that is asked of the policy bundle
(`policy/gurum/actions`), where the rule's OpenStack name stands. *Status* is that of success; where it is 501, 404, 400
or 410, the operation is refused, and the last column says why.
"""


def versions(service: Service, route: Route) -> str:
    """Return the range of microversions of a route, empty where it is in all of the service's."""
    rules = service.microversions
    if rules is None:
        return ""
    first, last = max(route.since, rules.lowest), min(route.until, rules.highest)
    if (first, last) == (rules.lowest, rules.highest):
        return ""
    if last == rules.highest:
        return f"from {rules.major}.{first}"
    if first == rules.lowest:
        return f"to {rules.major}.{last}"
    return f"{rules.major}.{first} to {rules.major}.{last}"


def rows(service: Service) -> Iterator[str]:
    """Yield a line of the service's table for each route, in the order of paths."""
    for route in sorted(service.routes, key=_place):
        operation = f"`{route.method} {route.path}`" + (f" `{route.action}`" if route.action else "")
        policy = f"`{route.policy}`" if route.policy else ""
        yield f"| {operation} | {versions(service, route)} | {route.status} | {policy} | {route.summary} |"


def _place(route: Route) -> tuple[str, str, str, int]:
    return (route.path, route.method, route.action, route.since)


def render(services: Iterable[Service]) -> str:
    """Return the whole document."""
    parts = [HEAD]
    for service in services:
        rules = service.microversions
        parts.append(f"\n## {service.name.capitalize()} (`{service.prefix}`)\n")
        if rules is not None:
            parts.append(f"Microversions {rules.major}.{rules.lowest} to {rules.major}.{rules.highest}.\n")
        parts.append("| operation | versions | status | policy | what it does |")
        parts.append("|---|---|---|---|---|")
        parts.extend(rows(service))
    return "\n".join(parts) + "\n"


def main() -> None:
    """Write the document to standard output."""
    # The kernel knows no services; only this command, which is about all of them, looks them up.
    services: Iterable[Service] = import_module("gurum.pia.services").SERVICES
    sys.stdout.write(render(services))


if __name__ == "__main__":
    main()
