"""Two clouds of our own: the embedded run's two regions, as entries of a clouds.yaml that the comparison can use."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from tests.same.clouds import connection
from tests.support.stack import Stack, running

ADMIN, MEMBER, READER, OTHER = "gurum-admin", "gurum", "gurum-reader", "other"


def prepared(document: dict[str, Any]) -> None:
    """Make the emulated AWS quick and looked at often: nobody's rate is spent here, and pace is not compared."""
    document["embedded"].setdefault("keystone_settings", {})["bcrypt_rounds"] = 4  # a password a call
    document["embedded"]["aws_emulator_settings"]["time_factor"] = 0.02
    for region in document["regions"]:
        if region["provider"] == "aws":
            region["aws"] |= {"observe_interval": 0.5, "idle_interval": 5.0}


@contextmanager
def started() -> Iterator[tuple[Path, list[str]]]:
    """Start it in a directory of its own; give the clouds.yaml and its clouds, the private one first."""
    with tempfile.TemporaryDirectory(prefix="same-") as directory, running(Path(directory), change=prepared) as stack:
        yield clouds(stack, Path(directory) / "clouds.yaml"), [region.name for region in stack.config.regions]


def clouds(stack: Stack, file: Path) -> Path:
    """Make what the script needs beside a member, and write a clouds.yaml: REGION, REGION-reader, REGION-other."""
    entries = yaml.safe_load(stack.places.clouds.read_text())["clouds"]
    people = {"": entries[MEMBER], "-reader": entries[READER], "-other": _other(stack, entries[MEMBER])}
    regions = [region.name for region in stack.config.regions]
    written = {}
    for region in regions:
        for suffix, entry in people.items():
            kept = {key: value for key, value in entry.items() if key != "regions"}
            written[f"{region}{suffix}"] = {**kept, "region_name": region}
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump({"clouds": written}, sort_keys=False))
    return file


def _admin(stack: Stack, region: str) -> Any:
    return connection(stack.places.clouds, ADMIN, region)


def _other(stack: Stack, member: dict[str, Any]) -> dict[str, Any]:
    """Make a member of another project; return the entry."""
    identity = _admin(stack, stack.config.regions[0].name).identity
    password = secrets.token_urlsafe(16)
    project = identity.create_project(name=OTHER, domain_id="default")
    user = identity.create_user(name=OTHER, domain_id="default", password=password)
    identity.assign_project_role_to_user(project, user, identity.find_role("member", ignore_missing=False))
    return {**member, "auth": {**member["auth"], "username": OTHER, "password": password, "project_name": OTHER}}
