"""A server is an instance. RunInstances takes a token, which is idempotent *per zone*: another zone is another attempt.

Late calls repeat the same instance. TerminateInstances is idempotent, and a terminated instance's token still returns
that instance, so a repeated creation cannot bring it back.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from gurum.model.base import Intent, Resource
from gurum.model.compute import CloudKey
from gurum.model.image import Image
from gurum.model.network import Domain, Port
from gurum.model.server import USER_DATA, Server
from gurum.providers.aws import tags
from gurum.providers.aws.caller import Answer
from gurum.providers.aws.drivers.common import Context, Ec2Driver, Words, made, named, request
from gurum.providers.aws.drivers.groups import NO_GROUPS
from gurum.providers.aws.drivers.placement import placement
from gurum.providers.aws.drivers.ports import digest, groups_of, slice_of
from gurum.providers.aws.drivers.routing import egress_wanted
from gurum.providers.aws.instances import InstanceInformer
from gurum.providers.contract import Blocked, Done, Place, Step, VerbOutcome, View

INSTANCE_TYPE = "aws:instance_type"


class ServerDriver(Ec2Driver):
    """An instance."""

    words = Words(
        "RunInstances", "DescribeInstances", "Reservations", "", "InstanceId", "TerminateInstances", "InstanceIds"
    )

    def __init__(self, context: Context, informer: InstanceInformer) -> None:
        super().__init__(context)
        self._informer = informer

    def steps(self, obj: Resource, view: View) -> Sequence[Step | Blocked]:
        """Return the launch, or what it waits for."""
        assert isinstance(obj, Server)  # noqa: S101 - the driver table says so
        if made(obj, "instance"):
            return [Step("instance", "token", "", obj.status.zone)]
        interfaces: list[dict[str, Any]] = []
        bound = [port for port in view.index(Port, "by_device", obj.id) if "index" in port.metadata.labels]
        ports = sorted(bound, key=lambda port: port.metadata.labels["index"])
        for number, port in enumerate(ports):
            interface, blocked = self._interface(number, port, view)
            if blocked:
                return [Blocked(blocked)]
            interfaces.append(interface)
        if len(ports) == 1 and ports[0].spec.implied and egress_wanted(ports[0], view):
            interfaces[0]["AssociatePublicIpAddress"] = True  # EC2 takes it for an only interface
        if not obj.spec.networks:
            interface, blocked = self._nowhere(obj, view)
            if blocked:
                return [Blocked(blocked)]
            interfaces.append(interface)
        params: dict[str, Any] = {
            "ImageId": obj.spec.image_cloud_id,
            "InstanceType": obj.spec.flavor.extra_specs.get(INSTANCE_TYPE, ""),
            "MinCount": 1,
            "MaxCount": 1,
            "NetworkInterfaces": interfaces,
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "TagSpecifications": tags.specification(obj, "instance", self.context.owner, "instance", "volume")
            + (
                tags.specification(obj, "interfaces", self.context.owner, "network-interface")
                if any("SubnetId" in interface for interface in interfaces)
                else []
            ),
        }
        if obj.spec.key is not None:
            place = view.place(obj)
            key = view.by_key(CloudKey, CloudKey.key_of(place.region, place.account, obj.spec.key.public_key))
            if not made(key, "key"):
                return [Blocked("the key pair in the AWS account")]
            params["KeyName"] = named(key, "key", "KeyName") if key is not None else ""
        group, blocked = placement(obj, view)
        if blocked:
            return [Blocked(blocked)]
        if group:
            params["Placement"] = {"GroupName": group}
        if obj.spec.user_data or obj.spec.user_data_secret:
            params["UserData"] = USER_DATA
        params |= self._root(obj, view)
        return [Step("instance", "token", request(params), obj.status.zone)]

    def _nowhere(self, obj: Server, view: View) -> tuple[dict[str, Any], str]:
        """Return the interface of a server without a network: EC2 has no instance without one, so it leads nowhere.

        Without it, EC2 would put the instance into the account's default VPC, beside whatever is there.
        """
        place = view.place(obj)
        domain = view.by_key(Domain, Domain.isolated(place.region, place.account))
        subnet, group = made(domain, f"slice:{obj.status.zone}"), made(domain, NO_GROUPS)
        if domain is None or not subnet or not group or NO_GROUPS not in domain.status.applied:
            return {}, "the VPC of servers without a network"
        interface = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group], "DeleteOnTermination": True}
        return interface, ""

    def _interface(self, number: int, port: Port, view: View) -> tuple[dict[str, Any], str]:
        if not port.spec.implied:
            interface = made(port, "interface")
            blocked = "" if interface else f"the interface of the port {port.id}"
            return {"DeviceIndex": number, "NetworkInterfaceId": interface}, blocked
        groups, blocked = groups_of(port, view)
        if blocked:
            return {}, blocked
        subnet, blocked = slice_of(port, view)
        return {
            "DeviceIndex": number,
            "SubnetId": subnet,
            "PrivateIpAddress": port.spec.fixed_ips[0].ip_address if port.spec.fixed_ips else "",
            "Groups": groups,
            "DeleteOnTermination": True,
            "Description": f"OpenStack port {port.id}",
        }, blocked

    def _root(self, obj: Server, view: View) -> dict[str, Any]:
        image = view.get(Image, obj.spec.image_id)
        if image is None or not image.spec.root_device or not obj.spec.flavor.disk:
            return {}
        size = max(obj.spec.flavor.disk, image.spec.min_disk)
        disk = {"VolumeSize": size, "VolumeType": "gp3", "DeleteOnTermination": True}
        return {"BlockDeviceMappings": [{"DeviceName": image.spec.root_device, "Ebs": disk}]}

    def sent(self, obj: Resource, intent: Intent) -> dict[str, Any]:
        """Return the parameters; botocore encodes user data itself. Raises LookupError for an object without it.

        User data never changes, so what is sent is the same at each try, as EC2 wants of one client token.
        """
        assert isinstance(obj, Server)  # noqa: S101 - the driver table says so
        params = super().sent(obj, intent)
        if "UserData" in params:
            text = obj.spec.user_data if params["UserData"] == USER_DATA else params["UserData"]
            if not text:
                raise LookupError(f"Server {obj.id} would be launched without its user data")
            params["UserData"] = base64.b64decode(text)
        return params

    def items(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the instances of all reservations (of a describe) or of the launch."""
        return [item for reservation in body.get("Reservations", []) for item in reservation["Instances"]]

    def found(self, item: dict[str, Any]) -> bool:
        """A terminated instance is none."""
        return bool(item["State"]["Name"] not in ("terminated", "shutting-down"))

    def done(self, made: dict[str, Any], place: Place, intent: Intent, answer: Answer) -> Done:
        """Return the instance, and of each interface `<device index>: id,mac,address,digest of groups`."""
        item = made["Instances"][0] if "Instances" in made else made
        self._informer.learn(place, item)
        self._informer.expect(place, item["InstanceId"])
        facts = {
            f"interface:{nic['Attachment']['DeviceIndex']}": ",".join(
                (
                    nic["NetworkInterfaceId"],
                    nic.get("MacAddress", ""),
                    nic.get("PrivateIpAddress", ""),
                    digest(sorted(group["GroupId"] for group in nic.get("Groups", []))),
                )
            )
            for nic in item.get("NetworkInterfaces", [])
            if "Attachment" in nic
        }
        facts["state"] = item["State"]["Name"]
        return Done(self.external(item["InstanceId"], place, intent), facts, answer.request_id)

    def delete_params(self, id_: str) -> dict[str, Any]:
        """Return the parameters of the terminate."""
        return {self.words.delete_param: [id_]}

    async def destroy(self, obj: Resource, intent: Intent, place: Place) -> VerbOutcome:
        """Terminate. Done means accepted: the instance is gone when it is observed as terminated."""
        if intent.external is not None:
            self._informer.expect(place, intent.external.id)
        return await super().destroy(obj, intent, place)
