"""A small catalogue of public images.

The owners are the real accounts of the publishers and the names follow their pattern, so that
clients' filters work; the ids are the emulator's own (an id differs per region at AWS too), and
the description of each image says that it is simulated.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple


class Image(NamedTuple):
    """An image as launches and describes see it, whoever made it; sizes in GiB.

    `more` are the devices beside the root: (device name, snapshot, size).
    """

    id: str
    name: str
    owner: str
    owner_alias: str
    architecture: str
    root_device: str
    root_snapshot: str
    root_size: int
    created: str
    state: str
    boot_mode: str
    description: str
    public: bool = True
    more: tuple[tuple[str, str, int], ...] = ()
    source_instance: str = ""
    tags: Mapping[str, str] = MappingProxyType({})


# (name, owner, alias, architecture, root device, GiB, creation date, state)
_SEED = (
    ("al2023-ami-2023.6.20250115.0-kernel-6.1-x86_64", "137112412989", "amazon", "x86_64",
     "/dev/xvda", 8, "2025-01-16T00:00:00.000Z", "available"),
    ("al2023-ami-2023.6.20250115.0-kernel-6.1-arm64", "137112412989", "amazon", "arm64",
     "/dev/xvda", 8, "2025-01-16T00:00:00.000Z", "available"),
    ("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250115", "099720109477", "",
     "x86_64", "/dev/sda1", 8, "2025-01-15T00:00:00.000Z", "available"),
    ("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20250115", "099720109477", "",
     "arm64", "/dev/sda1", 8, "2025-01-15T00:00:00.000Z", "available"),
    ("ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20250112", "099720109477", "",
     "x86_64", "/dev/sda1", 8, "2025-01-12T00:00:00.000Z", "available"),
    ("debian-12-amd64-20250101-1980", "136693071363", "", "x86_64", "/dev/xvda", 8,
     "2025-01-01T00:00:00.000Z", "available"),
    ("debian-12-arm64-20250101-1980", "136693071363", "", "arm64", "/dev/xvda", 8,
     "2025-01-01T00:00:00.000Z", "available"),
    ("debian-13-amd64-20251101-broken", "136693071363", "", "x86_64", "/dev/xvda", 8,
     "2025-11-01T00:00:00.000Z", "failed"),
)  # fmt: skip


@cache
def images_of(region: str) -> Mapping[str, Image]:
    """Return the images of a region by id; the same ids in every run."""
    found = {}
    for name, owner, alias, architecture, device, size, created, state in _SEED:
        digest = hashlib.sha256(f"{region}/{name}".encode()).hexdigest()
        image = Image(
            f"ami-0{digest[:16]}", name, owner, alias, architecture, device,
            f"snap-0{digest[16:32]}", size, created, state,
            "uefi" if architecture == "arm64" else "uefi-preferred",
            f"{name} (simulated: it boots nothing)",
        )  # fmt: skip
        found[image.id] = image
    return found


@cache
def snapshots_of(region: str) -> Mapping[str, Image]:
    """Return the images of a region by their root snapshot."""
    return {image.root_snapshot: image for image in images_of(region).values()}


def default_image(region: str, architecture: str = "x86_64") -> Image:
    """Return the first available image of an architecture."""
    images = images_of(region).values()
    return next(i for i in images if i.architecture == architecture and i.state == "available")
