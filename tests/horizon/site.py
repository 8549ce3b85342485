"""The region that is looked at: a whole run of our own, with a member of a project to log in as."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from tests.support.stack import Stack, running

MEMBER = "gurum"


@dataclass(frozen=True)
class Site:
    """Where it runs, whom to log in as, and what the operator has made before anybody comes."""

    region: str
    other: str  # another region of the same Keystone
    keystone: str  # URL of /v3
    api: str  # URL below which the region's services are
    requests: Path  # the log of the region's requests
    user: str
    project: str
    images: list[str]
    flavors: list[str]
    external: str  # name of the external network
    zones: list[str]
    password: str = field(repr=False)


def change(document: dict[str, Any]) -> None:
    """Make the emulated AWS quick and looked at often: nobody's rate is spent here, and pace is not judged."""
    document["embedded"].setdefault("keystone_settings", {})["bcrypt_rounds"] = 4
    document["embedded"]["aws_emulator_settings"]["time_factor"] = 0.02
    for region in document["regions"]:
        if region["provider"] == "aws":
            region["aws"] |= {"observe_interval": 0.5, "idle_interval": 5.0}


@contextmanager
def started(region: str) -> Iterator[Site]:
    """Start it in a directory of its own; everything is gone in the end. Raises RuntimeError if it cannot be made."""
    with tempfile.TemporaryDirectory(prefix="horizon-") as directory, running(Path(directory), change=change) as stack:
        yield found(stack, region)


def found(stack: Stack, region: str) -> Site:
    """Read what a run has. Raises KeyError if it has no such region."""
    config = stack.config.region(region)
    auth = yaml.safe_load(stack.places.clouds.read_text())["clouds"][MEMBER]["auth"]
    return Site(
        region=region,
        other=next(one.name for one in stack.config.regions if one.name != region),
        keystone=stack.config.identity.url,
        api=stack.url(region),
        requests=stack.places.state / "log" / "pia.log",
        user=auth["username"],
        project=auth["project_name"],
        images=[image.name for image in config.images],
        flavors=[flavor.name for flavor in config.flavors],
        external=config.external_networks[0].name,
        zones=[zone.name for zone in config.zones],
        password=auth["password"],
    )
