"""The documents beside the images: schemas, stores, import methods, tasks."""

from __future__ import annotations

from gurum.pia.image.schemas import SCHEMAS
from gurum.pia.image.view import STORE
from gurum.pia.image.wire import NOT_FOUND, denied_text
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.errors import forbidden, not_found
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Response, json


async def schema(ctx: Context) -> Response:
    """Answer the JSON schema of a noun."""
    found = SCHEMAS.get(ctx.params["name"])
    if found is None:
        raise not_found(NOT_FOUND)
    return json(found)


async def stores(ctx: Context) -> Response:
    """Answer the stores: the catalogue."""
    return json({"stores": [{"id": STORE, "default": "true"}]})


async def imports(ctx: Context) -> Response:
    """Answer the import methods: none."""
    return json({"import-methods": {"type": "array", "description": "Import methods available.", "value": []}})


async def tasks(ctx: Context) -> Response:
    """Answer the tasks: none ever run."""
    return json({"tasks": [], "first": "/v2/tasks", "schema": "/v2/schemas/tasks"})


async def task(ctx: Context) -> Response:
    """Refuse to show a task."""
    raise not_found(f"Task not found with task_id {ctx.params['task']}")


async def no_task(ctx: Context) -> Response:
    """Refuse a new task."""
    raise forbidden(denied_text("tasks_api_access"))


ROUTES = (
    Route(
        method="GET",
        path="/schemas/{name}",
        handler=schema,
        policy="image:schemas:show",
        shape="document",
        summary="Show a JSON schema",
    ),
    Route(
        method="GET",
        path="/info/stores",
        handler=stores,
        policy="image:info:stores",
        shape="document",
        summary="Show the stores",
    ),
    Route(
        method="GET",
        path="/info/import",
        handler=imports,
        policy="image:info:import",
        shape="document",
        summary="Show the import methods",
    ),
    Route(method="GET", path="/tasks", handler=tasks, policy="image:tasks:list", shape="list", summary="List tasks"),
    Route(method="GET", path="/tasks/{task}", handler=task, policy="image:tasks:show", summary="Show a task"),
    Route(
        method="POST",
        path="/tasks",
        handler=no_task,
        policy="image:tasks:create",
        status=403,
        shape="write",
        summary="Refused: the images are the operator's catalogue",
    ),
)
