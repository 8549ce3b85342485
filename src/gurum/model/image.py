"""Image: in this release a catalogue, so images are seeded, listed and shown, not uploaded."""

from __future__ import annotations

import msgspec

from gurum.model.base import Resource, Status


class ImageSpec(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Glance's image. size in bytes, min_disk GiB, min_ram MiB. `cloud_id` names what it is made of in the cloud.

    root_device: the cloud's name of the root disk; empty: its size is the image's own, whatever the flavor says.
    """

    name: str
    visibility: str = "public"
    owner: str = ""
    disk_format: str = "raw"
    container_format: str = "bare"
    size: int = 0
    virtual_size: int | None = None
    checksum: str = ""
    os_hash_algo: str = "sha512"
    os_hash_value: str = ""
    min_disk: int = 0
    min_ram: int = 0
    protected: bool = False
    os_hidden: bool = False
    architecture: str = "x86_64"
    tags: list[str] = msgspec.field(default_factory=list)
    properties: dict[str, str] = msgspec.field(default_factory=dict)
    cloud_id: str = ""
    root_device: str = ""


class ImageStatus(Status, kw_only=True, omit_defaults=True):
    """Glance's status word."""

    status: str = "active"


class Image(Resource, kw_only=True):
    """An image of a region; its key is its id."""

    kind = "Image"
    spec: ImageSpec
    status: ImageStatus = msgspec.field(default_factory=ImageStatus)
