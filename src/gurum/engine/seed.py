"""What the configuration names, made so in the store at every start: regions, accounts, catalogue, external networks.

Ids follow from region and name, so that every start, and every machine with the same configuration, has the same ones.
"""

from __future__ import annotations

import hashlib
import ipaddress
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import structlog

from gurum.engine.work import FINALIZER
from gurum.model import addresses, codec
from gurum.model.base import Metadata, Resource
from gurum.model.compute import Flavor, FlavorSpec
from gurum.model.image import Image, ImageSpec
from gurum.model.network import Network, NetworkSpec, Subnet, SubnetSpec
from gurum.model.region import Account, AccountSpec, Capability, Region, RegionSpec, Zone
from gurum.ops.clock import Clock
from gurum.ops.config import ExternalNetworkConfig, FlavorConfig, ImageConfig, RegionConfig
from gurum.store.contract import ConflictError, ExistsError, NotFoundError, Store, UnavailableError

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

log = structlog.get_logger("gurum.engine")

NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 4122's namespace of URLs
REVISION = "network.openstack.org/revision"  # label: what the network API counts beside changes of spec
SEEDED = "seeded"  # label: digest of what the configuration said when the object was last made so
INSTANCE_TYPE = "aws:instance_type"
_TRIES = 12  # about fifteen seconds


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
    for external in region.external_networks:
        out += _external(region.name, external)
    for obj in out:
        obj.metadata.labels[SEEDED] = hashlib.sha256(codec.encode(obj)).hexdigest()[:16]
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


def _external(region: str, external: ExternalNetworkConfig) -> list[Resource]:
    """Return an external network and its subnet, owned by a project that there is not: nobody's but an administrator's.

    As every network it is known to the network API's users by the ids of a project and of itself.
    """
    network_id = external.id or stable_id(region, "Network", external.name)
    subnet_id = stable_id(region, "Subnet", external.subnet_name)
    owner = uuid.UUID(stable_id(region, "Project", external.name)).hex
    cidr = str(ipaddress.ip_network(external.cidr))
    gateway = external.gateway_ip or str(ipaddress.ip_network(cidr)[1])

    def metadata(uid: str, revision: str) -> Metadata:
        return Metadata(
            id=uid, key=uid, region=region, project=owner, finalizers=[FINALIZER], labels={REVISION: revision}
        )

    return [
        Network(
            metadata=metadata(network_id, "1"),  # the subnet counts as a change of it
            spec=NetworkSpec(name=external.name, external=True, mtu=external.mtu),
        ),
        Subnet(
            metadata=metadata(subnet_id, "0"),
            spec=SubnetSpec(
                network_id=network_id,
                name=external.subnet_name,
                cidr=cidr,
                gateway_ip=gateway,
                enable_dhcp=False,
                allocation_pools=addresses.pools(cidr, gateway, {}),
            ),
        ),
    ]


async def patiently(clock: Clock, attempt: Callable[[], Awaitable[T]]) -> T:
    """Repeat what another engine or a busy store got in the way of; return its result.

    Raises what the last of the tries raised.
    """
    for number in range(_TRIES - 1):
        try:
            return await attempt()
        except (ConflictError, ExistsError, NotFoundError, UnavailableError):
            await clock.sleep(min(2.0, 0.05 * 2**number))
    return await attempt()


async def seed(store: Store, region: RegionConfig, clock: Clock) -> None:
    """Create what is missing, and bring in line what the configuration says anew.

    What it no longer names stays: it may be in use. What was deleted while it is named comes back.

    Idempotent; several engines may do it at once. Raises StoreError when the store stays unavailable.
    """
    for wanted in objects(region):
        await patiently(clock, lambda wanted=wanted: _put(store, wanted))  # type: ignore[misc]  # mypy and defaults


async def _put(store: Store, wanted: Resource) -> None:
    try:
        present = await store.get(type(wanted), wanted.id)
    except NotFoundError:
        await store.create(wanted)
        log.info("seeded", kind=wanted.kind, key=wanted.metadata.key)
        return
    if present.metadata.labels.get(SEEDED) == wanted.metadata.labels[SEEDED]:
        return  # the configuration says what it said before: what an administrator changed since stays
    present.spec = wanted.spec  # type: ignore[attr-defined]  # every seeded kind has a spec
    present.metadata.labels[SEEDED] = wanted.metadata.labels[SEEDED]
    await store.update_spec(present)


async def publish(
    store: Store,
    region: RegionConfig,
    capabilities: Mapping[str, Capability],
    limits: Mapping[str, int],
    clock: Clock,
) -> None:
    """Write what the provider can into the region's status, where the API reads it. Raises StoreError."""

    async def write() -> None:
        found = await store.get(Region, stable_id(region.name, "Region", region.name))
        found.status.capabilities, found.status.limits = dict(capabilities), dict(limits)
        await store.update_status(found)

    await patiently(clock, write)
