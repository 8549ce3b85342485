"""What is expected of a request: by role, by whether it writes, and by whose the object is. The policy is not asked.

`TABLE` is the rule. `ROWS` are the exceptions; each gives its reason, and one that no route needs fails the run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from tests.fuzz.world import RouteKey

Scope = Literal["own", "shared", "other"]
Outcome = Literal["done", "denied", "hidden", "unknown token"]
ROLES = ("reader", "member", "manager", "admin")
NOBODIES = ("no token", "expired", "limited")  # limited: an application credential whose rules name other routes
READS = frozenset({"GET", "HEAD", "OPTIONS"})

# By role: (own read, own write, shared read, shared write, other's read, other's write)
# done: the handler answers; denied: 403; hidden: 404, exactly as for an id that nothing has
_ORDINARY: tuple[Outcome, ...] = ("done", "done", "done", "denied", "hidden", "hidden")
TABLE: dict[str, tuple[Outcome, ...]] = {
    "reader": ("done", "denied", "done", "denied", "hidden", "hidden"),
    "member": _ORDINARY,
    "manager": _ORDINARY,
    "admin": ("done",) * 6,
}
_COLUMN = {"own": 0, "shared": 2, "other": 4}


@dataclass(frozen=True)
class Row:
    """An exception. pattern: of `describe`'s text, all of it. outcomes: "scope role" to outcome.

    A scope's name alone stands for every role but admin; `*` for all.
    """

    pattern: str
    why: str
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def find(self, role: str, scope: Scope) -> Outcome | None:
        """Return what the row says of a role and scope; None: nothing."""
        if f"{scope} {role}" in self.outcomes:
            return self.outcomes[f"{scope} {role}"]
        if "*" in self.outcomes:
            return self.outcomes["*"]
        return self.outcomes.get(scope) if role != "admin" else None


def _administrators(pattern: str, why: str, other: Outcome = "denied") -> Row:
    return Row(pattern, why, {"own": "denied", "shared": "denied", "other": other})


OPERATORS = "for administrators: it is about the cloud, not about a project"
ROWS = (
    Row(
        r"compute \w+ /(os-cells|os-certificates|os-agents|os-fping|os-cloudpipe|os-fixed-ips|os-floating-ips-bulk|"
        r"os-floating-ip-dns|os-security-group-default-rules)(/{id})?",
        "gone from Nova: whoever has a token is told so",
        {"*": "done"},
    ),
    Row(
        r"compute GET /servers/{id}/(os-virtual-interfaces|consoles)",
        "gone from Nova: whoever has a token is told so, of any id, without a look at it",
        {"*": "done"},
    ),
    # Flavors are the region's; a private one is for the projects that have access.
    _administrators(r"compute (POST|PUT|DELETE) /flavors.*", "flavors are made by administrators"),
    _administrators(r"compute GET /flavors/{id}/os-flavor-access", "who has access is administrators' to know"),
    # Servers: what moves them between hosts or looks at these.
    _administrators(
        r"compute POST /servers/{id}/action (shelveOffload|evacuate|os-resetState|injectNetworkInfo)",
        OPERATORS,
        "hidden",
    ),
    _administrators(r"compute GET /servers/{id}/diagnostics", OPERATORS, "hidden"),
    _administrators(
        r"compute PUT /servers/{id}/os-volume_attachments/{volume}", "swapping is Cinder's own call", "hidden"
    ),
    Row(
        r"compute (POST /servers/{id}/action (migrate|os-migrateLive)|GET /servers/{id}/migrations since 2\.23)",
        "for managers: it costs the cloud more than the project",
        {"own reader": "denied", "own member": "denied"},
    ),
    Row(
        r"compute POST /servers/{id}/action (add|remove)SecurityGroup",
        "the group is looked for among the caller's project's, an administrator's as well",
        {"other admin": "hidden"},
    ),
    _administrators(
        r"compute GET /(os-services|os-hypervisors|os-hypervisors/(detail|statistics)|os-aggregates|"
        r"os-availability-zone/detail|os-simple-tenant-usage)",
        OPERATORS,
    ),
    Row(
        r"compute GET /os-migrations",
        "for managers: it costs the cloud more than the project",
        {"own reader": "denied", "own member": "denied"},
    ),
    # Quotas: every project id will do, so that of another is refused and not hidden.
    _administrators(r"(compute|network) (PUT|DELETE) /(os-quota-sets|quotas)/{project}", "administrators set quotas"),
    Row(r"compute GET /os-quota-sets/{project}/defaults", "the defaults are the region's", {"*": "done"}),
    Row(
        r"(compute|network) GET /(os-quota-sets|quotas|os-simple-tenant-usage)/{project}(/\w+)?",
        "any project id is taken, known or not: the refusal tells nothing",
        {"other": "denied"},
    ),
    _administrators(r"network GET /quotas", "the quotas of all projects"),
    # Key pairs are a user's and named, not numbered.
    Row(
        r"compute POST /os-keypairs",
        "key pairs belong to users and Nova asks no role for one's own: a reader has them, too",
        {"own reader": "done"},
    ),
    Row(
        r"compute \w+ /os-keypairs/{name}",
        "as above; and the name is looked up among the caller's own, an administrator's as well",
        {"own reader": "done", "other": "hidden", "other admin": "hidden"},
    ),
    # Proxies of old: an administrator sees there what any member sees.
    Row(
        r"compute GET /(images|os-security-groups)/{id}",
        "the proxy shows the project's own to everybody, administrators included",
        {"other admin": "hidden"},
    ),
    # Network.
    Row(
        r"network GET /agents/{id}",
        "for administrators, and there are none",
        {"own": "denied", "own admin": "hidden"},
    ),
    _administrators(r"network GET /network-ip-availabilities/{id}", OPERATORS),
    _administrators(r"network GET /routers/{id}/l3-agents", OPERATORS, "hidden"),
    Row(r"network (PUT|DELETE) /[a-z-]+", "an object without an id: nobody has one", {"*": "done"}),
    Row(r"network PUT /security-group-rules/{id}", "no rule can be changed: as an unknown one", {"*": "done"}),
    Row(r"network (PUT|DELETE) /subnetpools/{id}", "there are none: as an unknown one", {"*": "done"}),
    # Images are the operator's catalogue: every write is refused, policy or not.
    _administrators(r"image \w+ /tasks", OPERATORS),
    Row(r"image GET /tasks/{task}", "as above, and there are none", {"own": "denied", "own admin": "hidden"}),
    Row(r"image GET /images/{id}/file", "no reader downloads", {"own reader": "denied", "shared reader": "denied"}),
    Row(
        r"image PUT /images/{id}/members/{member}",
        "an invitation is accepted by who was invited, not by the owner",
        {"own": "denied", "shared": "denied"},
    ),
    Row(
        r"image \w+ /images/{id}/members(/{member})?",
        "only shared images have members, and there are none: members are their owners' and invitees' to know",
        {"shared": "denied"},
    ),
)

# Where another's id is told from an unknown one, and that is known: each with where a real service was recorded so.
TOLD_APART: tuple[tuple[str, str], ...] = ()


def describe(key: RouteKey) -> str:
    """Return the text that patterns are matched with."""
    words = [key.service, key.method, key.path, key.action, f"since 2.{key.since}" if key.since > 1 else ""]
    return " ".join(filter(None, words))


def row_of(key: RouteKey) -> Row | None:
    """Return the exception that a route falls under."""
    text = describe(key)
    return next((row for row in ROWS if re.fullmatch(row.pattern, text)), None)


def expected(key: RouteKey, role: str, scope: Scope) -> Outcome:
    """Return what a request must come to."""
    if role in NOBODIES:
        return "unknown token"
    row = row_of(key)
    told = row.find(role, scope) if row is not None else None
    if told is not None:
        return told
    return TABLE[role][_COLUMN[scope] + (key.method not in READS)]
