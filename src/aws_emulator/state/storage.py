"""Rows of storage: volume, snapshot, and images of them."""

import msgspec

from aws_emulator.state.resource import Resource


class VolumeAttachment(msgspec.Struct, kw_only=True, gc=False):
    """How a volume hangs on an instance; `state` is attaching, attached or detaching."""

    instance_id: str
    device: str
    state: str
    attached_at: float
    delete_on_termination: bool


class Modification(msgspec.Struct, kw_only=True, gc=False):
    """The latest change of a volume; `state` is modifying, optimizing or completed."""

    state: str
    started_at: float
    ended_at: float | None
    size: tuple[int, int]
    volume_type: tuple[str, str]
    iops: tuple[int, int]
    throughput: tuple[int, int]


class Volume(Resource, kw_only=True, gc=False):
    """An EBS volume of `size` GiB; iops and throughput are 0 where the type has none."""

    size: int
    volume_type: str
    zone: str
    zone_id: str
    state: str
    iops: int = 0
    throughput: int = 0
    snapshot_id: str = ""
    encrypted: bool = False
    multi_attach: bool = False
    client_token: str = ""
    attachments: list[VolumeAttachment] = msgspec.field(default_factory=list)
    modification: Modification | None = None
    modified_at: list[float] = msgspec.field(default_factory=list)


class ImageDevice(msgspec.Struct, kw_only=True, gc=False):
    """A block device of an image: which snapshot, as how large a volume of which type."""

    device: str
    snapshot_id: str
    size: int
    volume_type: str = "gp3"
    delete_on_termination: bool = True
    encrypted: bool = False


class OwnImage(Resource, kw_only=True, gc=False):
    """An image that a customer made; the first of `devices` is the root."""

    name: str
    description: str
    architecture: str
    state: str
    devices: list[ImageDevice]
    source_instance_id: str = ""
    boot_mode: str = ""


class Snapshot(Resource, kw_only=True, gc=False):
    """A snapshot; it holds no data, only what describes tell."""

    volume_id: str
    size: int
    state: str
    description: str = ""
    encrypted: bool = False
    completed_at: float | None = None
