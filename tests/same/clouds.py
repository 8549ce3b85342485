"""A cloud of a clouds.yaml as the run uses it: whose entries there are, and what of it the script may use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml
from tests.same.sdk import Call, Found
from tests.same.warm import Job

LEAST_NAME = 4  # characters: a shorter name of an image or flavor would be found in everything


class CloudError(Exception):
    """A cloud cannot be used; the sentence says why."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller chooses instead of the smallest that fits; empty: nothing."""

    image: str = ""
    flavor: str = ""
    external: str = ""


class Cloud(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a clouds.yaml, and the region to use. `people`: suffixes of the entries NAME-SUFFIX.

    `label`: as the caller wrote it.
    """

    label: str
    name: str
    region: str | None
    file: Path
    people: frozenset[str]

    def entry(self, person: str) -> str:
        """Return the name of a person's entry: NAME, or NAME-SUFFIX."""
        return f"{self.name}-{person}" if person else self.name

    def call(self, person: str = "", **fields: Any) -> Call:
        """Return an SDK call as a person."""
        return Call(cloud=self.entry(person), region=self.region, **fields)

    def words(self, person: str = "") -> list[str]:
        """Return the options with which the command reaches the cloud."""
        return ["--os-cloud", self.entry(person), *(("--os-region-name", self.region) if self.region else ())]


def connection(file: Path, entry: str, region: str | None) -> Any:
    """Return an SDK connection to an entry of a clouds.yaml, whatever this process's environment says."""
    from openstack import config
    from openstack.connection import Connection

    entries = config.OpenStackConfig(load_envvars=False, config_files=[str(file)])
    return Connection(config=entries.get_one(cloud=entry, region_name=region))


def cloud(label: str, file: Path) -> Cloud:
    """Return the cloud `NAME` or `NAME@REGION`. Raises CloudError."""
    name, _, region = label.partition("@")
    try:
        entries = yaml.safe_load(file.read_text())["clouds"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise CloudError(f"{file} is no clouds.yaml: {error}") from error
    if name not in entries:
        raise CloudError(f"{file} has no cloud `{name}`; it has {', '.join(entries)}")
    people = {entry[len(name) + 1 :] for entry in entries if entry.startswith(f"{name}-")}
    own = region or entries[name].get("region_name")
    return Cloud(label=label, name=name, region=own, file=file, people=frozenset(people))


def find_job(where: Cloud, environ: dict[str, str]) -> Job:
    """Return the job whose output `found` reads."""
    return Job(kind="find", payload=where.call(), environ=environ)


def found(text: str) -> Found:
    """Read what a cloud has."""
    return msgspec.json.decode(text, type=Found)


def usable(there: Found, wanted: Wanted) -> dict[str, str]:
    """Return the variables `image`, `flavor` and, if there is one, `external`. Raises CloudError.

    Not chosen, they are the first by name of the images, and of the flavors with room for it that with least memory.
    """
    images = sorted(
        (image for image in there.images if image["name"] and wanted.image in ("", image["name"])),
        key=lambda image: str(image["name"]),
    )
    if not images:
        raise CloudError(f"there is no active image {wanted.image}".rstrip())
    image = images[0]
    flavors = sorted(
        (
            flavor
            for flavor in there.flavors
            if wanted.flavor in ("", flavor["name"])
            and (wanted.flavor or flavor["disk"] >= (image.get("min_disk") or 0))
            and len(flavor["name"]) >= LEAST_NAME
        ),
        key=lambda flavor: (flavor["ram"], flavor["vcpus"], flavor["disk"], flavor["name"]),
    )
    if not flavors:
        raise CloudError(f"there is no flavor {wanted.flavor} for the image {image['name']}".replace("  ", " "))
    values = {"image": str(image["name"]), "flavor": str(flavors[0]["name"])}
    external = [name for name in there.external if wanted.external in ("", name)]
    return values | ({"external": external[0]} if external else {})
