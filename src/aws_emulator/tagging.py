"""Tags: validation, tag-on-create, and how they are shown.

Tag-on-create is the only atomic mark that most EC2 creates allow, so a wrong tag must refuse the
whole call before anything exists.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aws_emulator.context import Context
from aws_emulator.rules import refuse

_KEY, _VALUE = 128, 256


def tags_on_create(call: Context, params: Mapping[str, Any], *kinds: str) -> dict[str, dict[str, str]]:
    """Return the valid tags of TagSpecifications for each of `kinds` (absent: empty).

    Raises Refusal for a kind that the action does not make and for every invalid tag.
    """
    found: dict[str, dict[str, str]] = {kind: {} for kind in kinds}
    for specification in params.get("TagSpecifications", ()):
        kind = specification.get("ResourceType", "")
        if kind not in found:
            raise refuse("tag.resource-type", kind=kind)
        if not specification.get("Tags"):
            raise refuse("tag.no-tags")
        for tag in specification["Tags"]:
            key, value = valid_tag(tag)
            if key in found[kind]:
                raise refuse("tag.duplicate", key=key)
            found[kind][key] = value
        if len(found[kind]) > call.config.quotas.tags_per_resource:
            raise refuse("tag.limit")
    return found


def valid_tag(tag: Mapping[str, Any]) -> tuple[str, str]:
    """Return key and value of a tag, or raise the Refusal that says what is wrong with it."""
    key, value = tag.get("Key", ""), tag.get("Value", "")
    if not key or len(key) > _KEY:
        raise refuse("tag.key")
    if key.lower().startswith("aws:"):
        raise refuse("tag.reserved")
    if len(value) > _VALUE:
        raise refuse("tag.value")
    return key, value


def shown(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as EC2 lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def changed(old: Mapping[str, str], add: Iterable[tuple[str, str]], limit: int) -> dict[str, str]:
    """Return `old` with `add` merged in; Refusal above `limit`."""
    new = {**old, **dict(add)}
    if len(new) > limit:
        raise refuse("tag.limit")
    return new
