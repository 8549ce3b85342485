"""Cases of launches, instance states and attributes."""

import base64
from typing import Any

from tests.emulator.cases.case import Case
from tests.emulator.cloud import ARM_IMAGE, REGION, Cloud

from aws_emulator.catalogue.images import images_of

_FAILED = next(image.id for image in images_of(REGION).values() if image.state == "failed")


def _nics(cloud: Cloud, *specs: dict[str, Any], **more: Any) -> None:
    cloud.launch(NetworkInterfaces=list(specs), **more)


def _two_zones(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    here, there = cloud.subnet(vpc), cloud.subnet(vpc, "10.0.2.0/24", "use1-az2")
    _nics(cloud, {"DeviceIndex": 0, "SubnetId": here}, {"DeviceIndex": 1, "SubnetId": there})


def _existing(cloud: Cloud, **more: Any) -> dict[str, Any]:
    return {"DeviceIndex": 0, "NetworkInterfaceId": cloud.interface(cloud.subnet())} | more


def _devices(cloud: Cloud, *devices: dict[str, Any]) -> None:
    cloud.launch(BlockDeviceMappings=list(devices))


def _state(cloud: Cloud, action: str, state: str, **more: Any) -> None:
    cloud(action, InstanceIds=[cloud.instance(state=state)], **more)


def _modify(cloud: Cloud, state: str = "running", **more: Any) -> None:
    cloud("ModifyInstanceAttribute", InstanceId=cloud.instance(state=state), **more)


def _groups_of_two(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    nics = [{"DeviceIndex": n, "SubnetId": subnet} for n in (0, 1)]
    instance = cloud.instance(NetworkInterfaces=nics)
    group = cloud.default_group(cloud.vpc_of(subnet))
    cloud("ModifyInstanceAttribute", InstanceId=instance, Groups=[group])


def _zone(cloud: Cloud) -> None:
    cloud.launch(cloud.subnet(), Placement={"AvailabilityZone": cloud.zone("use1-az2")})


_SIZE = {"Ebs": {"VolumeSize": 1}}
CASES = {
    "run.no-image": Case(lambda c: c.launch(ImageId=None)),
    "run.count": Case(lambda c: c.launch(MinCount=2)),
    "run.count-limit": Case(lambda c: c.launch(MinCount=2, MaxCount=2), {"quotas": {"instances_per_request": 1}}),
    "run.image-unavailable": Case(lambda c: c.launch(ImageId=_FAILED)),
    "run.type-unknown": Case(lambda c: c.launch(InstanceType="t9.mega")),
    "types.unknown": Case(lambda c: c("DescribeInstanceTypes", InstanceTypes=["t9.mega"])),
    "run.architecture": Case(lambda c: c.launch(ImageId=ARM_IMAGE)),
    "run.type-zone": Case(lambda c: c.launch(c.subnet(zone_id="use1-az3"))),
    "run.capacity": Case(lambda c: c.launch(), {"capacity": [{"zone_id": "use1-az1", "limit": 0}]}),
    "run.vcpu-limit": Case(lambda c: c.launch(), {"quotas": {"vcpus": 1}}),
    "run.user-data": Case(lambda c: c.launch(UserData=base64.b64encode(b"x" * 16_385).decode())),
    "run.zone-subnet": Case(_zone),
    "run.interfaces-and-subnet": Case(lambda c: _nics(c, {"DeviceIndex": 0, "SubnetId": "s"}, SubnetId="s")),
    "run.interface-fields": Case(lambda c: _nics(c, _existing(c, Description="mine"))),
    "run.interface-subnet": Case(lambda c: _nics(c, {"DeviceIndex": 0})),
    "run.interface-index": Case(lambda c: _nics(c, {"SubnetId": c.subnet()})),
    "run.interface-no-primary": Case(lambda c: _nics(c, {"DeviceIndex": 1, "SubnetId": c.subnet()})),
    "run.interface-count": Case(lambda c: _nics(c, _existing(c), MaxCount=2)),
    "run.interface-zones": Case(_two_zones),
    "run.public-ip": Case(
        lambda c: _nics(
            c,
            {"DeviceIndex": 0, "SubnetId": c.subnet(), "AssociatePublicIpAddress": True},
            _existing(c, DeviceIndex=1),
        )
    ),
    "run.group-name": Case(lambda c: c.launch(c.subnet(), SecurityGroups=["web"])),
    "run.ip-limit": Case(
        lambda c: _nics(c, {"DeviceIndex": 0, "SubnetId": c.subnet(), "SecondaryPrivateIpAddressCount": 2})
    ),
    "device.malformed": Case(lambda c: _devices(c, {"DeviceName": "C:"} | _SIZE)),
    "device.duplicate": Case(lambda c: _devices(c, *[{"DeviceName": "/dev/sdf"} | _SIZE] * 2)),
    "device.small": Case(lambda c: _devices(c, {"DeviceName": "/dev/xvda"} | _SIZE)),
    "device.no-size": Case(lambda c: _devices(c, {"DeviceName": "/dev/sdf", "Ebs": {}})),
    "instance.state-stop": Case(lambda c: _state(c, "StopInstances", "pending")),
    "instance.state-start": Case(lambda c: _state(c, "StartInstances", "stopping")),
    "instance.state-reboot": Case(lambda c: _state(c, "RebootInstances", "stopped")),
    "instance.state-modify": Case(lambda c: _modify(c, InstanceType={"Value": "t3.small"})),
    "instance.state-groups": Case(lambda c: _modify(c, "shutting-down", Groups=["sg-1"])),
    "instance.hibernate": Case(lambda c: _state(c, "StopInstances", "running", Hibernate=True)),
    "instance.protected": Case(lambda c: c("TerminateInstances", InstanceIds=[c.instance(DisableApiTermination=True)])),
    "instance.stop-protected": Case(lambda c: c("StopInstances", InstanceIds=[c.instance(DisableApiStop=True)])),
    "instance.attribute": Case(_modify),
    "instance.type-unknown": Case(lambda c: _modify(c, "stopped", InstanceType={"Value": "t9.mega"})),
    "instance.groups-interfaces": Case(_groups_of_two),
}
