"""`gurum aws quotas`: what to raise in an account before so many servers are wanted, not after."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from gurum.cli.command import Command, Surroundings, aws_region, configuration, format_argument, place_arguments
from gurum.cli.output import rows, write_json
from gurum.ops.config import RegionConfig
from gurum.supervisor.rows import Refusal

COUNTS = {
    "networks": ("networks that servers are in", 1),
    "subnets": ("subnets of each network", 1),
    "ports": ("ports of each server", 1),
    "groups": ("security groups", 1),
    "rules": ("rules of a security group, in one direction", 10),
    "groups-per-port": ("security groups of a port", 1),
    "floating-ips": ("floating IPs", 0),
}


def _arguments(parser: ArgumentParser) -> None:
    place_arguments(parser)
    format_argument(parser)
    parser.add_argument("--region", default="", metavar="NAME", help="region (default: the only one on AWS)")
    parser.add_argument("--servers", type=int, required=True, metavar="N", help="servers at once, in one account")
    parser.add_argument("--flavor", default="", metavar="NAME", help="their flavor (default: the largest)")
    for name, (text, default) in COUNTS.items():
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{text} (default: {default})")
    parser.add_argument(
        "--headroom", type=int, default=20, metavar="PERCENT", help="above what is needed (default: 20)"
    )


def _run(arguments: Namespace, around: Surroundings) -> int:
    # Imported late: it comes with the provider.
    from gurum.providers.aws import quotas

    region = aws_region(configuration(arguments, around), arguments.region)
    vcpus, disk, instance_type = _flavor(region, arguments.flavor)
    counts = {name.replace("-", "_"): getattr(arguments, name.replace("-", "_")) for name in COUNTS}
    if arguments.servers < 1 or min(counts.values()) < 0 or arguments.headroom < 0:
        raise Refusal("a size is a number of at least 1, a count of at least 0")
    size = quotas.Size(
        servers=arguments.servers,
        vcpus={quotas.family(instance_type): arguments.servers * vcpus},
        disk=disk,
        zones=len(region.zones),
        **counts,
    )
    found = quotas.advice(size, arguments.headroom / 100)
    pace = quotas.pace(size, region.aws.rates if region.aws is not None else {})
    if arguments.format == "json":
        write_json({"quotas": [asdict(one) for one in found], "pace": asdict(pace)}, around.out)
        return 0
    rows(
        ("service", "code", "quota", "default", "needed", "raise to"),
        [
            (one.service, one.code, f"{one.name} ({one.unit})" if one.unit else one.name, one.default, one.needed,
             one.note or one.raise_to or "-")
            for one in found
        ],
        around.out,
    )  # fmt: skip
    around.out.write(
        f"\nAWS takes {pace.per_second:g} {pace.action} a second after {pace.burst:g} at once: "
        f"{pace.calls} servers take at least {pace.seconds:.0f} s to launch.\n"
    )
    return 0


def _flavor(region: RegionConfig, name: str) -> tuple[int, int, str]:
    """Return vCPUs, disk (GiB) and instance type of the flavor, or of the one with most vCPUs."""
    there = [flavor for flavor in region.flavors if not name or flavor.name == name]
    if not there:
        known = ", ".join(flavor.name for flavor in region.flavors) or "none"
        raise Refusal(f"region {region.name} has no flavor {name!r}; the configuration has: {known}")
    largest = max(there, key=lambda flavor: flavor.vcpus)
    return largest.vcpus, largest.disk, largest.instance_type


COMMAND = Command(
    words=("aws", "quotas"),
    help="say which Service Quotas to raise, and to what, for a wanted number of servers",
    run=_run,
    arguments=_arguments,
)
