"""A curated set of instance types with the figures of AWS's own tables.

Sources: EC2 "Instance types" specification pages (vCPU, memory, maximum interfaces, IPv4
addresses per interface); EBS User Guide, "Volume limits" (28 attachments for most Nitro types,
interfaces included).
"""

from collections.abc import Mapping
from typing import NamedTuple


class InstanceType(NamedTuple):
    """One instance type; memory in MiB."""

    name: str
    vcpus: int
    memory: int
    architecture: str
    interfaces: int
    addresses: int
    nitro: bool = True
    attachments: int = 28
    quota_class: str = "standard"

    @property
    def burstable(self) -> bool:
        """Tell whether it works on CPU credits."""
        return self.name.startswith("t")

    @property
    def threads(self) -> int:
        """Return threads a core: Graviton has one, t2.micro and t2.small one, the others two."""
        return 1 if self.architecture == "arm64" or self.vcpus == 1 else 2


# family -> architecture, size -> (vCPU, MiB, interfaces, addresses per interface)
_NITRO: Mapping[str, tuple[str, Mapping[str, tuple[int, int, int, int]]]] = {
    "t3": ("x86_64", {
        "nano": (2, 512, 2, 2), "micro": (2, 1024, 2, 2), "small": (2, 2048, 3, 4),
        "medium": (2, 4096, 3, 6), "large": (2, 8192, 3, 12), "xlarge": (4, 16384, 4, 15),
        "2xlarge": (8, 32768, 4, 15),
    }),
    "t4g": ("arm64", {
        "nano": (2, 512, 2, 2), "micro": (2, 1024, 2, 2), "small": (2, 2048, 3, 4),
        "medium": (2, 4096, 3, 6), "large": (2, 8192, 3, 12), "xlarge": (4, 16384, 4, 15),
        "2xlarge": (8, 32768, 4, 15),
    }),
    "m5": ("x86_64", {
        "large": (2, 8192, 3, 10), "xlarge": (4, 16384, 4, 15), "2xlarge": (8, 32768, 4, 15),
        "4xlarge": (16, 65536, 8, 30),
    }),
    "c5": ("x86_64", {
        "large": (2, 4096, 3, 10), "xlarge": (4, 8192, 4, 15), "2xlarge": (8, 16384, 4, 15),
        "4xlarge": (16, 32768, 8, 30),
    }),
    "r5": ("x86_64", {
        "large": (2, 16384, 3, 10), "xlarge": (4, 32768, 4, 15), "2xlarge": (8, 65536, 4, 15),
        "4xlarge": (16, 131072, 8, 30),
    }),
    "m6g": ("arm64", {
        "medium": (1, 4096, 2, 4), "large": (2, 8192, 3, 10), "xlarge": (4, 16384, 4, 15),
        "2xlarge": (8, 32768, 4, 15), "4xlarge": (16, 65536, 8, 30),
    }),
}  # fmt: skip
_XEN = (
    InstanceType("t2.micro", 1, 1024, "x86_64", 2, 2, nitro=False, attachments=40),
    InstanceType("t2.small", 1, 2048, "x86_64", 3, 4, nitro=False, attachments=40),
    InstanceType("t2.medium", 2, 4096, "x86_64", 3, 6, nitro=False, attachments=40),
    InstanceType("m4.large", 2, 8192, "x86_64", 2, 10, nitro=False, attachments=40),
)

TYPES: Mapping[str, InstanceType] = {
    found.name: found
    for found in (
        *(
            InstanceType(f"{family}.{size}", vcpus, memory, architecture, interfaces, addresses)
            for family, (architecture, sizes) in _NITRO.items()
            for size, (vcpus, memory, interfaces, addresses) in sizes.items()
        ),
        *_XEN,
    )
}
