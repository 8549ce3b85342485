"""Things that a company has in AWS already: adopted, changed by others behind our back, taken over, let go of."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.adopt.company import IMAGES, public_key
from tests.chart.cloud import Cloud, RefusedError
from tests.chart.site import Site
from tests.faults.emulator import REGION, Emulator

Document = dict[str, Any]

PATIENCE = 120.0


class Adopting:
    """One machine with what it needs, of one project. `number` makes its names others than those of the time before."""

    def __init__(self, site: Site, member: Cloud, project: str, user: str, number: int) -> None:
        self._site, self._member, self._number = site, member, number
        self._whose = ("--region", REGION, "--project", project, "--user", user)
        self._do = Emulator(site).external
        self._name = f"company-{number}"
        self._ids: dict[str, str] = {}

    def adopt(self) -> None:
        """Make a machine behind the product's back and have it adopted; return when it is shown as it is."""
        do, ids, name = self._do, self._ids, self._name
        ids["vpc"] = do("CreateVpc", CidrBlock=f"10.{60 + self._number}.0.0/16")["Vpc"]["VpcId"]
        where = {"VpcId": ids["vpc"], "CidrBlock": f"10.{60 + self._number}.0.0/24", "AvailabilityZoneId": "use1-az1"}
        ids["subnet"] = do("CreateSubnet", **where)["Subnet"]["SubnetId"]
        gateway = do("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
        do("AttachInternetGateway", InternetGatewayId=gateway, VpcId=ids["vpc"])
        ids["group"] = do("CreateSecurityGroup", GroupName=name, Description=name, VpcId=ids["vpc"])["GroupId"]
        self._let_in(443)
        key = do("ImportKeyPair", KeyName=name, PublicKeyMaterial=public_key(100 + self._number))
        ids["key"] = key["KeyPairId"]
        interface = {"DeviceIndex": 0, "SubnetId": ids["subnet"], "Groups": [ids["group"]]}
        [machine] = do(
            "RunInstances", ImageId=IMAGES[0], InstanceType="t3.nano", MinCount=1, MaxCount=1, KeyName=name,
            NetworkInterfaces=[interface],
        )["Instances"]  # fmt: skip
        ids["instance"] = machine["InstanceId"]
        ids["nic"] = machine["NetworkInterfaces"][0]["NetworkInterfaceId"]
        self._until(lambda: any(row["id"] == ids["instance"] for row in self._running()))
        self._gurum()
        self._until(lambda: self._server() is not None)

    def change(self) -> None:
        """Change what was adopted at AWS, and see it followed: a rule, an address, and that they go again."""
        do, m, ids = self._do, self._member, self._ids
        self._until(lambda: 443 in self._ports())
        [rule] = [row for row in self._rules() if row.get("FromPort") == 443]
        said = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "0.0.0.0/0", "Description": "said"}
        do(
            "ModifySecurityGroupRules", GroupId=ids["group"],
            SecurityGroupRules=[{"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": said}],
        )  # fmt: skip
        self._let_in(8443)
        address = do("AllocateAddress", Domain="vpc")
        do("AssociateAddress", AllocationId=address["AllocationId"], NetworkInterfaceId=ids["nic"])
        self._until(lambda: 8443 in self._ports())
        self._until(lambda: address["PublicIp"] in self._addresses())
        do("RevokeSecurityGroupIngress", GroupId=ids["group"], IpPermissions=[_permission(8443)])
        self._until(lambda: 8443 not in self._ports())
        m.network("GET", "/floatingips")

    def let_go(self) -> None:
        """Have all of it let go of; return when nothing of it is shown."""
        self._gurum("--detach")
        self._until(lambda: self._server() is None)

    def _gurum(self, *words: str) -> None:
        self._site.gurum("adopt", *self._whose, *words)

    def _let_in(self, port: int) -> None:
        self._do("AuthorizeSecurityGroupIngress", GroupId=self._ids["group"], IpPermissions=[_permission(port)])

    def _running(self) -> list[Document]:
        return [row for row in Emulator(self._site).living() if row["state"] == "running"]

    def _rules(self) -> list[Document]:
        found = self._do("DescribeSecurityGroupRules", MaxResults=1000)["SecurityGroupRules"]
        return [row for row in found if row["GroupId"] == self._ids["group"]]

    def _group(self) -> str:
        groups = self._member.network("GET", f"/security-groups?name={self._name}")["security_groups"]
        return str(groups[0]["id"]) if groups else ""

    def _ports(self) -> set[int]:
        rules = self._member.network("GET", f"/security-group-rules?security_group_id={self._group()}")
        return {row["port_range_min"] for row in rules["security_group_rules"]}

    def _addresses(self) -> set[str]:
        return {row["floating_ip_address"] for row in self._member.network("GET", "/floatingips")["floatingips"]}

    def _server(self) -> Document | None:
        servers = self._member.compute("GET", "/servers/detail")["servers"]
        return next((one for one in servers if one["status"] == "ACTIVE" and one["key_name"] == self._name), None)

    @staticmethod
    def _until(there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not there():
            if time.monotonic() > deadline:
                raise TimeoutError("it is not as it should be")
            time.sleep(0.25)


def _permission(port: int) -> Document:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
