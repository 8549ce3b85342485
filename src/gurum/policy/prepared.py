"""What the decisions read: each row of the table, with everything worked out that depends on the table alone.

It exists because the embedded engine walks an object key by key: to look for a view, another row and a list of plain
attributes cost it more than to decide. It is data of the bundle (`gurum/prepared/data.json`, written by `gurum policy
prepare`), so that an OPA server decides by the same; a bundle whose table says otherwise by now is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from gurum.policy.bundle import BundleError, BundleSource
from gurum.policy.table import Grants, Row, actions, plain_attributes, views

PATH = Path("gurum", "prepared", "data.json")
COMMON = (
    *("servers", "flavors", "networks", "ports", "subnets", "security_groups", "routers", "floatingips"),
    *("show", "list", "detail", "create", "update", "delete"),
    *("name", "network_id", "fixed_ips", "fixed_ips:subnet_id", "admin_state_up", "cidr", "ip_version"),
)
"""What most requests are about, of resources, verbs and attributes: it stands first among its like, as the engine looks
from the start."""


def prepared(source: BundleSource) -> dict[str, Any]:
    """Return service -> resource -> verb -> what is prepared of that row. Raises BundleError for a misshapen table.

    rule: the row's. allow: who may, role -> scopes; of a list, to hold the role is enough ("any").
    reach (of a list): role -> scopes of what it may contain, `own` unless all projects are asked for, else `all`.
    shows: fields that only some may read, and who. attributes: what each needs: {} is nothing; `rule` is its name;
    `allow` stands where it needs more than the row's `allow`. see: who may know of the target.
    """
    rows, seen, plain = actions(source), views(source), plain_attributes(source)
    result: dict[str, Any] = {}
    for name, row in rows.items():
        service, resource, verb = name.split(":")
        shown = rows.get(f"{service}:{row.lists}:show") if row.lists else row
        entry: dict[str, Any] = {"rule": row.rule, "allow": _allow(row)}
        if row.lists:
            every = _view(row.lists, service, rows, seen)
            entry["reach"] = {"own": {"anyone": (row.narrow,)} if row.narrow else every, "all": every}
        if shown and (shows := _shows(shown)):
            entry["shows"] = shows
        if needs := _needs(row, entry["allow"], plain.get(row.plain or "", frozenset())):
            entry["attributes"] = needs
        if row.see:
            entry["see"] = _view(row.see, service, rows, seen)
        result.setdefault(service, {}).setdefault(resource, {})[verb] = entry
    return {
        service: _common_first({resource: _common_first(verbs) for resource, verbs in resources.items()})
        for service, resources in result.items()
    }


def written(source: BundleSource) -> bytes:
    """Return the file's content: a row a line, as the table has them."""
    services = []
    for service, resources in prepared(source).items():
        lines = [
            f'  "{resource}": {{\n'
            + ",\n".join(f'    "{verb}": {msgspec.json.encode(row).decode()}' for verb, row in verbs.items())
            + "\n  }"
            for resource, verbs in resources.items()
        ]
        services.append(f'"{service}": {{\n' + ",\n".join(lines) + "\n}")
    return ("{\n" + ",\n".join(services) + "\n}\n").encode()


def check(source: BundleSource) -> None:
    """Raise BundleError unless the bundle has prepared what its table says. A bundle without a table has nothing to."""
    data = source.data.get("gurum", {})
    if "actions" in data and data.get("prepared") != msgspec.json.decode(msgspec.json.encode(prepared(source))):
        raise BundleError(f"{PATH.as_posix()}: it is not what the table says; `gurum policy prepare` writes it")


def _allow(row: Row) -> Grants:
    """A list is asked before there is an object, so that its scopes narrow it; not so one user's list (key pairs)."""
    return dict.fromkeys(row.allow, ("any",)) if row.lists and row.narrow != "user" else row.allow


def _view(name: str, service: str, rows: Mapping[str, Row], seen: Mapping[str, Grants]) -> Grants:
    if name in seen:
        return seen[name]
    shown = rows.get(f"{service}:{name}:show")
    return shown.allow if shown else {}


def _shows(row: Row) -> list[dict[str, Any]]:
    """Fields one after the other that the same may read stand together: who may is asked once for them."""
    known = [name for name in row.reveals if name in row.attributes]
    return [
        {"allow": allow, "fields": list(names)}
        for allow, names in groupby(known, lambda name: row.attributes[name].allow)
    ]


def _needs(row: Row, allow: Grants, plain: frozenset[str]) -> dict[str, dict[str, Any]]:
    needs: dict[str, dict[str, Any]] = {}
    for name, attribute in row.attributes.items():
        needs[name] = {"rule": attribute.rule}
        if not _implied(allow, attribute.allow):
            needs[name]["allow"] = attribute.allow
    return _common_first(needs | {name: {} for name in sorted(plain)})


def _common_first(mapping: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: mapping[name] for name in COMMON if name in mapping} | mapping


def _implied(allow: Grants, more: Grants) -> bool:
    """Whether whoever `allow` lets act is let by `more` as well, by the same role and scope."""
    return all("any" in more.get(role, ()) or set(scopes) <= set(more.get(role, ())) for role, scopes in allow.items())
