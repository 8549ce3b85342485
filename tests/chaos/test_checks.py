"""What the checks find: each finding is made to happen once, in a store and a cloud of a few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from tests.chaos import checks
from tests.chaos.snapshot import Snapshot, Thing

from gurum.model.base import External, Intent, Metadata, Resource, new_id
from gurum.model.compute import ServerGroup, ServerGroupSpec
from gurum.model.network import (
    AddressClaim,
    AddressClaimSpec,
    Domain,
    DomainSpec,
    FixedIP,
    Network,
    NetworkSpec,
    Port,
    PortSpec,
    SecurityGroup,
    SecurityGroupRule,
    SecurityGroupRuleSpec,
    SecurityGroupSpec,
)
from gurum.model.quota import QuotaUsage, QuotaUsageSpec
from gurum.model.server import Action, Server, ServerFlavor, ServerSpec

PROJECT, REGION, ADDRESS = "p", "r", "10.0.0.5"


def meta(uid: str = "", key: str = "") -> Metadata:
    uid = uid or new_id()
    return Metadata(id=uid, key=key or uid, region=REGION, project=PROJECT)


def done(step: str, id_: str) -> Intent:
    external = External(provider="aws", account="1", region="us-east-1", id=id_)
    return Intent(step=step, state="done", external=external)


class Scene:
    """A server on a network, ACTIVE, with everything that belongs to it."""

    def __init__(self) -> None:
        self.network = Network(metadata=meta(), spec=NetworkSpec(name="net"))
        self.domain = Domain(metadata=meta(), spec=DomainSpec(owner_kind="Network", owner_id=self.network.id))
        self.network.status.domain = self.domain.id
        self.domain.status.intents["vpc"] = done("vpc", "vpc-1")
        self.group = SecurityGroup(metadata=meta(), spec=SecurityGroupSpec(name="g"))
        step = f"group:{self.domain.id}"
        self.group.status.intents[step] = done(step, "sg-1")
        rule = SecurityGroupRuleSpec(security_group_id=self.group.id, direction="ingress", protocol="tcp",
                                     port_range_min=22, port_range_max=22, remote_ip_prefix="192.0.2.0/24")  # fmt: skip
        self.rule = SecurityGroupRule(metadata=meta(), spec=rule)
        flavor = ServerFlavor(id="1", name="f", vcpus=2, ram=512, disk=8)
        action = Action(number=1, action="create", request_id="q", user_id="u", project_id=PROJECT, start_time=0.0)
        self.server = Server(metadata=meta(), spec=ServerSpec(name="s", user_id="u", flavor=flavor, actions=[action]))
        status = self.server.status
        status.intents["instance"] = done("instance", "i-1")
        status.external, status.vm_state, status.task_state, status.done = done("", "i-1").external, "active", None, 1
        port = PortSpec(
            network_id=self.network.id,
            device_id=self.server.id,
            implied=True,
            security_groups=[self.group.id],
            fixed_ips=[FixedIP(subnet_id="n", ip_address=ADDRESS)],
        )
        self.port = Port(metadata=meta(), spec=port)
        self.port.status.external, self.port.status.status = done("", "eni-1").external, "ACTIVE"
        self.port.status.mac_address = "0e:00:00:00:00:01"
        claim = AddressClaimSpec(subnet_id="n", address=ADDRESS, owner_kind="Port", owner_id=self.port.id)
        self.claim = AddressClaim(metadata=meta(key=f"n/{ADDRESS}"), spec=claim)
        in_use = {"instances": 1, "cores": 2, "ram": 512}
        self.usage = QuotaUsage(metadata=meta(key=f"{REGION}/{PROJECT}/compute"), spec=QuotaUsageSpec(in_use=in_use))
        for obj in (self.network, self.domain, self.group, self.port):
            obj.status.observed_generation = 1
        rules = [{"egress": False, "protocol": "tcp", "from_port": 22, "to_port": 22, "cidr4": "192.0.2.0/24",
                  "cidr6": "", "group": ""}]  # fmt: skip
        self.things = [
            self.thing("vpc", "vpc-1", self.domain, "vpc"),
            self.thing("security-group", "sg-1", self.group, step, rules=rules),
            self.thing("instance", "i-1", self.server, "instance", state="running"),
            self.thing("network-interface", "eni-1", self.server, "interfaces", addresses=[ADDRESS], groups=["sg-1"],
                       public=False,
                       mac="0e:00:00:00:00:01", attachment={"instance_id": "i-1", "device_index": 0}),
        ]  # fmt: skip

    @staticmethod
    def thing(kind: str, id_: str, of: Resource, step: str, **row: Any) -> Thing:
        return Thing(kind, id_, of.id, step, {"id": id_, **row})

    def row(self, kind: str) -> dict[str, Any]:
        return next(thing.row for thing in self.things if thing.kind == kind)

    def drop(self, kind: str) -> None:
        self.things = [thing for thing in self.things if thing.kind != kind]

    def now(self) -> Snapshot:
        objects: dict[str, dict[str, Resource]] = {}
        for obj in vars(self).values():
            if isinstance(obj, Resource):
                objects.setdefault(obj.kind, {})[obj.id] = obj
        return Snapshot(objects, self.things)


def words(findings: Iterable[str]) -> set[str]:
    return {finding.partition(":")[0] for finding in findings}


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    now = Scene().now()
    assert [*checks.dangers(now), *checks.wrong(now), *checks.unsettled(now)] == []


def test_an_instance_has_the_user_data_that_was_asked_for() -> None:
    scene = Scene()
    for spec in ({"user_data": "QQ=="}, {"user_data_secret": "s"}):
        for name, value in spec.items():
            setattr(scene.server.spec, name, value)
        scene.row("instance").pop("user_data", None)
        assert any("without its user data" in found for found in checks.wrong(scene.now()))
        scene.row("instance")["user_data"] = "QQ=="
        assert list(checks.wrong(scene.now())) == []
        for name in spec:
            setattr(scene.server.spec, name, "")
    assert any("another user data" in found for found in checks.wrong(scene.now()))


def second_vpc(scene: Scene) -> None:
    scene.things.append(scene.thing("vpc", "vpc-2", scene.domain, "vpc"))


def unclaimed(scene: Scene) -> None:
    scene.claim.spec.address = "10.0.0.6"


def claimed_by_another(scene: Scene) -> None:
    scene.claim.spec.owner_id = new_id()


def of_nobody(scene: Scene) -> None:
    scene.things.append(Thing("key-pair", "key-1", new_id(), "key", {"id": "key-1"}))


def instance_gone(scene: Scene) -> None:
    scene.row("instance")["state"] = "terminated"


def instance_stopped(scene: Scene) -> None:
    scene.row("instance")["state"] = "stopped"


def vpc_gone(scene: Scene) -> None:
    scene.drop("vpc")


def counted_too_little(scene: Scene) -> None:
    scene.usage.spec.in_use = {}


def rule_missing(scene: Scene) -> None:
    scene.row("security-group")["rules"] = []


def wrong_group(scene: Scene) -> None:
    scene.row("network-interface")["groups"] = ["sg-2"]


@pytest.mark.parametrize(
    ("spoil", "word", "always"),
    [
        (second_vpc, "duplicated", True),
        (unclaimed, "unclaimed", True),
        (claimed_by_another, "unclaimed", True),
        (unclaimed, "claims", False),
        (of_nobody, "leaked", False),
        (instance_gone, "lost", False),
        (instance_stopped, "lost", False),
        (vpc_gone, "lost", False),
        (counted_too_little, "quota", False),
        (rule_missing, "rules", False),
        (wrong_group, "membership", False),
    ],
)
def test_each_defect_is_found_by_its_name(spoil: Callable[[Scene], None], word: str, always: bool) -> None:
    scene = Scene()
    spoil(scene)
    assert word in words(checks.wrong(scene.now()))
    assert (word in words(checks.dangers(scene.now()))) is always


def building(scene: Scene) -> None:
    scene.server.status.vm_state = "building"


def action_to_do(scene: Scene) -> None:
    scene.server.status.done = 0


def being_deleted(scene: Scene) -> None:
    scene.network.metadata.deletion_requested_at = 1.0


def intended(scene: Scene) -> None:
    scene.domain.status.intents["vpc"].state = "intended"


def not_looked_at(scene: Scene) -> None:
    scene.group.metadata.generation = 2


def port_down(scene: Scene) -> None:
    scene.port.status.status = "DOWN"


@pytest.mark.parametrize(
    "spoil", [building, action_to_do, being_deleted, intended, not_looked_at, port_down, rule_missing]
)
def test_what_is_under_way_is_seen(spoil: Callable[[Scene], None]) -> None:
    scene = Scene()
    spoil(scene)
    assert list(checks.unsettled(scene.now()))


def test_after_everything_was_deleted_nothing_may_be_left() -> None:
    def found(scene: Scene) -> Iterator[str]:
        return checks.remains(scene.now())

    assert words(found(Scene())) == {"left", "leaked"}
    assert list(checks.remains(Snapshot())) == []


def test_a_group_that_was_deleted_lasts_as_long_as_its_last_server() -> None:
    scene = Scene()
    group = ServerGroup(metadata=meta(), spec=ServerGroupSpec(name="g", user_id="u", policy="anti-affinity"))
    group.metadata.deletion_requested_at, group.metadata.generation = 1.0, 2
    group.status.observed_generation = 1
    scene.server_group = group  # type: ignore[attr-defined] # whatever a scene has is in its snapshot
    assert list(checks.unsettled(scene.now())) == [f"ServerGroup {group.id[:8]} is being deleted"]
    scene.server.spec.group = group.id
    assert list(checks.unsettled(scene.now())) == []
    scene.server.metadata.deletion_requested_at = 2.0
    assert list(checks.unsettled(scene.now()))
