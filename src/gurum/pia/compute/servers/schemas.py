"""What requests that make and change servers must look like, by microversion."""

from __future__ import annotations

from typing import Any

from gurum.pia.compute import fields as f

Doc = f.Doc

HOSTNAME: Doc = {
    "type": "string",
    "minLength": 2,
    "maxLength": 63,
    "pattern": "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$",
}
FQDN: Doc = {
    "type": "string",
    "minLength": 2,
    "maxLength": 255,
    "pattern": r"^[a-zA-Z0-9]+[a-zA-Z0-9-.]*[a-zA-Z0-9]+$",
}
DISK_CONFIG: Doc = {"type": "string", "enum": ["AUTO", "MANUAL"]}
ACCESS_4: Doc = {"type": "string", "format": "ipv4"}
ACCESS_6: Doc = {"type": "string", "format": "ipv6"}
FLAVOR_REF: Doc = {"type": ["string", "integer"], "minLength": 1}
IMAGE_REF: Doc = {"type": "string", "oneOf": [{"format": "uuid"}, {"maxLength": 0}]}
CERTIFICATES: Doc = {
    "type": ["array", "null"],
    "minItems": 1,
    "maxItems": 50,
    "uniqueItems": True,
    "items": {"type": "string", "minLength": 1},
}
PERSONALITY: Doc = {
    "type": "array",
    "items": f.obj({"path": f.STRING, "contents": {"type": "string", "format": "base64"}}),
}
USER_DATA: Doc = {"type": "string", "format": "base64", "maxLength": 65535}
HOST: Doc = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9-._]*$"}
_PORT: Doc = {"oneOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}


def _networks(*, strict: bool, tagged: bool) -> Doc:
    item: Doc = {
        "fixed_ip": f.IP_ADDRESS,
        "port": {"type": ["string", "null"], "format": "uuid"} if not strict else _PORT,
    }
    item["uuid"] = f.UUID if strict else f.STRING
    if tagged:
        item["tag"] = f.TAG
    listed: Doc = {"type": "array", "items": f.obj(item)}
    return {"oneOf": [listed, {"type": "string", "enum": ["none", "auto"]}]} if strict else listed


_LEGACY_DEVICE: Doc = {
    "virtual_name": {"type": "string", "maxLength": 255},
    "volume_id": f.UUID,
    "snapshot_id": f.UUID,
    "volume_size": {
        "type": ["integer", "string"],
        "pattern": "^[0-9]+$",
        "minimum": 1,
        "maximum": f.MAX_INT,
        "minLength": 1,
    },
    "device_name": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9._-r/]*$"},
    "delete_on_termination": f.BOOLEAN,
    "no_device": {},
    "connection_info": {"type": "string", "maxLength": 16777215},
}
_DEVICE: Doc = {
    **_LEGACY_DEVICE,
    "source_type": {"type": "string", "enum": ["volume", "image", "snapshot", "blank"]},
    "uuid": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9._-]*$"},
    "image_id": f.UUID,
    "destination_type": {"type": "string", "enum": ["local", "volume"]},
    "guest_format": {"type": "string", "maxLength": 255},
    "device_type": {"type": "string", "maxLength": 255},
    "disk_bus": {"type": "string", "maxLength": 255},
    "boot_index": {"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$"},
}
_HINTS: Doc = {
    "type": "object",
    "properties": {
        "group": {"oneOf": [f.UUID, {"type": "array", "items": f.UUID, "maxItems": 1}]},
        "different_host": {"oneOf": [f.UUID, {"type": "array", "items": f.UUID}]},
        "same_host": {"type": ["string", "array"], "items": f.UUID},
        "query": {"type": ["string", "object"]},
        "target_cell": f.NAME,
        "different_cell": {"type": ["string", "array"], "items": f.STRING},
        "build_near_host_ip": f.IP_ADDRESS,
        "cidr": {"type": "string", "pattern": "^/[0-9a-f.:]+$"},
    },
    "additionalProperties": True,
}


def _device(version: int) -> Doc:
    device = dict(_DEVICE)
    if version == 32 or version >= 42:
        device["tag"] = f.TAG
    if version >= 67:
        device["volume_type"] = {"type": ["string", "null"], "minLength": 0, "maxLength": 255}
    return {"type": "array", "items": f.obj(device)}


def _create(version: int) -> Doc:
    server: Doc = {
        "name": f.NAME,
        "imageRef": IMAGE_REF,
        "flavorRef": FLAVOR_REF,
        "adminPass": f.STRING,
        "metadata": f.METADATA,
        "networks": _networks(strict=version >= 37, tagged=32 <= version < 37 or version >= 42),
        "OS-DCF:diskConfig": DISK_CONFIG,
        "accessIPv4": ACCESS_4,
        "accessIPv6": ACCESS_6,
        "personality": PERSONALITY,
        "availability_zone": {**f.NAME, "format": "name"},
        "block_device_mapping": {"type": "array", "items": f.obj(_LEGACY_DEVICE)},
        "block_device_mapping_v2": _device(version),
        "config_drive": f.BOOLEAN,
        "key_name": f.NAME,
        "min_count": f.POSITIVE,
        "max_count": f.POSITIVE,
        "return_reservation_id": f.BOOLEAN,
        "security_groups": {"type": "array", "items": f.obj({"name": f.NAME})},
        "user_data": USER_DATA,
    }
    if version >= 57:
        del server["personality"]
    added: dict[int, Doc] = {
        19: {"description": f.DESCRIPTION},
        52: {"tags": f.TAGS},
        63: {"trusted_image_certificates": CERTIFICATES},
        74: {"host": HOST, "hypervisor_hostname": HOST},
        90: {"hostname": HOSTNAME},
        94: {"hostname": FQDN},
    }
    for first, properties in added.items():
        if version >= first:
            server |= properties
    needed = ["name", "flavorRef"] + (["networks"] if version >= 37 else [])
    properties = {"server": f.obj(server, needed), "os:scheduler_hints": _HINTS, "OS-SCH-HNT:scheduler_hints": _HINTS}
    return f.obj(properties, ["server"])


CREATE = f.versions(*((v, _create(v)) for v in (1, 19, 32, 33, 37, 42, 52, 57, 63, 67, 74, 90, 94)))


def _update(version: int) -> Doc:
    server: Doc = {
        "name": f.NAME,
        "OS-DCF:diskConfig": DISK_CONFIG,
        "accessIPv4": ACCESS_4,
        "accessIPv6": ACCESS_6,
    }
    if version >= 19:
        server["description"] = f.DESCRIPTION
    if version >= 90:
        server["hostname"] = HOSTNAME if version < 94 else FQDN
    return f.wrapped("server", f.obj(server))


UPDATE = f.versions(*((v, _update(v)) for v in (1, 19, 90, 94)))

_ANY: Doc = f.multi(f.STRING)
_REGEX: Doc = f.multi({"type": "string", "format": "regex"})
_TIME: Doc = f.multi({"type": "string", "format": "date-time"})
SORT_KEYS = [
    *("access_ip_v4", "access_ip_v6", "auto_disk_config", "availability_zone", "config_drive", "created_at"),
    *("display_description", "display_name", "host", "hostname", "image_ref", "instance_type_id", "kernel_id"),
    *("key_name", "launch_index", "launched_at", "locked_by", "node", "power_state", "progress", "project_id"),
    *("ramdisk_id", "root_device_name", "task_state", "terminated_at", "updated_at", "user_id", "uuid", "vm_state"),
]
IGNORED_SORT_KEYS = [
    *("architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted"),
    *("deleted_at", "disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data", "launched_on"),
    *("locked", "memory_mb", "os_type", "reservation_id", "root_gb", "shutdown_terminate", "user_data", "vcpus"),
    "vm_mode",
]
JOINED = (
    "block_device_mapping",
    "services",
    "metadata",
    "system_metadata",
    "info_cache",
    "security_groups",
    "pci_devices",
)


def _list(version: int) -> Doc:
    names = [
        *("user_id", "project_id", "tenant_id", "launch_index", "image_ref", "image", "vm_state", "task_state", "host"),
        *("uuid", "sort_dir", "all_tenants", "soft_deleted", "deleted", "status", *JOINED),
    ]
    patterns = [
        *("kernel_id", "ramdisk_id", "hostname", "key_name", "power_state", "node", "flavor", "reservation_id"),
        *("launched_at", "terminated_at", "availability_zone", "name", "display_name", "description"),
        *("display_description", "locked_by", "root_device_name", "config_drive", "access_ip_v4", "access_ip_v6"),
        *("auto_disk_config", "progress", "ip", "ip6", "created_at"),
    ]
    if version >= 26:
        patterns += ["tags", "tags-any", "not-tags", "not-tags-any"]
    keys = SORT_KEYS + IGNORED_SORT_KEYS if version < 75 else [*SORT_KEYS, "locked"]
    properties: dict[str, Any] = {
        **dict.fromkeys(names, _ANY),
        **dict.fromkeys(patterns, _REGEX),
        "sort_key": f.multi({"type": "string", "enum": keys}),
        "changes-since": _TIME,
        **f.PAGING,
    }
    if version >= 66:
        properties["changes-before"] = _TIME
    if version >= 73:
        properties["locked"] = _ANY
    document = f.query(properties, strict=version >= 75)
    document["patternProperties"] = {"^_": _ANY}
    return document


LIST = f.versions(*((v, _list(v)) for v in (1, 26, 66, 73, 75)))
