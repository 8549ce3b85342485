"""The catalogue of the configuration, made so in the store at every start: regions, accounts, flavors, images.

Ids follow from region and name, so that every start, and every machine with the same configuration, has the same ones.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TypeVar

import structlog

from gurum.model.base import Metadata, Resource
from gurum.model.compute import Flavor, FlavorSpec
from gurum.model.image import Image, ImageSpec
from gurum.model.region import Account, AccountSpec, Capability, Region, RegionSpec, Zone
from gurum.ops.config import FlavorConfig, ImageConfig, RegionConfig
from gurum.store.contract import ConflictError, ExistsError, NotFoundError, Store

R = TypeVar("R", bound=Resource)

log = structlog.get_logger("gurum.engine")

NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 4122's namespace of URLs
INSTANCE_TYPE = "aws:instance_type"


def stable_id(region: str, kind: str, name: str) -> str:
    """Return the id of a thing of the catalogue."""
    return str(uuid.uuid5(NAMESPACE, f"gurum:{region}/{kind}/{name}"))


def objects(region: RegionConfig) -> list[Resource]:
    """Return what a region's configuration says, as objects."""
    zones = [Zone(name=zone.name, id=zone.id) for zone in region.zones]
    out: list[Resource] = [
        Region(
            metadata=Metadata(id=stable_id(region.name, "Region", region.name), key=region.name, region=region.name),
            spec=RegionSpec(
                provider=region.provider, cloud_region=region.cloud_region, zones=zones, simulated=region.simulated
            ),
        )
    ]
    for account in region.aws.accounts if region.aws is not None else ():
        key = f"{region.name}/{account.number}"
        out.append(
            Account(
                metadata=Metadata(id=stable_id(region.name, "Account", account.number), key=key, region=region.name),
                spec=AccountSpec(provider="aws", number=account.number, partition="aws", projects=account.projects),
            )
        )
    out += [_flavor(region.name, flavor) for flavor in region.flavors]
    out += [_image(region.name, image) for image in region.images]
    return out


def _flavor(region: str, flavor: FlavorConfig) -> Flavor:
    flavorid = flavor.id or stable_id(region, "Flavor", flavor.name)
    specs = {INSTANCE_TYPE: flavor.instance_type} if flavor.instance_type else {}
    return Flavor(
        metadata=Metadata(id=stable_id(region, "Flavor", flavor.name), key=f"{region}/{flavorid}", region=region),
        spec=FlavorSpec(
            name=flavor.name,
            vcpus=flavor.vcpus,
            ram=flavor.ram,
            disk=flavor.disk,
            flavorid=flavorid,
            extra_specs=specs,
        ),
    )


def _image(region: str, image: ImageConfig) -> Image:
    id_ = image.id or stable_id(region, "Image", image.name)
    return Image(
        metadata=Metadata(id=id_, key=id_, region=region),
        spec=ImageSpec(
            name=image.name,
            disk_format=image.disk_format,
            size=image.size,
            checksum=image.checksum,
            os_hash_value=image.os_hash_value,
            min_disk=image.min_disk,
            min_ram=image.min_ram,
            architecture=image.architecture,
            properties=image.properties,
            cloud_id=image.cloud_id,
            root_device=image.root_device,
        ),
    )


async def seed(store: Store, region: RegionConfig) -> None:
    """Create what is missing, bring the rest in line. What the configuration no longer names stays: it may be in use.

    Idempotent; several engines may do it at once. Raises UnavailableError.
    """
    for wanted in objects(region):
        for _ in range(8):
            try:
                await _put(store, wanted)
                break
            except (ConflictError, ExistsError, NotFoundError):
                continue  # another engine did the same just now: look again


async def _put(store: Store, wanted: Resource) -> None:
    try:
        present = await store.get(type(wanted), wanted.id)
    except NotFoundError:
        await store.create(wanted)
        log.info("seeded", kind=wanted.kind, key=wanted.metadata.key)
        return
    present.spec = wanted.spec  # type: ignore[attr-defined]  # every seeded kind has a spec
    await store.update_spec(present)


async def publish(
    store: Store, region: RegionConfig, capabilities: Mapping[str, Capability], limits: Mapping[str, int]
) -> None:
    """Write what the provider can into the region's status, where the API reads it."""
    for _ in range(8):
        found = await store.get(Region, stable_id(region.name, "Region", region.name))
        found.status.capabilities, found.status.limits = dict(capabilities), dict(limits)
        try:
            await store.update_status(found)
        except ConflictError:
            continue
        return
