"""The decision once more, in plain Python over the same table: what the Rego is compared with.

Written from docs/policy.md, not from the Rego: a fault must be made twice, in two languages, to go unnoticed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from gurum.policy.bundle import BundleSource
from gurum.policy.model import PolicyInput, Principal, Scopes, Target
from gurum.policy.table import Row, actions, plain_attributes, views

INSTANCES = ("compute:", "baremetal:", "manila:")


class Oracle:
    """Decides by the table of a bundle."""

    def __init__(self, source: BundleSource) -> None:
        self.rows = actions(source)
        self._views = views(source)
        self._plain = plain_attributes(source)

    def decide(self, question: PolicyInput) -> dict[str, object]:
        """Return the parts of a decision that the Rego must agree with."""
        row = self.rows.get(question.action)
        if row is None or question.rule not in {"", row.rule}:
            return {"allow": False, "visible": False, "rules": (), "denied": (), "reveals": (), "scopes": None}
        who, target = question.principal, question.target
        denied = [] if self._base(row, who, target) else [row.rule]
        rules = [row.rule]
        for name in (*target.attributes, *(["all_projects"] if target.all_projects else [])):
            attribute = row.attributes.get(name)
            if attribute is not None:
                rules.append(attribute.rule)
                if not _granted(attribute.allow, who, target):
                    denied.append(attribute.rule)
            elif name not in self._plain.get(row.plain or "", frozenset()):
                denied.append(name)
        placed = _project(who) is not None
        allow = placed and bool(who.user_id) and not denied
        return {
            "allow": allow,
            "visible": allow or (placed and self._sees(question.action, row, who, target)),
            "rules": tuple(rules),
            "denied": tuple(denied),
            "reveals": self._reveals(question.action, row, who, target),
            "scopes": self._scopes(question.action, row, who, target) if allow and row.lists else None,
        }

    def _base(self, row: Row, who: Principal, target: Target) -> bool:
        if row.lists and row.narrow != "user":
            return bool(_roles(who) & set(row.allow))
        return _granted(row.allow, who, target)

    def _view(self, action: str, name: str) -> Mapping[str, tuple[str, ...]]:
        if name in self._views:
            return self._views[name]
        return self.rows[f"{action.split(':')[0]}:{name}:show"].allow

    def _sees(self, action: str, row: Row, who: Principal, target: Target) -> bool:
        return row.see is None or _granted(self._view(action, row.see), who, target)

    def _reveals(self, action: str, row: Row, who: Principal, target: Target) -> tuple[str, ...]:
        shown = self.rows.get(f"{action.split(':')[0]}:{row.lists}:show") if row.lists else row
        if shown is None:
            return ()
        return tuple(name for name in shown.reveals if _granted(shown.attributes[name].allow, who, target))

    def _scopes(self, action: str, row: Row, who: Principal, target: Target) -> Scopes:
        if row.narrow and not target.all_projects:
            reach = {row.narrow}
        else:
            view = self._view(action, str(row.lists))
            reach = {scope for role in _roles(who) for scope in view.get(role, ())}
        if "any" in reach:
            return Scopes(all=True)
        own = (str(_project(who)),)
        return Scopes(
            projects=own if "project" in reach else (),
            users=(target.user_id,) if "user" in reach and target.user_id is not None else (),
            parents=own if "parent" in reach else (),
            members=own if "member" in reach else (),
            shared="shared" in reach,
            external="external" in reach,
            visibilities=tuple(name for name in ("public", "community") if name in reach),
        )


def _roles(who: Principal) -> set[str]:
    return {role.lower() for role in who.roles} | {"anyone"}


def _project(who: Principal) -> str | None:
    return who.project_id if who.project_id and not who.system_scope else None


def _granted(allow: Mapping[str, tuple[str, ...]], who: Principal, target: Target) -> bool:
    reach = set(_reach(who, target))
    return any(scope in reach for role in _roles(who) & set(allow) for scope in allow[role])


def _reach(who: Principal, target: Target) -> Iterator[str]:
    project = _project(who)
    free = not target.device_owner.startswith(INSTANCES)
    facts = {
        "any": True,
        "project": project is not None and target.project_id == project,
        "user": bool(who.user_id) and target.user_id == who.user_id,
        "parent": project is not None and target.parent_project_id == project,
        "shared": target.shared,
        "external": target.router_external,
        "public": target.visibility == "public",
        "community": target.visibility == "community",
        "member": project is not None and target.member_id == project,
        "one project": not target.wildcard,
        "ordinary device": not target.device_owner.startswith("network:"),
    }
    facts["free port of project"] = facts["project"] and free
    facts["free port of parent"] = facts["parent"] and free
    return (name for name, holds in facts.items() if holds)


ROLES = ("reader", "member", "manager", "admin", "service", "auditor", "Admin")
PROJECTS = ("p1", "p1", "p1", "p2", None)


def questions(oracle: Oracle, seed: int, count: int) -> Iterator[PolicyInput]:
    """Yield random questions: mostly of known actions, with owners that often match and attributes that often exist."""
    dice = random.Random(seed)
    names = sorted(oracle.rows)
    for _ in range(count):
        action = dice.choice(names) if dice.random() < 0.97 else dice.choice(("compute:servers", "x:y:z", ""))
        row = oracle.rows.get(action)
        known = list(row.attributes) if row else []
        attributes = dice.sample([*known, "name", "color"], k=dice.choice((0, 0, 1, min(2, len(known)))))
        yield PolicyInput(
            action=action,
            rule=dice.choice(("", "", row.rule if row else "", "another")) if dice.random() < 0.2 else "",
            region="kakao-usa-east1",
            principal=Principal(
                user_id=dice.choice(("u1", "u1", "u1", "u1", None)),
                project_id=dice.choice(PROJECTS),
                roles=tuple(dice.sample(ROLES, k=dice.choice((0, 1, 1, 2, 3)))),
                system_scope=dice.choice((None,) * 9 + ("all",)),
                is_admin=dice.random() < 0.1,
            ),
            target=_target(dice, tuple(attributes)),
        )


def _target(dice: random.Random, attributes: tuple[str, ...]) -> Target:
    return Target(
        project_id=dice.choice(PROJECTS),
        user_id=dice.choice(("u1", "u2", None)),
        parent_project_id=dice.choice(("p1", "p2", None, None)),
        shared=dice.random() < 0.2,
        router_external=dice.random() < 0.2,
        visibility=dice.choice((None, None, "private", "shared", "public", "community")),
        member_id=dice.choice((None, None, "p1", "p2")),
        device_owner=dice.choice(("", "", "compute:nova", "network:dhcp", "baremetal:none", "mine")),
        wildcard=dice.random() < 0.2,
        all_projects=dice.random() < 0.1,
        attributes=attributes,
    )
