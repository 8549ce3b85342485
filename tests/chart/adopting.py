"""Things that a company has in AWS already: adopted, changed by others behind our back, taken over, let go of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tests.adopt.company import IMAGES, public_key
from tests.chart.cloud import Cloud
from tests.chart.site import Site
from tests.faults.emulator import REGION, Emulator

from gurum.model.base import UNMANAGED, Import, Metadata, new_id
from gurum.model.compute import KeyPair, KeyPairSpec
from gurum.store.factory import open_store

Document = dict[str, Any]

PATIENCE = 240.0


class Adopting:
    """One machine with what it needs, of one project. `number` makes its names others than those of the time before."""

    def __init__(self, site: Site, member: Cloud, project: str, user: str, number: int) -> None:
        self._site, self._member, self._number, self._user = site, member, number, user
        self._whose = ("--region", REGION, "--project", project, "--user", user)
        self._do = Emulator(site).external
        self._name = f"company-{number}"
        self._ids: dict[str, str] = {}

    def adopt(self) -> None:
        """Make a machine behind the product's back and have it adopted; return when it is shown as it is."""
        do, ids, name = self._do, self._ids, self._name
        ids["vpc"], ids["subnet"] = self._network(60)
        ids["yard"], ids["part"] = self._network(160)
        gateway = do("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
        do("AttachInternetGateway", InternetGatewayId=gateway, VpcId=ids["vpc"])
        ids["group"] = do("CreateSecurityGroup", GroupName=name, Description=name, VpcId=ids["vpc"])["GroupId"]
        self._let_in(443)
        self._key(name)
        interface = {"DeviceIndex": 0, "SubnetId": ids["subnet"], "Groups": [ids["group"]]}
        [machine] = do(
            "RunInstances", ImageId=IMAGES[0], InstanceType="t3.nano", MinCount=1, MaxCount=1, KeyName=name,
            NetworkInterfaces=[interface],
        )["Instances"]  # fmt: skip
        ids["instance"] = machine["InstanceId"]
        ids["nic"] = machine["NetworkInterfaces"][0]["NetworkInterfaceId"]
        self._until(lambda: any(row["id"] == ids["instance"] for row in Emulator(self._site).living()))
        self._gurum("--id", ids["instance"], "--id", ids["part"])
        self._until(lambda: self._server() is not None and 443 in self._ports())

    def change(self) -> None:
        """Change what was adopted, at AWS and by hand in the cluster, and see it followed."""
        do, ids = self._do, self._ids
        rules, rule = "securitygrouprules.network.gurum.cloud", self._rules()[443]["id"]
        self._by_hand(rules, rule, {"spec": {"description": "by hand"}})
        self._until(lambda: not self._there(rules, rule)["spec"].get("description"))
        self._let_in(8443)
        address = do("AllocateAddress", Domain="vpc")
        do("AssociateAddress", AllocationId=address["AllocationId"], NetworkInterfaceId=ids["nic"])
        self._until(lambda: 8443 in self._ports() and address["PublicIp"] in self._addresses())
        do("RevokeSecurityGroupIngress", GroupId=ids["group"], IpPermissions=[_permission(8443)])
        self._until(lambda: 8443 not in self._ports())

    def written_down(self) -> None:
        """Write down a key pair that is to be found by its tag, and see it said that it is not, and then found."""
        name = f"written-{self._number}"
        asyncio.run(self._write(name))
        self._until(lambda: "things of the account have its tags" in self._said(name))
        self._key(name, deed=name)
        self._until(lambda: '"id":"key-' in self._said(name).replace(" ", ""))

    def let_go(self) -> None:
        """Have all of it let go of, a network before what is in it; return when nothing of it is shown."""
        self._gurum("--detach", "--id", self._ids["yard"])
        self._until(lambda: len(self._networks()) == 1)
        self._gurum("--detach")
        self._until(lambda: self._server() is None and not self._networks())

    def _network(self, second: int) -> tuple[str, str]:
        block = f"10.{second + self._number}.0.0"
        vpc = self._do("CreateVpc", CidrBlock=f"{block}/16", TagSpecifications=_named("vpc", self._name))
        id_ = str(vpc["Vpc"]["VpcId"])
        made = self._do("CreateSubnet", VpcId=id_, CidrBlock=f"{block}/24", AvailabilityZoneId="use1-az1")
        return id_, str(made["Subnet"]["SubnetId"])

    def _key(self, name: str, **tags: str) -> None:
        more = {"TagSpecifications": _named("key-pair", name, **tags)} if tags else {}
        self._do("ImportKeyPair", KeyName=name, PublicKeyMaterial=public_key(100 + self._number), **more)

    async def _write(self, name: str) -> None:
        """Write a key pair as whoever writes objects does: as the operators' commands."""
        region = self._site.config.region(REGION)
        assert region.aws is not None
        spec = KeyPairSpec(
            name=name, user_id=self._user, public_key=public_key(3), fingerprint="", management_policy=UNMANAGED,
            import_=Import(filter={"deed": name}),
        )  # fmt: skip
        account = region.aws.accounts[0].number
        meta = Metadata(id=new_id(), key=f"{REGION}/{self._user}/{name}", region=REGION, account=account)
        store, journal = await open_store(self._site.config.store, writer="gurum")
        await store.create(KeyPair(metadata=meta, spec=spec))
        await journal.close()
        await store.close()

    def _said(self, name: str) -> str:
        listed = json.loads(self._site.kubectl("get", "keypairs.compute.gurum.cloud", "-A", "-o", "json"))["items"]
        return next(json.dumps(one) for one in listed if one["spec"].get("name") == name)

    def _there(self, resource: str, id_: str) -> Document:
        listed = json.loads(self._site.kubectl("get", resource, "-A", "-o", "json"))["items"]
        [found] = [one for one in listed if one["spec"].get("id") == id_]
        return dict(found)

    def _by_hand(self, resource: str, id_: str, patch: Document) -> None:
        meta = self._there(resource, id_)["metadata"]
        where = ("-n", meta["namespace"], resource, meta["name"])
        self._site.kubectl("patch", *where, "--type=merge", "-p", json.dumps(patch))

    def _gurum(self, *words: str) -> None:
        self._site.gurum("adopt", *self._whose, *words)

    def _let_in(self, port: int) -> None:
        self._do("AuthorizeSecurityGroupIngress", GroupId=self._ids["group"], IpPermissions=[_permission(port)])

    def _rules(self) -> dict[int, Document]:
        """Return the rules of the group by their ports."""
        groups = self._member.network("GET", f"/security-groups?name={self._name}")["security_groups"]
        return {
            row["port_range_min"]: row
            for group in groups
            for row in self._member.network("GET", f"/security-group-rules?security_group_id={group['id']}")[
                "security_group_rules"
            ]
        }

    def _ports(self) -> set[int]:
        return set(self._rules())

    def _networks(self) -> list[Document]:
        found: list[Document] = self._member.network("GET", f"/networks?name={self._name}")["networks"]
        return found

    def _addresses(self) -> set[str]:
        return {row["floating_ip_address"] for row in self._member.network("GET", "/floatingips")["floatingips"]}

    def _server(self) -> Document | None:
        servers = self._member.compute("GET", "/servers/detail")["servers"]
        return next((one for one in servers if one["status"] == "ACTIVE" and one["key_name"] == self._name), None)

    def _until(self, there: Callable[[], object]) -> None:
        self._site.until(there, PATIENCE)


def _permission(port: int) -> Document:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def _named(type_: str, name: str, **tags: str) -> list[Document]:
    marks = [{"Key": key, "Value": value} for key, value in {"Name": name, **tags}.items()]
    return [{"ResourceType": type_, "Tags": marks}]
