"""`gurum cleanup` on the emulator over its protocol: lists first, removes what was listed, leaves the foreign alone."""

from __future__ import annotations

import asyncio
import io
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from tests.audit.chains import events

from aws_emulator.config import Config as EmulatorConfig
from aws_emulator.emulator import Emulator
from aws_emulator.http import application
from gurum.audit.event import PENDING
from gurum.cli.audit.trails import call_of
from gurum.cli.command import Surroundings
from gurum.cli.main import main
from gurum.model.base import External, Intent, Metadata
from gurum.model.engine import Lease, LeaseSpec
from gurum.model.network import Domain, DomainSpec
from gurum.ops import secrets
from gurum.ops.config import StoreConfig
from gurum.providers.aws import policy
from gurum.providers.aws.leftovers import KINDS
from gurum.providers.aws.recorded import looks
from gurum.store.factory import open_store

ACCOUNT, AWS, IMAGE = "111122223333", "us-east-1", "ami-0c0d0315010483b99"
KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmMvoI4vNvWvoiZ8I3pQf5CQ0Cz0m2mC5a0T4pJgk1X me"
OURS, THEIRS = {"owner": "gurum", "uid": "u-1", "kind": "Domain", "project": "p"}, {"owner": "gurum-of-others"}


class Account:
    """The account, with somebody's hands in it."""

    def __init__(self) -> None:
        settings = {"accounts": {"AKIACLEANUP": ACCOUNT}, "time_factor": 0.0, "throttle": {"enabled": False}}
        settings["quotas"] = {"addresses": 10}
        # The command has the policy's permissions and no others.
        settings["policies"] = {"*": policy.document("gurum", AWS)}
        self.emulator = Emulator(EmulatorConfig().patched(settings))
        self.numbers = iter(range(90))

    def __call__(self, action: str, type_: str = "", tags: dict[str, str] | None = None, **params: Any) -> Any:
        if tags:
            marked = [{"Key": f"pia:{key}", "Value": value} for key, value in tags.items()]
            params["TagSpecifications"] = [{"ResourceType": each, "Tags": marked} for each in type_.split()]
        return self.emulator.call(action, params, account=ACCOUNT, region=AWS, external=True)

    def whole(self, tags: dict[str, str]) -> str:
        """Make one of each kind, two groups that point at each other, what leads outside; return the VPC."""
        block = f"10.{next(self.numbers)}.0.0/24"
        vpc = str(self("CreateVpc", "vpc", tags, CidrBlock=block)["Vpc"]["VpcId"])
        subnet = self("CreateSubnet", "subnet", tags, VpcId=vpc, CidrBlock=block, AvailabilityZoneId="use1-az1")[
            "Subnet"
        ]
        groups = [
            self("CreateSecurityGroup", "security-group", tags, VpcId=vpc, GroupName=name, Description=name)["GroupId"]
            for name in ("a", "b")
        ]
        for one, other in (groups, groups[::-1]):
            pair = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": other}]}]
            self("AuthorizeSecurityGroupIngress", GroupId=one, IpPermissions=pair)
        self("ImportKeyPair", "key-pair", tags, KeyName=f"key-{vpc}", PublicKeyMaterial=KEY)
        place = {"SubnetId": subnet["SubnetId"]}
        interface = self("CreateNetworkInterface", "network-interface", tags, **place)["NetworkInterface"]
        self("CreatePlacementGroup", "placement-group", tags, GroupName=f"placement-{vpc}", Strategy="spread")
        held = self("RunInstances", "instance network-interface", tags, ImageId=IMAGE, InstanceType="t3.nano",
                    MinCount=1, MaxCount=1, Placement={"GroupName": f"placement-{vpc}"}, **place)  # fmt: skip
        self.outside(vpc, subnet["SubnetId"], tags, interface, held["Instances"][0]["NetworkInterfaces"][0])
        return vpc

    def outside(self, vpc: str, subnet: str, tags: dict[str, str], *interfaces: dict[str, Any]) -> None:
        """Make a gateway, a table with routes of both sorts that the subnet follows, an address to each interface."""
        gateway = self("CreateInternetGateway", "internet-gateway", tags)["InternetGateway"]["InternetGatewayId"]
        self("AttachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)
        table = self("CreateRouteTable", "route-table", tags, VpcId=vpc)["RouteTable"]["RouteTableId"]
        self("CreateRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        hop = interfaces[-1]["NetworkInterfaceId"]
        self("CreateRoute", RouteTableId=table, DestinationCidrBlock="192.168.0.0/24", NetworkInterfaceId=hop)
        self("AssociateRouteTable", RouteTableId=table, SubnetId=subnet)
        for each in interfaces:
            address = self("AllocateAddress", "elastic-ip", tags, Domain="vpc")["AllocationId"]
            self("AssociateAddress", AllocationId=address, NetworkInterfaceId=each["NetworkInterfaceId"])

    def there(self) -> dict[str, list[str]]:
        """Return what there is, by kind; terminated instances are not."""
        state = self.emulator.state()[ACCOUNT][AWS]
        return {
            kind.type: sorted(
                row["id"] for row in state[kind.type] if row.get("state") not in ("terminated", "shutting-down")
            )
            for kind in KINDS
        }

    def outward(self) -> list[dict[str, Any]]:
        """Return addresses, tables and gateways with all that they lead to."""
        state = self.emulator.state()[ACCOUNT][AWS]
        return [row for kind in ("elastic-ip", "route-table", "internet-gateway") for row in state[kind]]


@pytest.fixture
async def account(tmp_path: Path) -> AsyncIterator[Account]:
    account = Account()
    runner = web.AppRunner(application(account.emulator))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    secrets.write(tmp_path / "aws.json", json.dumps({"access_key_id": "AKIACLEANUP", "secret_access_key": "s"}))
    aws = {
        "endpoint_url": f"http://{host}:{port}",
        "accounts": [{"number": ACCOUNT, "credentials_file": str(tmp_path / "aws.json")}],
        "throttle": False,
    }
    region = {"name": "kakao-usa-east1", "provider": "aws", "port": 0, "cloud_region": AWS, "aws": aws}
    document = {"store": {"url": "sqlite:///${state}/s.sqlite"}, "regions": [region]}
    (tmp_path / "gurum.yaml").write_text(yaml.safe_dump(document))
    yield account
    await runner.cleanup()


async def _cleanup(state: Path, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    line = ["cleanup", "--state", str(state), *words]
    status = await asyncio.to_thread(main, line, Surroundings({}, out, err))
    return status, out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))


async def test_it_lists_and_then_leaves_exactly_the_foreign(account: Account, tmp_path: Path) -> None:
    account.whole(THEIRS)
    account.whole({})
    foreign, leading = account.there(), account.outward()
    account.whole(OURS)
    everything = account.there()
    assert [kind for kind in everything if len(everything[kind]) <= len(foreign[kind])] == []
    status, out, _ = await _cleanup(tmp_path, "-f", "json")
    listed = json.loads(out)
    assert status == 0
    assert {line["id"] for line in listed} == {
        one for kind, ids in everything.items() for one in ids if one not in foreign[kind]
    } - _of_vpcs(account)
    assert {line["of"] for line in listed} == {"Domain u-1"}
    assert account.there() == everything  # to list is not to remove
    status, out, err = await _cleanup(tmp_path, "--yes")
    assert (status, err.splitlines()[-1]) == (0, f"{len(listed)} removed, 0 left.")
    assert account.there() == foreign
    assert account.outward() == leading
    assert await _cleanup(tmp_path, "--yes") == (0, "Nothing is there.\n", "")
    refused = [line for line in account.emulator.ledger() if line["outcome"] == "UnauthorizedOperation"]
    assert refused == []


def _of_vpcs(account: Account) -> set[str]:
    """Return the groups and tables that AWS made in VPCs: they go with them."""
    state = account.emulator.state()[ACCOUNT][AWS]
    groups = {row["id"] for row in state["security-group"] if row["name"] == "default"}
    return groups | {row["id"] for row in state["route-table"] if "" in row["associations"].values()}


async def test_what_others_put_into_ours_is_left_and_told(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gurum.providers.aws.cleanup.remove.__defaults__", (lambda words: None, 0.0))
    monkeypatch.setattr("gurum.providers.aws.cleanup.ROUND", 0.01)
    vpc = account.whole(OURS)
    theirs = account("CreateSecurityGroup", VpcId=vpc, GroupName="theirs", Description="theirs")["GroupId"]
    status, _, err = await _cleanup(tmp_path, "--yes")
    assert status == 1
    assert f"left: vpc {vpc}: AWS DeleteVpc: DependencyViolation" in err
    left = account.there()
    assert (left["vpc"], left["instance"], left["subnet"]) == ([vpc], [], [])
    assert theirs in left["security-group"]


async def test_orphans_are_what_no_object_has(account: Account, tmp_path: Path) -> None:
    kept = account.whole(OURS)
    account.whole(OURS | {"uid": "u-2"})
    store, journal = await open_store(StoreConfig(url=f"sqlite:///{tmp_path}/s.sqlite"))
    domain = await store.create(
        Domain(metadata=Metadata(id="u-1", key="u-1"), spec=DomainSpec(owner_kind="Network", owner_id="n"))
    )
    where = External(provider="aws", partition="aws", account=ACCOUNT, region=AWS, id=kept)
    domain.status.intents["vpc"] = Intent(step="vpc", state="done", external=where)
    await store.update_status(domain)
    await journal.close()
    await store.close()
    _, out, _ = await _cleanup(tmp_path, "--orphans", "-f", "json")
    ids = {line["id"] for line in json.loads(out)}
    assert kept not in ids
    assert {line["type"] for line in json.loads(out) if line["of"] == "Domain u-2"} == {kind.type for kind in KINDS}
    _, out, _ = await _cleanup(tmp_path, "-f", "json")
    assert {line["in store"] for line in json.loads(out) if line["id"] == kept} == {"yes"}
    assert {line["in store"] for line in json.loads(out) if line["id"] in ids} == {"no"}


async def test_what_it_removes_is_recorded_as_its_operator_s(account: Account, tmp_path: Path) -> None:
    document = yaml.safe_load((tmp_path / "gurum.yaml").read_text())
    document["audit"] = {"directory": str(tmp_path / "audit"), "anchor_socket": "none"}
    (tmp_path / "gurum.yaml").write_text(yaml.safe_dump(document))
    account.whole(OURS)
    status, _, err = await _cleanup(tmp_path, "--yes")
    assert status == 0, err
    made = [line for line in account.emulator.ledger() if not line["external"] and not looks(line["action"])]
    told = {one.links.call: one for one in events(tmp_path / "audit" / "cleanup-1") if one.outcome == PENDING}
    assert len(made) >= len(KINDS)
    for line in made:
        one = told[call_of({"userAgent": line["user_agent"]})]
        assert one.action == f"call/ec2:{line['action']}"
        assert one.initiator.id == f"uid-{os.getuid()}"
        assert (one.target.type_uri, one.target.id) == ("Domain", "u-1")


async def test_nothing_is_removed_that_cannot_be_recorded(account: Account, tmp_path: Path) -> None:
    document = yaml.safe_load((tmp_path / "gurum.yaml").read_text())
    (tmp_path / "no-directory").write_text("")
    document["audit"] = {"directory": str(tmp_path / "no-directory"), "anchor_socket": "none"}
    (tmp_path / "gurum.yaml").write_text(yaml.safe_dump(document))
    account.whole(OURS)
    before = account.there()
    status, out, err = await _cleanup(tmp_path, "--yes")
    assert (status, out) == (1, "")
    assert "cannot be recorded" in err
    assert account.there() == before


async def test_not_while_an_engine_works(account: Account, tmp_path: Path) -> None:
    account.whole(OURS)
    store, journal = await open_store(StoreConfig(url=f"sqlite:///{tmp_path}/s.sqlite"))
    spec = LeaseSpec(holder="node-1/77", epoch=3, renewed_at=time.time(), duration=600.0)
    await store.create(Lease(metadata=Metadata(id="l", key="kakao-usa-east1/1"), spec=spec))
    await journal.close()
    await store.close()
    before = account.there()
    status, out, err = await _cleanup(tmp_path, "--yes")
    assert (status, out) == (1, "")
    assert "while an engine works: node-1/77" in err
    assert account.there() == before
    assert (await _cleanup(tmp_path))[0] == 0  # looking is always possible
    assert (await _cleanup(tmp_path, "--yes", "--force"))[0] == 0


async def test_what_is_wrong_is_one_sentence(account: Account, tmp_path: Path) -> None:
    assert "has no account 9" in (await _cleanup(tmp_path, "--account", "9"))[2]
    assert "there is no store" in (await _cleanup(tmp_path, "--orphans"))[2]
    account.emulator.configure({"policies": {"*": {"Statement": []}}})
    status, _, err = await _cleanup(tmp_path)
    assert status == 1
    assert "UnauthorizedOperation" in err
    assert err.count("\n") == 1
