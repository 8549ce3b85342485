"""What requests about flavors must look like."""

from __future__ import annotations

from gurum.pia.compute import fields as f

_SORT_KEYS = [
    *("created_at", "description", "disabled", "ephemeral_gb", "flavorid", "id", "is_public", "memory_mb", "name"),
    *("root_gb", "rxtx_factor", "swap", "updated_at", "vcpu_weight", "vcpus"),
]

_LIST: f.Doc = {
    **f.PAGING,
    "is_public": f.multi(f.STRING),
    "minRam": f.multi(f.STRING),
    "minDisk": f.multi(f.STRING),
    "sort_key": f.multi({"type": "string", "enum": _SORT_KEYS}),
    "sort_dir": f.multi({"type": "string", "enum": ["asc", "desc"]}),
}
LIST = f.versions((1, f.query(_LIST)), (75, f.query(_LIST, strict=True)))

_POSITIVE: f.Doc = {
    "type": ["integer", "string"],
    "pattern": "^[0-9]*$",
    "minLength": 1,
    "minimum": 1,
    "maximum": f.MAX_INT,
}
_AMOUNT: f.Doc = {**_POSITIVE, "minimum": 0}
_TEXT: f.Doc = {"type": ["string", "null"], "minLength": 0, "maxLength": 65535}
_CREATE: f.Doc = {
    "name": f.NAME,
    "id": {
        "type": ["string", "number", "null"],
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^(?! )[a-zA-Z0-9. _-]+(?<! )$",
    },
    "ram": _POSITIVE,
    "vcpus": _POSITIVE,
    "disk": _AMOUNT,
    "OS-FLV-EXT-DATA:ephemeral": _AMOUNT,
    "swap": _AMOUNT,
    "rxtx_factor": {
        "type": ["number", "string"],
        "pattern": r"^[0-9]+(\.[0-9]+)?$",
        "minimum": 0,
        "exclusiveMinimum": True,
        "maximum": 3.40282e38,
    },
    "os-flavor-access:is_public": f.BOOLEAN,
}
_NEEDED = ["name", "ram", "vcpus", "disk"]
CREATE = f.versions(
    (1, f.wrapped("flavor", f.obj(_CREATE, _NEEDED))),
    (55, f.wrapped("flavor", f.obj({**_CREATE, "description": _TEXT}, _NEEDED))),
)
UPDATE = f.versions((55, f.wrapped("flavor", f.obj({"description": _TEXT}, ["description"]))))

_SPECS: f.Doc = {
    "type": "object",
    "patternProperties": {
        "^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "number"], "maxLength": 255},
    },
    "additionalProperties": False,
}
EXTRA_SPECS = f.versions((1, f.wrapped("extra_specs", _SPECS)))
EXTRA_SPEC = f.versions((1, {**_SPECS, "minProperties": 1, "maxProperties": 1}))

_PROJECT = f.obj(
    {"tenant": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9-]*$"}}, ["tenant"]
)
ADD_ACCESS = f.versions((1, f.wrapped("addTenantAccess", _PROJECT)))
REMOVE_ACCESS = f.versions((1, f.wrapped("removeTenantAccess", _PROJECT)))
