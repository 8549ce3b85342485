"""What an AWS account must allow for a wanted size: AWS's quotas as rows, and how much of each our servers need.

An account's first limit shows at the worst time, as a server in ERROR. What a thing costs follows from how drivers map
it (a network is a VPC, a subnet one AWS subnet a zone, a group one a VPC), so it can be told beforehand.
Sources: Service Quotas (codes), Amazon VPC quotas, EC2 and EBS endpoints and quotas (defaults), EC2 Developer Guide,
"Request throttling" (rates). Defaults are those of a new account and may have been raised in yours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gurum.providers.aws.buckets import rate_of


@dataclass(frozen=True, kw_only=True)
class Size:
    """What is wanted in one account of one region. `vcpus`: by AWS's instance family (`standard`, `g`, ...)."""

    servers: int
    vcpus: Mapping[str, int]
    disk: int = 0  # GiB a server
    zones: int = 1
    networks: int = 1
    subnets: int = 1  # of one network
    ports: int = 1  # of one server
    groups: int = 1  # security groups, each used in every network
    rules: int = 10  # of one security group, one direction
    groups_per_port: int = 1
    floating_ips: int = 0


@dataclass(frozen=True)
class Quota:
    """One quota: AWS's code and default, what a size needs of it, and the most that AWS raises it to (0: not known)."""

    service: str
    code: str
    name: str
    default: int
    needed: Callable[[Size], int]
    most: int = 0
    unit: str = ""


# Family of instances: (code, quota's name, default).
FAMILIES: dict[str, tuple[str, str, int]] = {
    "standard": ("L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5),
    "f": ("L-74FC7D96", "Running On-Demand F instances", 0),
    "g": ("L-DB2E81BA", "Running On-Demand G and VT instances", 0),
    "inf": ("L-1945791B", "Running On-Demand Inf instances", 0),
    "p": ("L-417A185B", "Running On-Demand P instances", 0),
    "trn": ("L-2C3B7624", "Running On-Demand Trn instances", 0),
    "u": ("L-43DA4232", "Running On-Demand High Memory instances", 0),
    "x": ("L-7295265B", "Running On-Demand X instances", 0),
}

QUOTAS: tuple[Quota, ...] = (
    # One VPC for servers without a network is ours.
    Quota("vpc", "L-F678F1CE", "VPCs per Region", 5, lambda size: size.networks + 1),
    Quota("vpc", "L-407747CB", "Subnets per VPC", 200, lambda size: size.subnets * size.zones),
    Quota("vpc", "L-DF5E4CA3", "Network interfaces per Region", 5000, lambda s: s.servers * max(1, s.ports)),
    # In each network the groups, the one that AWS makes, and perhaps the one of ports without any.
    Quota(
        "vpc", "L-E79EC296", "VPC security groups per Region", 2500, lambda s: (s.groups + 2) * (s.networks + 1),
    ),
    Quota("vpc", "L-0EA8095F", "Inbound or outbound rules per security group", 60, lambda s: s.rules, most=1000),
    Quota("vpc", "L-2AFB9258", "Security groups per network interface", 5, lambda size: size.groups_per_port, most=16),
    Quota("vpc", "L-A4707A72", "Internet gateways per Region", 5, lambda s: s.networks if s.floating_ips else 0),
    Quota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5, lambda size: size.floating_ips),
    Quota(
        "ebs", "L-7A658B76", "Storage for General Purpose SSD (gp3) volumes", 50,
        lambda size: math.ceil(size.servers * size.disk / 1024), unit="TiB",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Advice:
    """A quota and what to do: `raise_to` 0 means that the default is enough. `note`: what cannot be had."""

    service: str
    code: str
    name: str
    default: int
    needed: int
    raise_to: int
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Pace:
    """How long AWS's own request rate makes it take, at the least. Seconds."""

    action: str
    per_second: float
    burst: float
    calls: int
    seconds: float


def family(instance_type: str) -> str:
    """Return the quota family of an instance type: `m6g.large` is `standard`."""
    letters = re.split(r"[^a-z]", instance_type, maxsplit=1)[0]
    if letters == "vt":
        return "g"
    return letters if letters in FAMILIES else "standard"


def advice(size: Size, headroom: float = 0.2) -> list[Advice]:
    """Return every quota that the size touches, with what to raise it to (needed plus headroom, rounded up)."""
    rows = [
        Quota("ec2", *FAMILIES[name], lambda _, count=count: count, unit="vCPU")  # type: ignore[misc]  # mypy, defaults
        for name, count in sorted(size.vcpus.items())
    ]
    found = []
    for quota in (*rows, *QUOTAS):
        needed = quota.needed(size)
        if needed <= 0:
            continue
        wanted = 0 if needed <= quota.default else math.ceil(needed * (1 + headroom))
        note = ""
        if quota.most and wanted > quota.most:
            wanted = quota.most
            note = f"AWS gives at most {quota.most}" if needed > quota.most else ""
        found.append(Advice(quota.service, quota.code, quota.name, quota.default, needed, wanted, quota.unit, note))
    if size.rules * size.groups_per_port > 1000:
        found.append(
            Advice("vpc", "", "Rules per group times groups per interface", 1000, size.rules * size.groups_per_port, 0,
                   note="AWS allows no more than 1,000")
        )  # fmt: skip
    return found


def pace(size: Size, rates: Mapping[str, tuple[float, float]]) -> Pace:
    """Return how long the launches take at AWS's request rate: one call a server, after a burst.

    `rates`: what the configuration says of an account whose rate was raised.
    """
    per_second, burst = rate_of("RunInstances", rates)
    return Pace("RunInstances", per_second, burst, size.servers, max(0.0, (size.servers - burst) / per_second))
