"""Cases of network interfaces and private addresses."""

from typing import Any

from tests.emulator.cases.case import Case
from tests.emulator.cloud import Cloud


def _at(cloud: Cloud, ip: str) -> None:
    cloud.interface(cloud.subnet(), PrivateIpAddress=ip)


def _twice(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    cloud.interface(subnet, PrivateIpAddress="10.0.1.10")
    cloud.interface(subnet, PrivateIpAddress="10.0.1.10")


def _fill(cloud: Cloud) -> None:
    subnet = cloud.subnet(cidr="10.0.1.0/28")
    cloud.interface(subnet, SecondaryPrivateIpAddressCount=11)


def _two_primary(cloud: Cloud) -> None:
    addresses = [{"Primary": True, "PrivateIpAddress": f"10.0.1.{n}"} for n in (10, 11)]
    cloud.interface(cloud.subnet(), PrivateIpAddresses=addresses)


def _unassign(cloud: Cloud, ip: str) -> None:
    interface = cloud.interface(cloud.subnet(), PrivateIpAddress="10.0.1.10")
    cloud("UnassignPrivateIpAddresses", NetworkInterfaceId=interface, PrivateIpAddresses=[ip])


def _assign_many(cloud: Cloud) -> None:
    instance = cloud.instance()
    interface = cloud.show(instance)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    cloud("AssignPrivateIpAddresses", NetworkInterfaceId=interface, SecondaryPrivateIpAddressCount=2)


def _many_groups(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    vpc = cloud.vpc_of(subnet)
    cloud.interface(subnet, Groups=[cloud.group(vpc, f"g{n}") for n in range(6)])


def _attach(cloud: Cloud, interface: str, instance: str, index: int = 1) -> None:
    cloud(
        "AttachNetworkInterface",
        NetworkInterfaceId=interface,
        InstanceId=instance,
        DeviceIndex=index,
    )


def _attach_times(cloud: Cloud, times: int, step: int = 1) -> None:
    subnet = cloud.subnet()
    instance = cloud.instance(subnet)
    for number in range(times):
        _attach(cloud, cloud.interface(subnet), instance, 1 + number * step)


def _attach_attached(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    instance = cloud.instance(subnet)
    interface = cloud.interface(subnet)
    _attach(cloud, interface, instance)
    _attach(cloud, interface, instance, 2)


def _attach_other_zone(cloud: Cloud) -> None:
    vpc = cloud.vpc()
    here, there = cloud.subnet(vpc), cloud.subnet(vpc, "10.0.2.0/24", "use1-az2")
    _attach(cloud, cloud.interface(there), cloud.instance(here))


def _attach_stopping(cloud: Cloud) -> None:
    subnet = cloud.subnet()
    _attach(cloud, cloud.interface(subnet), cloud.instance(subnet, state="stopping"))


def _detach_primary(cloud: Cloud) -> None:
    held = cloud.show(cloud.instance())["NetworkInterfaces"][0]["Attachment"]
    cloud("DetachNetworkInterface", AttachmentId=held["AttachmentId"])


def _delete_attached(cloud: Cloud) -> None:
    interface = cloud.show(cloud.instance())["NetworkInterfaces"][0]["NetworkInterfaceId"]
    cloud("DeleteNetworkInterface", NetworkInterfaceId=interface)


def _modify(cloud: Cloud, **more: Any) -> None:
    interface = cloud.interface(cloud.subnet())
    cloud("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, **more)


CASES = {
    "ip.malformed": Case(lambda c: _at(c, "10.0.1")),
    "ip.outside": Case(lambda c: _at(c, "10.0.2.10")),
    "ip.reserved": Case(lambda c: _at(c, "10.0.1.3")),
    "ip.in-use": Case(_twice),
    "ip.none-free": Case(_fill),
    "ip.two-primary": Case(_two_primary),
    "ip.not-on-interface": Case(lambda c: _unassign(c, "10.0.1.20")),
    "ip.primary": Case(lambda c: _unassign(c, "10.0.1.10")),
    "ip.limit": Case(_assign_many),
    "interface.limit": Case(lambda c: c.interface(c.subnet()), {"quotas": {"network_interfaces": 0}}),
    "interface.groups-limit": Case(_many_groups),
    "interface.groups-vpc": Case(lambda c: c.interface(c.subnet(), Groups=[c.group(c.vpc())])),
    "interface.in-use": Case(_delete_attached),
    "interface.attached": Case(_attach_attached),
    "interface.zone": Case(_attach_other_zone),
    "interface.device-index": Case(lambda c: _attach_times(c, 2, step=0)),
    "interface.type-limit": Case(lambda c: _attach_times(c, 2)),
    "interface.not-attached": Case(lambda c: _modify(c, Attachment={"AttachmentId": "eni-attach-1"})),
    "interface.primary": Case(_detach_primary),
    "interface.attribute": Case(_modify),
    "interface.instance-state": Case(_attach_stopping),
}
