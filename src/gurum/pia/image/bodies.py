"""Reading the bodies of requests that will be refused: their mistakes are told first, as Glance tells them.

A client that sends nonsense learns that it is nonsense; only a request that Glance would carry out gets to hear that
this region's images are a catalogue.
"""

from __future__ import annotations

from typing import Any

import jsonschema

from gurum.pia.image.schemas import IMAGE
from gurum.pia.image.wire import ImageError
from gurum.pia.kernel.errors import bad_request, forbidden
from gurum.pia.kernel.wire import Request, UnreadableError, decode

READ_ONLY = frozenset(
    {
        "created_at", "updated_at", "status", "checksum", "size", "virtual_size", "direct_url", "self", "file",
        "schema", "stores", "os_hash_algo", "os_hash_value",
    }
)  # fmt: skip
RESERVED = frozenset({"locations", "deleted_at"})
SYSTEM = "os_glance_"  # properties with this prefix are Glance's own
LARGEST = 2**31 - 1  # of min_disk and min_ram
PATCHES = (
    "application/openstack-images-v2.0-json-patch",
    "application/openstack-images-v2.1-json-patch",
)
OPERATIONS = ("add", "replace", "remove")
_DENIED = "Access was denied to this resource."

_validator = jsonschema.Draft4Validator(IMAGE)


def unsupported(media_type: str, detail: str) -> ImageError:
    """Return the 415 of a content type that the operation does not take."""
    return ImageError(415, f"The request media type {media_type} is not supported by this server.\n", detail)


def document(request: Request) -> Any:
    """Return the JSON of a body. Raises a 400."""
    if not request.body:
        raise bad_request("Body expected in request.")
    try:
        found = decode(request.body)
    except UnreadableError:
        raise bad_request("Malformed JSON in request body.") from None
    if not isinstance(found, dict | list):
        raise bad_request("Unexpected body type. Expected list/dict.")
    return found


def new_image(request: Request) -> dict[str, Any]:
    """Return the attributes of an image to be created. Raises what Glance refuses in them."""
    found = document(request)
    if not isinstance(found, dict):
        raise bad_request("Unexpected body type. Expected list/dict.")
    for name in found:
        if name in READ_ONLY:
            raise forbidden(f"Attribute '{name}' is read-only.")
        if name in RESERVED:
            raise forbidden(f"Attribute '{name}' is reserved.")
        if name.startswith(SYSTEM):
            raise ImageError(403, _DENIED, f"Attribute '{name}' is reserved.")
    problem = next(iter(_validator.iter_errors(found)), None)
    if problem is not None:
        raise bad_request(f"Provided object does not match schema 'image': {problem}")
    for name in ("min_disk", "min_ram"):
        value = found.get(name, 0)
        if not 0 <= value <= LARGEST:
            what = "must not exceed" if value > 0 else "must be at least"
            raise bad_request(f"'{name}' value out of range, {what} {LARGEST if value > 0 else 0}.")
    return found


def patch(request: Request) -> None:
    """Read the changes of a PATCH. Raises what Glance refuses in them before it looks at the image."""
    if request.media_type not in PATCHES:
        raise unsupported(request.media_type, f"Image PATCH expects Content-Type one of: {', '.join(PATCHES)}")
    found = document(request)
    if not isinstance(found, list):
        raise bad_request("Request body must be a JSON array of operation objects.")
    new_style = request.media_type == PATCHES[1]
    for operation in found:
        if not isinstance(operation, dict):
            raise bad_request("Operations must be JSON objects.")
        _operation(operation, new_style)


def _operation(operation: dict[str, Any], new_style: bool) -> None:
    if new_style:
        name, path = operation.get("op"), operation.get("path")
        if name is None:
            raise bad_request("Unable to find 'op' in JSON Schema change")
        if name not in OPERATIONS:
            raise bad_request(f"Invalid operation: `{name}`. It must be one of the following: {', '.join(OPERATIONS)}.")
        if path is None:
            raise bad_request("Unable to find 'path' in JSON Schema change")
    else:
        name = next((op for op in OPERATIONS if op in operation), None)
        if name is None:
            raise bad_request('Operation objects must contain exactly one member named "add", "remove", or "replace".')
        path = operation[name]
    if name != "remove" and "value" not in operation:
        raise bad_request(f'Operation "{name}" requires a member named "value".')
    _path(str(path))


def _path(path: str) -> None:
    if not path.startswith("/"):
        raise bad_request(f'Pointer `{path}` does not start with "/".')
    parts = path[1:].split("/")
    if len(parts) > 1 and parts[0] not in ("tags", "locations"):
        raise bad_request(f"Invalid JSON pointer for this resource: '{path}'")
    if parts[0] in READ_ONLY or parts[0] == "id":
        raise forbidden(f"Attribute '{parts[0]}' is read-only.")
    if parts[0] == "deleted_at":
        raise forbidden(f"Attribute '{parts[0]}' is reserved.")


def data(request: Request) -> None:
    """Check that the body can be image data. Raises a 415."""
    if request.media_type != "application/octet-stream":
        raise unsupported(request.media_type, f"Invalid content type {request.media_type}")


def member(request: Request) -> str:
    """Return the project that a POST of a member names. Raises a 400."""
    found = document(request)
    name = found.get("member") if isinstance(found, dict) else None
    if not name:
        raise bad_request("Member can't be empty")
    return str(name)


def method_of_import(request: Request) -> None:
    """Read the body of an import. Raises a 400."""
    found = document(request)
    if not isinstance(found, dict) or "method" not in found:
        raise bad_request("Import request requires a 'method' field.")
