"""An instance is a server; its interfaces, and those that are attached to nothing, are ports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gurum.model.base import Status
from gurum.model.compute import Flavor, ServerGroup, ServerGroupSpec
from gurum.model.image import Image, ImageSpec
from gurum.model.network import INDEX, FixedIP, Port, PortSpec, PortStatus
from gurum.model.server import Action, NetworkRequest, Server, ServerFlavor, ServerKey, ServerSpec, ServerStatus
from gurum.providers.aws.adoption.account import Account, found, name_of
from gurum.providers.aws.adoption.look import Item
from gurum.providers.aws.drivers.placement import STEP, STRATEGIES
from gurum.providers.aws.drivers.ports import MAC, digest
from gurum.providers.aws.drivers.routing import EGRESS
from gurum.providers.aws.drivers.servers import INSTANCE_TYPE
from gurum.providers.contract import Found

# EC2's state -> Nova's vm_state, task_state and power_state. What is in motion is shown as what it comes from.
STATES: Mapping[str, tuple[str, str | None, int]] = {
    "running": ("active", None, 1),
    "stopped": ("stopped", None, 4),
    "stopping": ("active", "powering-off", 1),
    "pending": ("stopped", "powering-on", 4),
}
POLICIES = {each["Strategy"]: policy for policy, each in STRATEGIES.items()}
ATTACHMENT = "attachment"  # the fact of a port that the engine keeps of an attached interface


def images(account: Account) -> Iterator[Found]:
    """Yield images that the catalogue does not have and instances run from: not in lists, there to have a name."""
    for item in account.lists["image"]:
        disks = [each for each in item.get("BlockDeviceMappings") or () if "Ebs" in each]
        image = Image(
            metadata=account.metadata(item["ImageId"]),
            spec=ImageSpec(
                name=item.get("Name") or f"image-{account.id(item['ImageId'])[:8]}",
                visibility="private",
                os_hidden=True,
                min_disk=max((each["Ebs"].get("VolumeSize", 0) for each in disks), default=0),
                architecture=item.get("Architecture", ""),
                cloud_id=item["ImageId"],
                root_device=item.get("RootDeviceName", ""),
            ),
        )
        yield Found("image", item["ImageId"], image, name=image.spec.name)


def placements(account: Account) -> Iterator[Found]:
    """Yield placement groups as server groups."""
    for item in account.lists["placement-group"]:
        id_, name = item["GroupId"], item["GroupName"]
        policy = POLICIES.get(item.get("Strategy", ""))
        if policy is None:
            why = f"its strategy {item.get('Strategy')} has no word in Nova"
            yield found(account, "placement-group", id_, item, name=name, refused=why)
            continue
        group = ServerGroup(
            metadata=account.metadata(id_),
            spec=ServerGroupSpec(name=name, user_id=account.catalogue.user, policy=policy, **account.spec(id_)),
            status=Status(**account.status([account.intent(STEP, id_, GroupName=name)])),
        )
        yield found(account, "placement-group", id_, item, object=group, name=name)


def instances(account: Account) -> Iterator[Found]:
    """Yield the servers."""
    types = {item["InstanceType"]: item for item in account.lists["instance-type"]}
    known = {item["ImageId"] for item in account.lists["image"]} | set(account.catalogue.images)
    groups = {item["GroupName"]: item["GroupId"] for item in account.lists["placement-group"]}
    for item in account.lists["instance"]:
        id_, type_ = item["InstanceId"], item["InstanceType"]
        nics = _nics(item)
        if not nics or item["State"]["Name"] not in STATES:
            why = "it has no network interface" if not nics else f"it is {item['State']['Name']}"
            yield found(account, "instance", id_, item, refused=why)
            continue
        flavor, notes = account.catalogue.flavors.get(type_), []
        if flavor is None:
            notes.append(f"no flavor has its type: it shows a flavor named {type_} that nothing else can be made with")
        if item.get("ImageId") not in known:
            notes.append("its image is no more: it shows none")
        placement = groups.get((item.get("Placement") or {}).get("GroupName") or "", "")
        key = account.keys.get(item.get("KeyName") or "")
        needs = [nic["NetworkInterfaceId"] for nic in nics] + ([placement] if placement else [])
        needs += [item["ImageId"]] if item.get("ImageId") in known - set(account.catalogue.images) else []
        server = _server(account, item, _flavor(type_, flavor, types), placement, key)
        yield found(
            account, "instance", id_, item, object=server, name=server.spec.name,
            needs=[*needs, *([key["KeyPairId"]] if key is not None else [])], notes=notes,
        )  # fmt: skip


def _nics(item: Item) -> list[Item]:
    held = [nic for nic in item.get("NetworkInterfaces") or () if "Attachment" in nic]
    return sorted(held, key=lambda nic: int(nic["Attachment"]["DeviceIndex"]))


def _flavor(type_: str, flavor: Flavor | None, types: Mapping[str, Item]) -> ServerFlavor:
    if flavor is not None:
        spec = flavor.spec
        return ServerFlavor(
            id=spec.flavorid, name=spec.name, vcpus=spec.vcpus, ram=spec.ram, disk=spec.disk,
            ephemeral=spec.ephemeral, swap=spec.swap, extra_specs=dict(spec.extra_specs),
        )  # fmt: skip
    item = types.get(type_, {})
    return ServerFlavor(
        id=type_, name=type_, vcpus=item.get("VCpuInfo", {}).get("DefaultVCpus", 0),
        ram=item.get("MemoryInfo", {}).get("SizeInMiB", 0), disk=0, extra_specs={INSTANCE_TYPE: type_},
    )  # fmt: skip


def _server(account: Account, item: Item, flavor: ServerFlavor, placement: str, key: Item | None) -> Server:
    id_ = item["InstanceId"]
    name = name_of(item, f"server-{account.id(id_)[:8]}")
    zone = account.subnets.get(_nics(item)[0]["SubnetId"], {}).get("AvailabilityZoneId", "")
    launched = item.get("LaunchTime")
    started = launched.timestamp() if launched is not None else account.now
    image = account.catalogue.images.get(item.get("ImageId", ""))
    if image is not None:
        image_id = image.id
    else:
        there = any(each["ImageId"] == item.get("ImageId") for each in account.lists["image"])
        image_id = account.id(item["ImageId"]) if there else ""
    user = account.catalogue.user
    made = Action(number=1, action="create", request_id="", user_id=user, project_id="", start_time=started)
    vm_state, task_state, power_state = STATES[item["State"]["Name"]]
    return Server(
        metadata=account.metadata(id_, created=started),
        spec=ServerSpec(
            name=name,
            user_id=user,
            flavor=flavor,
            image_id=image_id,
            image_cloud_id=item.get("ImageId", ""),
            key=_key(key),
            networks=[NetworkRequest(port_id=account.id(nic["NetworkInterfaceId"])) for nic in _nics(item)],
            group=account.id(placement) if placement else "",
            hostname=re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")[:63] or "server",
            actions=[made],
            **account.spec(id_),
        ),
        status=ServerStatus(
            vm_state=vm_state,
            task_state=task_state,
            power_state=power_state,
            zone=zone,
            availability_zone=account.zone_name(zone),
            attempt=1,
            external=account.external(id_, zone),
            launched_at=started,
            boot_time=launched.isoformat() if launched is not None else "",
            done=1,
            **account.status([account.intent("instance", id_, zone)]),
        ),
    )


def _key(item: Item | None) -> ServerKey | None:
    if item is None:
        return None
    return ServerKey(
        name=item["KeyName"], public_key=(item.get("PublicKey") or "").strip(), fingerprint=item["KeyFingerprint"]
    )


def interfaces(account: Account) -> Iterator[Found]:
    """Yield the ports."""
    alive = {item["InstanceId"] for item in account.lists["instance"]}
    for item in account.lists["network-interface"]:
        id_, held = item["NetworkInterfaceId"], item.get("Attachment") or {}
        instance = held.get("InstanceId") or ""
        if item.get("RequesterManaged") or (held and not instance):
            why = "it is AWS's own: that of a load balancer, a NAT gateway or the like"
            yield found(account, "network-interface", id_, item, refused=why)
        elif instance and instance not in alive:
            yield found(account, "network-interface", id_, item, refused="its instance is being terminated")
        else:
            needs = [item["SubnetId"], *(each["GroupId"] for each in item.get("Groups") or ())]
            port = _port(account, item, held, instance)
            name = name_of(item, item["PrivateIpAddress"])
            yield found(account, "network-interface", id_, item, object=port, name=name, needs=needs, parent=instance)


def _port(account: Account, item: Item, held: Mapping[str, Any], instance: str) -> Port:
    id_, subnet = item["NetworkInterfaceId"], account.subnets[item["SubnetId"]]
    zone = subnet["AvailabilityZoneId"]
    groups = sorted(each["GroupId"] for each in item.get("Groups") or ())
    implied = bool(instance and held.get("DeleteOnTermination"))
    primary: Mapping[str, Any] = next((each for each in item["PrivateIpAddresses"] if each.get("Primary")), {})
    own = (primary.get("Association") or {}).get("IpOwnerId") == "amazon"
    applied = {"groups": digest(groups), MAC: item["MacAddress"], EGRESS: "1" if own else "0"}
    if held.get("AttachmentId"):
        applied[ATTACHMENT] = held["AttachmentId"]
    metadata = account.metadata(id_)
    if instance:
        metadata.labels[INDEX] = f"{int(held['DeviceIndex']):03d}"
    return Port(
        metadata=metadata,
        spec=PortSpec(
            network_id=account.id(item["VpcId"]),
            name=name_of(item),
            description=(item.get("Description") or "")[:255],
            mac_address=item["MacAddress"],
            fixed_ips=[
                FixedIP(subnet_id=account.id(item["SubnetId"]), ip_address=each["PrivateIpAddress"])
                for each in sorted(item["PrivateIpAddresses"], key=lambda each: not each.get("Primary"))
            ],
            security_groups=[account.id(group) for group in groups],
            device_id=account.id(instance) if instance else "",
            device_owner=f"compute:{account.zone_name(zone)}" if instance else "",
            zone=zone,
            implied=implied,
            **account.spec(id_),
        ),
        status=PortStatus(
            status="ACTIVE" if instance else "DOWN",
            mac_address=item["MacAddress"],
            external=account.external(id_, zone),
            **account.status([] if implied else [account.intent("interface", id_, zone)], applied),
        ),
    )
