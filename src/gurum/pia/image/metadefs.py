"""Metadata definitions: the vocabularies that dashboards offer for flavors, images and servers. None is loaded here.

They are an operator's to load, and a Glance without any answers with empty lists. The schemas are needed all the same:
glanceclient builds its model from one before it asks for a list, so that a dashboard breaks where it is missing.
"""

from __future__ import annotations

from typing import Any

from gurum.pia.image.wire import NOT_FOUND
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import not_found
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, json

Schema = dict[str, Any]  # JSON

_MOMENT: Schema = {"type": "string", "readOnly": True, "format": "date-time"}
_WHEN: Schema = {
    "created_at": {**_MOMENT, "description": "Date and time of the creation"},
    "updated_at": {**_MOMENT, "description": "Date and time of the last change"},
}
_ASSOCIATION: Schema = {
    "name": {"type": "string", "maxLength": 80, "description": "A type of resource, by Heat's names where it has one"},
    "prefix": {"type": "string", "maxLength": 80, "description": "Stands before the names of properties"},
    "properties_target": {"type": "string", "maxLength": 80, "description": "Which of several sets of properties"},
}
NAMESPACE: Schema = {
    "name": "namespace",
    "properties": {
        "namespace": {"type": "string", "maxLength": 80, "description": "The unique name"},
        "display_name": {"type": "string", "maxLength": 80, "description": "The name that people read"},
        "description": {"type": "string", "maxLength": 500, "description": "What it is for"},
        "visibility": {"type": "string", "enum": ["public", "private"], "description": "Who sees it"},
        "protected": {"type": "boolean", "description": "If true, it cannot be deleted."},
        "owner": {"type": "string", "maxLength": 255, "description": "The project that it belongs to"},
        **_WHEN,
        "schema": {"type": "string", "readOnly": True},
        "self": {"type": "string", "readOnly": True},
        "resource_type_associations": {
            "type": "array",
            "items": {"type": "object", "properties": _ASSOCIATION},
        },
        "properties": {"type": "object"},
        "objects": {"type": "array", "items": {"type": "object"}},
        "tags": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["namespace"],
    "additionalProperties": False,
}
RESOURCE_TYPE: Schema = {
    "name": "resource_type",
    "properties": {"name": _ASSOCIATION["name"], **_WHEN},
    "required": ["name"],
    "additionalProperties": False,
}


def _list(item: Schema, more: tuple[str, ...]) -> Schema:
    collection = f"{item['name']}s"
    members: Schema = {name: {"type": "string"} for name in more}
    return {"name": collection, "properties": {collection: {"type": "array", "items": item}, **members}}


SCHEMAS: dict[str, Schema] = {
    "namespace": NAMESPACE,
    "namespaces": _list(NAMESPACE, ("first", "next", "schema")),
    "resource_type": RESOURCE_TYPE,
    "resource_types": _list(RESOURCE_TYPE, ()),
}


async def schema(ctx: Context) -> Response:
    """Answer the JSON schema of a noun of definitions."""
    found = SCHEMAS.get(ctx.params["name"])
    if found is None:
        raise not_found(NOT_FOUND)
    return json(found)


async def namespaces(ctx: Context) -> Response:
    """Answer the namespaces: none."""
    return json({"namespaces": [], "first": "/v2/metadefs/namespaces", "schema": "/v2/schemas/metadefs/namespaces"})


async def resource_types(ctx: Context) -> Response:
    """Answer the types of resources that definitions can be for: none."""
    return json({"resource_types": []})


ROUTES = (
    Route(
        method="GET",
        path="/schemas/metadefs/{name}",
        handler=schema,
        policy="image:schemas:show",
        shape="document",
        summary="Show a JSON schema of metadata definitions",
    ),
    Route(
        method="GET",
        path="/metadefs/namespaces",
        handler=namespaces,
        policy="image:metadef_namespaces:list",
        shape="list",
        summary="List the namespaces of metadata definitions",
    ),
    Route(
        method="GET",
        path="/metadefs/resource_types",
        handler=resource_types,
        policy="image:metadef_resource_types:list",
        shape="list",
        summary="List the types of resources that metadata definitions are for",
    ),
)
