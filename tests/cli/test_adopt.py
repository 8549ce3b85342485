"""`gurum adopt` on the emulator over its protocol: shows before it writes, writes once, refuses in a sentence."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from tests.adopt import company
from tests.support.checks import everything

from aws_emulator.config import Config as EmulatorConfig
from aws_emulator.emulator import Emulator
from aws_emulator.http import application
from gurum.cli.command import Surroundings
from gurum.cli.main import main
from gurum.engine import seed
from gurum.model.base import MANAGED, UNMANAGED, adoption
from gurum.model.codec import ADOPTABLE
from gurum.model.server import Server
from gurum.ops import secrets
from gurum.ops.clock import SystemClock
from gurum.ops.config import load
from gurum.providers.aws import policy
from gurum.store.factory import open_store

ACCOUNT, AWS, REGION = "111122223333", "us-east-1", "kakao-usa-east1"
ONE, TWO, USER = "1" * 32, "2" * 32, "u" * 32


class Place:
    """A deployment's state directory, its store and its account with a company in it."""

    def __init__(self, directory: Path) -> None:
        self.state = directory
        settings: dict[str, Any] = {"accounts": {"AKIAADOPT": ACCOUNT}, "time_factor": 0.0}
        settings |= {"throttle": {"enabled": False}, "quotas": {"addresses": 50, "vpcs": 10}}
        # The command has the policy's permissions and no others.
        settings["policies"] = {"*": policy.document("gurum", AWS, adopts=True)}
        self.emulator = Emulator(EmulatorConfig().patched(settings))
        self.made = company.build(self.do, 4)

    def do(self, action: str, **params: Any) -> dict[str, Any]:
        """Do something as the company's own people."""
        if "PublicKeyMaterial" in params:
            params["PublicKeyMaterial"] = params["PublicKeyMaterial"].encode()
        return dict(self.emulator.call(action, params, account=ACCOUNT, region=AWS, external=True))

    async def gurum(self, *words: str) -> tuple[int, str, str]:
        """Run the command."""
        out, err = io.StringIO(), io.StringIO()
        line = ["adopt", "--state", str(self.state), *words]
        status = await asyncio.to_thread(main, line, Surroundings({}, out, err))
        return status, out.getvalue(), err.getvalue()

    async def adopted(self) -> list[Any]:
        """Return what stands for something adopted."""
        config = load(self.state / "gurum.yaml", {}, state=self.state)
        store, journal = await open_store(config.store)
        try:
            found = [obj for kind in ADOPTABLE for obj in await everything(store, kind)]
        finally:
            await journal.close()
            await store.close()
        return [obj for obj in found if (spec := adoption(obj)) is not None and spec.import_ is not None]

    def changes(self) -> list[str]:
        """Return the command's calls that change something."""
        calls = [line["action"] for line in self.emulator.ledger() if not line.get("external")]
        return [action for action in calls if not action.startswith("Describe")]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path)
    runner = web.AppRunner(application(place.emulator))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    secrets.write(tmp_path / "aws.json", json.dumps({"access_key_id": "AKIAADOPT", "secret_access_key": "s"}))
    account = {"number": ACCOUNT, "credentials_file": str(tmp_path / "aws.json"), "projects": [ONE, TWO]}
    region = {
        "name": REGION, "provider": "aws", "port": 0, "cloud_region": AWS,
        "aws": {"endpoint_url": f"http://{host}:{port}", "accounts": [account], "throttle": False},
        "external_networks": [{"name": "public", "subnet_name": "public4", "cidr": "203.0.113.0/24"}],
        "flavors": [{"name": "m1.tiny", "vcpus": 2, "ram": 512, "disk": 8, "instance_type": "t3.nano"}],
    }  # fmt: skip
    document = {"store": {"url": "sqlite:///${state}/s.sqlite"}, "regions": [region]}
    (tmp_path / "gurum.yaml").write_text(yaml.safe_dump(document))
    config = load(tmp_path / "gurum.yaml", {}, state=tmp_path)
    store, journal = await open_store(config.store)
    await seed.seed(store, config.regions[0], SystemClock())
    await journal.close()
    await store.close()
    yield place
    await runner.cleanup()


async def test_a_dry_run_shows_everything_and_writes_nothing(place: Place) -> None:
    status, out, err = await place.gurum("--project", ONE, "--user", USER, "--dry-run")
    assert (status, err) == (0, "Nothing was written.\n")
    assert "machine-3" in out
    assert "no flavor has its type: it shows a flavor named t3.small" in out
    assert "its rule 50 -1:-1 from 10.0.0.0/8 has no word in Neutron" in out
    assert out.splitlines()[-1].endswith("left as they are.")
    _, out, _ = await place.gurum("--project", ONE, "--user", USER, "--dry-run", "-f", "json")
    plan = json.loads(out)
    ids = {line["aws_id"] for line in plan}
    assert {id_ for made in place.made.ids.values() for id_ in made} <= ids
    assert all(line["notes"] for line in plan if line["deed"] == "left")
    assert await place.adopted() == []
    assert place.changes() == []


async def test_twice_is_once_and_half_is_no_harm(place: Place) -> None:
    both = ["--project", ONE, "--user", USER]
    first, second = await asyncio.gather(place.gurum(*both), place.gurum(*both))
    assert (first[0], second[0]) == (0, 0)
    made = [int(err.split()[0]) for _, _, err in (first, second)]
    found = await place.adopted()
    assert sum(made) == len(found) + len({s.spec.image_id for s in found if isinstance(s, Server)})
    status, out, err = await place.gurum(*both)
    assert (status, err.split(",")[0]) == (0, "0 adopted")
    assert " adopt\n" not in out
    assert {obj.spec.management_policy for obj in found} == {UNMANAGED}
    assert place.changes() == []


async def test_what_is_asked_for_and_what_it_needs(place: Place) -> None:
    status, _, _ = await place.gurum("--project", ONE, "--user", USER, "--id", place.made.ids["instance"][3])
    assert status == 0
    kinds = [obj.kind for obj in await place.adopted()]
    assert (kinds.count("Server"), kinds.count("Network"), kinds.count("KeyPair")) == (1, 1, 1)
    status, _, _ = await place.gurum("--project", ONE, "--filter", "tag:team=a")
    assert status == 0
    assert [obj.kind for obj in await place.adopted()].count("Server") == 2


async def test_taking_over_and_letting_go_are_written_down(place: Place) -> None:
    await place.gurum("--project", ONE, "--user", USER)
    status, _, err = await place.gurum("--project", ONE, "--manage", "--id", place.made.ids["subnet"][0])
    assert status == 0
    assert "to be taken over" in err
    policies = {obj.id: obj.spec.management_policy for obj in await place.adopted()}
    assert set(policies.values()) == {MANAGED, UNMANAGED}
    await place.gurum("--project", ONE, "--manage", "--on-delete", "delete")
    assert {(o.spec.management_policy, o.spec.on_delete) for o in await place.adopted()} == {(MANAGED, "delete")}
    status, _, err = await place.gurum("--project", ONE, "--detach")
    assert status == 0
    left = await place.adopted()
    assert {obj.spec.on_delete for obj in left} == {"detach"}
    assert all(obj.deleting for obj in left if obj.kind in ("Server", "Network", "Router", "FloatingIP"))
    assert place.changes() == []


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), f"several projects ({ONE}, {TWO}): name the one"),
        (("--project", "3" * 32), "has no account: map it"),
        (("--project", ONE, "--account", "999988887777"), "has no account 999988887777; it has 111122223333"),
        (("--project", ONE, "--filter", "team=a"), "'team=a' is not tag:KEY=VALUE"),
        (("--project", ONE, "--id", "i-0nothing"), "has no i-0nothing"),
    ],
)
async def test_refusals_are_sentences(place: Place, words: tuple[str, ...], text: str) -> None:
    status, out, err = await place.gurum(*words)
    assert (status, out) == (1, "")
    assert text in err
    assert await place.adopted() == []


async def test_others_things_are_named_and_left(place: Place) -> None:
    others = [{"ResourceType": "vpc", "Tags": [{"Key": "pia:owner", "Value": "gurum-of-others"}]}]
    ours = [{"ResourceType": "vpc", "Tags": [{"Key": "pia:owner", "Value": "gurum"}, {"Key": "pia:uid", "Value": "u"}]}]
    theirs = place.do("CreateVpc", CidrBlock="10.90.0.0/24", TagSpecifications=others)["Vpc"]["VpcId"]
    own = place.do("CreateVpc", CidrBlock="10.91.0.0/24", TagSpecifications=ours)["Vpc"]["VpcId"]
    twin = place.do("CreateVpc", CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnet = place.do("CreateSubnet", VpcId=twin, CidrBlock="10.40.0.0/20", AvailabilityZoneId="use1-az1")["Subnet"]
    _, out, _ = await place.gurum("--project", ONE, "--dry-run", "-f", "json")
    notes = {line["aws_id"]: (line["deed"], " ".join(line["notes"])) for line in json.loads(out)}
    assert notes[theirs] == ("left", "it is of the deployment gurum-of-others")
    assert notes[own] == ("left", "this deployment made it")
    assert notes[subnet["SubnetId"]][0] == "adopt"
    assert "its range overlaps with that of production-0: one router cannot join both" in notes[subnet["SubnetId"]][1]
