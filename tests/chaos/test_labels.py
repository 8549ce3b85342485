"""Names of steps: the same in two runs, different for two steps, and none for a write that writes nothing."""

from __future__ import annotations

from tests.chaos import labels

from gurum.model import codec
from gurum.model.base import Condition, Intent, Metadata, new_id
from gurum.model.engine import Lease, LeaseSpec
from gurum.model.network import Port, PortSpec, Subnet, SubnetSpec
from gurum.providers.contract import DOUBT


def subnet() -> Subnet:
    uid = new_id()
    return Subnet(metadata=Metadata(id=uid, key=uid), spec=SubnetSpec(network_id=new_id(), cidr="10.0.0.0/24"))


def test_a_write_is_named_by_what_it_changes_without_ids_and_zones() -> None:
    names: set[str] = set()
    for zone in ("use1-az1", "use1-az4"):
        old = subnet()
        new = codec.copy(old)
        new.status.intents[f"slice:{zone}"] = Intent(step=f"slice:{zone}", written_at=len(names))
        names.add(labels.status_changed(old, new))
        done = codec.copy(new)
        done.status.intents[f"slice:{zone}"].state = "done"
        names.add(labels.status_changed(new, done))
    assert names == {"Subnet.update_status slice=intended", "Subnet.update_status slice=done"}


def test_a_write_that_changes_nothing_is_no_step() -> None:
    old = subnet()
    assert labels.status_changed(old, codec.copy(old)) == ""
    assert labels.spec_changed(old, codec.copy(old)) == ""


def test_words_for_users_facts_and_doubts_are_told_apart() -> None:
    old = subnet()
    told, made, doubted = (codec.copy(old) for _ in range(3))
    told.status.conditions = [Condition(type="Available", status=True)]
    made.status.applied["cidr:10.0.0.0/24"] = "1"
    doubted.status.applied[f"{DOUBT}group:x"] = "..."
    kinds = [labels.status_changed(old, new).rpartition(" ")[2] for new in (told, made, doubted)]
    assert kinds == ["conditions", "applied", "doubt"]


def test_taking_off_the_last_finalizer_is_a_step_of_its_own() -> None:
    old = subnet()
    old.metadata.finalizers = ["engine"]
    new = codec.copy(old)
    new.metadata.finalizers = []
    assert labels.status_changed(old, new) == "Subnet.update_status release"


def test_a_change_of_spec_is_named_by_its_fields() -> None:
    uid = new_id()
    old = Port(metadata=Metadata(id=uid, key=uid), spec=PortSpec(network_id=new_id()))
    new = codec.copy(old)
    new.spec.device_id, new.metadata.labels["index"] = new_id(), "000"
    assert labels.spec_changed(old, new) == "Port.update_spec device_id+labels.index"


def test_a_call_is_named_by_its_action_and_the_tag_of_its_step() -> None:
    tags = [{"Key": "pia:uid", "Value": new_id()}, {"Key": "pia:step", "Value": "slice:use1-az1"}]
    specification = [{"ResourceType": "subnet", "Tags": tags}]
    assert labels.call("CreateSubnet", {"TagSpecifications": specification}) == "CreateSubnet slice"
    found = [{"Name": "tag:pia:owner", "Values": ["x"]}, {"Name": "tag:pia:step", "Values": ["vpc"]}]
    assert labels.call("DescribeVpcs", {"Filters": found}) == "DescribeVpcs find vpc"
    assert labels.call("StopInstances", {"InstanceIds": ["i-1"]}) == "StopInstances"


def test_what_goes_on_by_itself_belongs_to_no_operation() -> None:
    spec = LeaseSpec(holder="a", epoch=1)
    old = Lease(metadata=Metadata(id=new_id(), key="r/a"), spec=spec)
    new = codec.copy(old)
    new.spec.renewed_at = 1.0
    assert labels.housekeeping(labels.spec_changed(old, new))
    owner = [{"Name": "tag:pia:owner", "Values": ["x"]}]
    assert labels.housekeeping(f"AWS {labels.call('DescribeInstances', {'Filters': owner})}")
    assert not labels.housekeeping("AWS RunInstances instance")
    assert not labels.housekeeping("Lease.create"), "taking a lease for the first time is part of the start"
