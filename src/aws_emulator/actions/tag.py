"""CreateTags, DeleteTags, DescribeTags over every kind of resource."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from aws_emulator.actions.action import Action, Answer, Params
from aws_emulator.context import Context
from aws_emulator.listing import Page, filters_of, matches, page
from aws_emulator.rules import refuse
from aws_emulator.state.kinds import BY_PREFIX
from aws_emulator.state.resource import Resource
from aws_emulator.state.table import Table
from aws_emulator.tagging import changed, valid_tag

PAGE = Page(5, 1000, ids_exclude=False)


def _targets(call: Context, params: Params) -> list[tuple[Table[Any], Resource]]:
    """Return the resources of a call; Refusal when any is unknown, before any is changed."""
    found = []
    for identity in dict.fromkeys(params["Resources"]):
        kind = BY_PREFIX.get(identity.partition("-")[0])
        if kind is None:
            raise refuse("tag.id", id=identity)
        table = call.region.table(kind.name)
        found.append((table, call.get(table, identity)))
    return found


def create_tags(call: Context, params: Params) -> Answer:
    """Add or overwrite tags of several resources, all or none."""
    add = [valid_tag(tag) for tag in params["Tags"]]
    if not add:
        raise refuse("parameter.missing", name="tagSet")
    limit = call.config.quotas.tags_per_resource
    planned = [(table, row, changed(row.tags, add, limit)) for table, row in _targets(call, params)]
    for table, row, tags in planned:
        call.retag(table, row, tags)
    return {}


def delete_tags(call: Context, params: Params) -> Answer:
    """Remove tags by key, or only with a given value; without Tags all but AWS's own."""
    named = params.get("Tags")
    for tag in named or ():
        if tag.get("Key", "").lower().startswith("aws:"):
            raise refuse("tag.reserved")
    for table, row in _targets(call, params):
        kept = {
            key: value
            for key, value in row.tags.items()
            if named is not None and not any(t.get("Key") == key and t.get("Value", value) == value for t in named)
        }
        call.retag(table, row, kept)
    return {}


class _Tag(NamedTuple):
    resource_id: str
    kind: str
    key: str
    value: str


def describe_tags(call: Context, params: Params) -> Answer:
    """List the tags that reads see."""
    filters = filters_of(params)
    for name, _ in filters:
        if name not in _FILTERS and not name.startswith("tag:"):
            raise refuse("filter.unknown", name=name)
    tags = list(_all(call))
    for name, wanted in filters:
        tags = [tag for tag in tags if matches(wanted, _offered(tag, name))]
    tags, more = page(tags, params, PAGE)
    return {
        "Tags": [{"ResourceId": t.resource_id, "ResourceType": t.kind, "Key": t.key, "Value": t.value} for t in tags]
    } | more


def _all(call: Context) -> Iterator[_Tag]:
    for table in call.region.tables():
        for row in table:
            if row.shown_tags and call.sees(row):
                for key, value in row.shown_tags.items():
                    yield _Tag(row.id, table.kind, key, value)


_FILTERS = {"resource-id": 0, "resource-type": 1, "key": 2, "value": 3}


def _offered(tag: _Tag, name: str) -> tuple[str, ...]:
    if name.startswith("tag:"):
        return (tag.value,) if tag.key == name.removeprefix("tag:") else ()
    return (str(tag[_FILTERS[name]]),)


ACTIONS = (
    Action("CreateTags", create_tags, "Resources Tags"),
    Action("DeleteTags", delete_tags, "Resources Tags"),
    Action("DescribeTags", describe_tags, "Filters MaxResults NextToken"),
)
