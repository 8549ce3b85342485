"""What of the policy's table an API server can say itself: roles for a project's namespace, and admission rules in CEL.

Reads never come to us, so who reads is said by roles (RBAC) bound in the namespace; who creates may be said by rules
that go on when none of our processes does. Both are written from the table, never beside it. A rule here is a
*necessary* condition: it refuses what no object could make right (a role that the row does not name at all), and leaves
to Rego what depends on another object (whose network a port is on). So nothing that policy allows is refused here, and
what is let through is decided by policy when it is played.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gurum.model import codec
from gurum.pia.compute.service import ROUTES
from gurum.pia.faces import bodies
from gurum.pia.faces.actions import WORDS
from gurum.pia.services import SERVICES
from gurum.policy import table
from gurum.policy.bundle import BundleSource
from gurum.store.kubernetes.admission import policy
from gurum.store.kubernetes.kinds import DOMAIN, PLACES, SERVER_ACTION, VERSION
from gurum.store.kubernetes.people import IS_PERSON, OF_PROJECT, OF_ROLES
from gurum.store.kubernetes.schema import spec_of
from gurum.store.kubernetes.words import camel

Document = dict[str, Any]
ANYONE = "anyone"
_WITHIN = frozenset({"any", "project", "parent"})  # scopes that an object of one's own project may have


def _resources() -> Iterator[tuple[str, str]]:
    """Yield (kind, the policy's resource of it): that of the request which makes one."""
    for kind, noun in bodies.NOUNS.items():
        path = "/" + noun.path.strip("/").partition("/")[2]
        routes = next(service.routes for service in SERVICES if service.prefix == noun.prefix)
        made = next(route for route in routes if route.method == "POST" and route.path == path and route.policy)
        yield kind, made.policy.rpartition(":")[0]


RESOURCES: Mapping[str, str] = dict(_resources())


class Granted:
    """What one bundle's table gives. `readers`, `writers`: roles that read and write in a project's namespace.

    The roles are those that every row names, so that a role which reaches one kind alone (`service`) gets no namespace.
    """

    def __init__(self, rows: Mapping[str, table.Row]) -> None:
        self._rows, self._actions = rows, actions()
        self.readers = self._everywhere("show")
        self.writers = self._everywhere("create")
        self.choosers = tuple(sorted(rows["image:images:list"].allow))  # who sees the images of the catalogue

    @classmethod
    def of(cls, source: BundleSource) -> Granted:
        """Return it. Raises BundleError."""
        return cls(table.actions(source))

    def row(self, kind: str, verb: str) -> table.Row:
        """Return the row of a kind's verb. Raises KeyError."""
        return self._rows[f"{RESOURCES[kind]}:{verb}"]

    def verb(self, word: str) -> table.Row | None:
        """Return the row of an action of a server, by its word in a ServerAction; None for one that nobody has."""
        return self._rows.get(self._actions.get(WORDS.get(word, word), ""))

    def _everywhere(self, verb: str) -> tuple[str, ...]:
        found: set[str] | None = None
        for kind in RESOURCES:
            allow = self.row(kind, verb).allow
            roles = {role for role, scopes in allow.items() if _WITHIN & set(scopes)}
            if ANYONE in allow:
                continue  # a key pair is its user's, whatever their role
            found = roles if found is None else found & roles
        return tuple(sorted(found or ()))

    def attributes(self, kind: str) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
        """Yield (field, its default, roles one of which is needed) of what not everybody who creates a kind may say."""
        row = self.row(kind, "create")
        for field in msgspec.structs.fields(spec_of(codec.KINDS[kind])):
            said = row.attributes.get(bodies.attribute(kind, field.name))
            if said is None or ANYONE in said.allow:
                continue
            if set(row.allow) - set(said.allow):
                yield camel(field.name), _default(field), tuple(sorted(said.allow))

    def policies(self) -> list[Document]:
        """Return the admission policies, and their bindings."""
        made = _policy("people", ["*"], ["CREATE", "UPDATE", "DELETE"], [_own()])
        for kind in RESOURCES:
            place = PLACES[kind]
            rules = [_needs(tuple(sorted(self.row(kind, "create").allow)), f"{kind} is created")]
            rules += [
                _needs(roles, f"spec.{name} is said", unless=f"{_given(name)}.orValue({_cel(usual)}) == {_cel(usual)}")
                for name, usual, roles in self.attributes(kind)
            ]
            made += _policy(f"people-{place.plural}", [place.plural], ["CREATE"], rules, service=place.group)
        made += _policy(
            "people-serveractions", [SERVER_ACTION.plural], ["CREATE"], self._verbs(), service=SERVER_ACTION.group
        )
        return made

    def _verbs(self) -> list[Document]:
        alike: dict[tuple[str, ...], list[str]] = {}
        for word in (*WORDS, *self._actions):
            row = self.verb(word)
            if row is not None:
                alike.setdefault(tuple(sorted(row.allow)), []).append(word)
        return [
            _needs(roles, "this action is asked for", unless=f"!(object.spec.action in {_cel(sorted(words))})")
            for roles, words in sorted(alike.items())
        ]


def actions() -> Mapping[str, str]:
    """Return which action of policy is asked for each verb of a server, by Nova's word."""
    return {
        route.action: route.policy
        for route in ROUTES
        if route.action and route.policy and route.path.startswith("/servers/") and route.path.endswith("/action")
    }


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else None


def _given(name: str) -> str:
    return f"object.spec[?'{name}']"


def _cel(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str):
        return f"'{(value or '').replace(chr(92), chr(92) * 2).replace(chr(39), chr(92) + chr(39))}'"
    if isinstance(value, list | tuple | frozenset | set):
        return f"[{', '.join(_cel(one) for one in value)}]"
    if isinstance(value, int | float):
        return str(value)
    if value == {}:
        return "{}"
    raise TypeError(f"no CEL was written for {type(value).__name__}")


def _own() -> Document:
    return {
        "expression": f"request.namespace == 'project-' + {OF_PROJECT}",
        "message": "you signed in for another project: sign in for the one whose namespace this is",
        "reason": "Forbidden",
    }


def _needs(roles: tuple[str, ...], what: str, unless: str = "") -> Document:
    allowed = f"variables.roles.exists(r, r in {_cel(roles)})"
    if ANYONE in roles:
        allowed = "true"
    return {
        "expression": f"{unless} || {allowed}" if unless else allowed,
        "message": f"{what} by these roles alone: {', '.join(roles) or 'none'}",
        "reason": "Forbidden",
    }


def _policy(
    name: str, resources: list[str], operations: list[str], rules: list[Document], *, service: str = ""
) -> list[Document]:
    groups = [service] if service else sorted({place.group for place in PLACES.values()})
    matched = {"apiGroups": groups, "apiVersions": [VERSION], "operations": operations, "resources": resources}
    spec = {
        "matchConstraints": {"resourceRules": [matched]},
        "matchConditions": [{"name": "people", "expression": IS_PERSON}],
        "variables": [{"name": "roles", "expression": OF_ROLES}],
        "validations": rules,
    }
    return policy(f"{name}.{DOMAIN}", spec, {"validationActions": ["Deny"]})
