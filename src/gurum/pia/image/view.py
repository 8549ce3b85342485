"""What an image looks like: Glance's keys, and the image's own properties beside them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gurum.model.image import Image
from gurum.pia.kernel.entries import Entry
from gurum.pia.kernel.wire import encode
from gurum.policy.model import Target

STORE = "catalogue"  # the one store there is, as /v2/info/stores names it
USUAL_ARCHITECTURE = "x86_64"  # what an image without the property is
_SHAPE = "image"


def document(image: Image) -> dict[str, Any]:
    """Return what is shown of an image. What the catalogue does not know is null, as in Glance."""
    spec, meta = image.spec, image.metadata
    self = f"/v2/images/{image.id}"
    shown: dict[str, Any] = dict(spec.properties)
    if spec.architecture != USUAL_ARCHITECTURE:
        shown.setdefault("architecture", spec.architecture)
    return shown | {
        "id": image.id,
        "name": spec.name,
        "status": image.status.status,
        "visibility": spec.visibility,
        "owner": owner(image),
        "protected": spec.protected,
        "os_hidden": spec.os_hidden,
        "checksum": spec.checksum or None,
        "os_hash_algo": spec.os_hash_algo if spec.os_hash_value else None,
        "os_hash_value": spec.os_hash_value or None,
        "disk_format": spec.disk_format,
        "container_format": spec.container_format,
        "size": spec.size or None,
        "virtual_size": spec.virtual_size,
        "min_disk": spec.min_disk,
        "min_ram": spec.min_ram,
        "tags": spec.tags,
        "stores": STORE,
        "created_at": stamp(meta.created_at),
        "updated_at": stamp(meta.updated_at),
        "self": self,
        "file": f"{self}/file",
        "schema": "/v2/schemas/image",
    }


def owner(image: Image) -> str | None:
    """Return the owner's project id; None where nobody is the owner."""
    return image.spec.owner or image.metadata.project or None


def target(image: Image) -> Target:
    """Return what policy decides by."""
    return Target(project_id=owner(image), visibility=image.spec.visibility)


def rendered(entry: Entry[Image]) -> bytes:
    """Return an image as JSON."""
    return entry.rendered(_SHAPE, lambda kept: encode(document(kept.object)))


def stamp(seconds: float) -> str:
    """Return a time in Glance's form: whole seconds, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
