"""From a request body to attributes: the steps and their order, which decide what a client with two mistakes is told.

Neutron looks for the noun, then whose it shall be, then for attributes nobody knows, then for what may not or must be
written, then converts and judges each value. All of it is driven by the noun's table.
"""

from __future__ import annotations

from typing import Any

from gurum.pia.network.attributes import REQUIRED, UNSET, Noun
from gurum.pia.network.faults import bad_request

Attributes = dict[str, Any]  # values of a request body: any JSON


def items(noun: Noun, document: Any, *, bulk: bool) -> tuple[list[Attributes], bool]:
    """Return the attributes of each object in the body, and whether it came as a list.

    The dictionaries are new; their values are the document's. Raises a fault for a body that names no object.
    """
    if not isinstance(document, dict):
        raise bad_request("Body contains invalid data")
    if noun.collection not in document:
        return [_item(noun, document)], False
    if not bulk:
        raise bad_request("Bulk operation not supported")
    listed = document[noun.collection]
    found = [
        _item(noun, entry if isinstance(entry, dict) and noun.name in entry else {noun.name: entry})
        for entry in (listed if isinstance(listed, list | str) else [listed])
    ]
    if not found:
        raise bad_request("Resources required")
    return found, True


def _item(noun: Noun, document: Attributes) -> Attributes:
    found = document.get(noun.name)
    if found is None:
        raise bad_request(f"Unable to find '{noun.name}' in request body")
    if not isinstance(found, dict):
        raise bad_request(f"Object '{noun.name}' contains invalid data")
    return dict(found)


def owner(item: Attributes, project: str) -> str:
    """Return whose the object shall be, `project` where the body does not say, and note it in the item.

    Raises a fault when the body says two things. Whether the caller may act for another is not asked here.
    """
    given = [item[key] for key in ("project_id", "tenant_id") if key in item]
    if len(given) == 2 and given[0] != given[1]:
        raise bad_request("'project_id' and 'tenant_id' do not match")
    return str(given[0]) if given else project


def for_create(noun: Noun, item: Attributes, project: str) -> Attributes:
    """Return what a POST sets: every attribute that may be posted, converted, UNSET where nothing is known.

    `written`, the names that the body gave, is for policy: see `written`.
    """
    _known(noun, item)
    values: Attributes = {**item, "project_id": project, "tenant_id": project}
    for row in noun.rows:
        if row.post:
            if row.name not in values:
                if row.default is REQUIRED:
                    raise bad_request(f"Failed to parse request. Required attribute '{row.name}' not specified")
                values[row.name] = row.default
        elif row.name in values:
            raise bad_request(f"Attribute '{row.name}' not allowed in POST")
    return _convert(noun, values)


def for_update(noun: Noun, item: Attributes) -> Attributes:
    """Return what a PUT changes, converted."""
    _known(noun, item)
    for row in noun.rows:
        if row.name in item and not row.put:
            raise bad_request(f"Cannot update read-only attribute {row.name}")
    return _convert(noun, dict(item))


def written(item: Attributes) -> list[str]:
    """Return the names of what a body writes as policy knows them: parts are named, too (`fixed_ips:subnet_id`)."""
    names: list[str] = []
    for name, value in item.items():
        if name == "project_id" and "tenant_id" in item:
            continue
        names.append(name)
        if name in ("fixed_ips", "allowed_address_pairs") and isinstance(value, list):
            parts = {key for entry in value if isinstance(entry, dict) for key in entry}
            known = ("subnet_id", "ip_address") if name == "fixed_ips" else ("mac_address", "ip_address")
            names += [f"{name}:{part}" for part in known if part in parts]
        if name == "external_gateway_info" and isinstance(value, dict):
            names += [f"{name}:{part}" for part in ("network_id", "enable_snat", "external_fixed_ips") if part in value]
    return names


def _known(noun: Noun, item: Attributes) -> None:
    extra = [name for name in item if name not in noun.attributes]
    if extra:
        raise bad_request(f"Unrecognized attribute(s) '{', '.join(extra)}'")


def _convert(noun: Noun, values: Attributes) -> Attributes:
    for row in noun.rows:
        value = values.get(row.name, UNSET)
        if value is UNSET:
            continue
        if row.convert:
            value = values[row.name] = row.convert(value)
        problem = row.validate(value) if row.validate else None
        if problem:
            raise bad_request(f"Invalid input for {row.name}. Reason: {problem}.")
    return values
