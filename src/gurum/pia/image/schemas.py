"""The JSON schemas that Glance serves and validates by. Their order shows in its refusals, so it is Glance's.

Clients read them (glanceclient builds its models from them), and the sentence of a refusal quotes the part that was
broken.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]  # JSON

UUID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
CONTAINERS = [None, "ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]
DISKS = [None, "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"]
STATES = [
    "queued",
    "saving",
    "active",
    "killed",
    "deleted",
    "uploading",
    "importing",
    "pending_delete",
    "deactivated",
]


def _of(type_: str | list[str], description: str, **more: Any) -> Schema:
    return {
        "type": type_,
        **({"readOnly": True} if more.pop("fixed", False) else {}),
        "description": description,
        **more,
    }


_TEXT = ["null", "string"]
_NUMBER = ["null", "integer"]
_LOCATION: Schema = {
    "type": "object",
    "properties": {
        "url": {"type": "string", "maxLength": 255},
        "metadata": {"type": "object"},
        "validation_data": {
            "description": "Values to be used to populate the corresponding image properties. If the image status is "
            "not 'queued', values must exactly match those already contained in the image properties.",
            "type": "object",
            "writeOnly": True,
            "additionalProperties": False,
            "properties": {
                "checksum": {"type": "string", "minLength": 32, "maxLength": 32},
                "os_hash_algo": {"type": "string", "maxLength": 64},
                "os_hash_value": {"type": "string", "maxLength": 128},
            },
            "required": ["os_hash_algo", "os_hash_value"],
        },
    },
    "required": ["url", "metadata"],
}
IMAGE: Schema = {
    "name": "image",
    "properties": {
        "id": _of("string", "An identifier for the image", pattern=UUID),
        "name": _of(_TEXT, "Descriptive name for the image", maxLength=255),
        "status": _of("string", "Status of the image", fixed=True, enum=STATES),
        "visibility": _of("string", "Scope of image accessibility", enum=["community", "public", "private", "shared"]),
        "protected": _of("boolean", "If true, image will not be deletable."),
        "os_hidden": _of("boolean", "If true, image will not appear in default image list response."),
        "checksum": _of(_TEXT, "md5 hash of image contents.", fixed=True, maxLength=32),
        "os_hash_algo": _of(_TEXT, "Algorithm to calculate the os_hash_value", fixed=True, maxLength=64),
        "os_hash_value": _of(
            _TEXT,
            "Hexdigest of the image contents using the algorithm specified by the os_hash_algo",
            fixed=True,
            maxLength=128,
        ),
        "owner": _of(_TEXT, "Owner of the image", maxLength=255),
        "size": _of(_NUMBER, "Size of image file in bytes", fixed=True),
        "virtual_size": _of(_NUMBER, "Virtual size of image in bytes", fixed=True),
        "container_format": _of(_TEXT, "Format of the container", enum=CONTAINERS),
        "disk_format": _of(_TEXT, "Format of the disk", enum=DISKS),
        "created_at": _of("string", "Date and time of image registration", fixed=True),
        "updated_at": _of("string", "Date and time of the last image modification", fixed=True),
        "tags": _of("array", "List of strings related to the image", items={"type": "string", "maxLength": 255}),
        "direct_url": _of("string", "URL to access the image file kept in external store", fixed=True),
        "min_ram": _of("integer", "Amount of ram (in MB) required to boot image."),
        "min_disk": _of("integer", "Amount of disk space (in GB) required to boot image."),
        "self": _of("string", "An image self url", fixed=True),
        "file": _of("string", "An image file url", fixed=True),
        "schema": _of("string", "An image schema url", fixed=True),
        "locations": _of("array", "A set of URLs to access the image file kept in external store", items=_LOCATION),
        "stores": _of(
            "string",
            "Store in which image data resides.  Only present when the operator has enabled multiple stores.  May be "
            "a comma-separated list of store identifiers.",
            fixed=True,
        ),
    },
    "additionalProperties": {"type": "string"},
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}
MEMBER: Schema = {
    "name": "member",
    "properties": {
        "member_id": _of("string", "An identifier for the image member (tenantId)"),
        "image_id": _of("string", "An identifier for the image", pattern=UUID),
        "created_at": _of("string", "Date and time of image member creation"),
        "updated_at": _of("string", "Date and time of last modification of image member"),
        "status": _of("string", "The status of this image member", enum=["pending", "accepted", "rejected"]),
        "schema": {"type": "string", "readOnly": True},
    },
}
TASK: Schema = {
    "name": "task",
    "properties": {
        "id": _of("string", "An identifier for the task", pattern=UUID),
        "type": _of("string", "The type of task represented by this content", enum=["import", "api_image_import"]),
        "status": _of(
            "string", "The current status of this task", enum=["pending", "processing", "success", "failure"]
        ),
        "input": _of(["null", "object"], "The parameters required by task, JSON blob"),
        "result": _of(["null", "object"], "The result of current task, JSON blob"),
        "owner": _of("string", "An identifier for the owner of this task"),
        "message": _of("string", "Human-readable informative message only included when appropriate"),
        "expires_at": _of(_TEXT, "Datetime when this resource would be subject to removal"),
        "created_at": _of("string", "Datetime when this resource was created"),
        "updated_at": _of("string", "Datetime when this resource was updated"),
        "self": {"readOnly": True, "type": "string"},
        "schema": {"readOnly": True, "type": "string"},
    },
}


def _listing(item: Schema) -> Schema:
    """Return the schema of a list of something."""
    name = f"{item['name']}s"
    return {
        "name": name,
        "properties": {
            name: {"type": "array", "items": item},
            "schema": {"type": "string"},
            "next": {"type": "string"},
            "first": {"type": "string"},
        },
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }


MEMBERS: Schema = {
    "name": "members",
    "properties": {"members": {"type": "array", "items": MEMBER}, "schema": {"type": "string"}},
    "links": [{"rel": "describedby", "href": "{schema}"}],
}
SCHEMAS: dict[str, Schema] = {
    "image": IMAGE,
    "images": _listing(IMAGE),
    "member": MEMBER,
    "members": MEMBERS,
    "task": TASK,
    "tasks": _listing(TASK),
}
