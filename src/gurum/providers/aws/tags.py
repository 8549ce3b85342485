"""Our tags: how what we made is found again, and told apart from what others made.

The adoption tag is written with the creation and never by users: a filter on a tag that users can write has leaked
instances elsewhere (cluster-api-provider-aws, issue 4629). AWS sees ids only; names and metadata stay here.
"""

from __future__ import annotations

from typing import Any

from gurum.model.base import Resource

UID = "pia:uid"
KIND = "pia:kind"
PROJECT = "pia:project"
OWNER = "pia:owner"
STEP = "pia:step"
ADOPTED = "pia:adopted"  # on what was there before us: no collector and no cleanup removes it


def name(obj: Resource) -> str:
    """Return the cloud-side name of what is made for an object: unique, where AWS wants unique names."""
    return f"pia-{obj.id}"


def of(obj: Resource, step: str, owner: str) -> list[dict[str, str]]:
    """Return the tags of what is made for an object in a step."""
    values = {
        UID: obj.id,
        KIND: obj.kind,
        PROJECT: obj.metadata.project,
        OWNER: owner,
        STEP: step,
        "Name": name(obj),
    }
    return [{"Key": key, "Value": value} for key, value in values.items() if value]


def specification(obj: Resource, step: str, owner: str, *types: str) -> list[dict[str, Any]]:
    """Return TagSpecifications for the resource types."""
    return [{"ResourceType": type_, "Tags": of(obj, step, owner)} for type_ in types]


def adopted(obj: Resource, step: str, owner: str) -> list[dict[str, str]]:
    """Return the tags of what is taken over. Its name stays whoever's gave it."""
    return [tag for tag in of(obj, step, owner) if tag["Key"] != "Name"] + [{"Key": ADOPTED, "Value": "true"}]


def find_filters(obj: Resource, step: str, owner: str) -> list[dict[str, Any]]:
    """Return the filters that find what a step made for an object."""
    wanted = {OWNER: owner, UID: obj.id, STEP: step}
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in wanted.items()]


def value(tags: list[dict[str, str]], key: str) -> str:
    """Return the value of a tag, empty when absent."""
    return next((tag["Value"] for tag in tags if tag["Key"] == key), "")
