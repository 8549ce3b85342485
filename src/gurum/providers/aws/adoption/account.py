"""An account as it was listed: whose each thing is, what it is called, and under which id it stands here."""

from __future__ import annotations

import ipaddress
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from gurum.model.base import (
    DETACH,
    IMPORTED,
    OBSERVED,
    UNMANAGED,
    External,
    Import,
    Intent,
    Metadata,
    adopted_id,
)
from gurum.providers.aws import tags
from gurum.providers.aws.adoption.look import Item, Lists
from gurum.providers.aws.drivers.common import request
from gurum.providers.contract import Catalogue, Found, Place

APART = 0.001  # seconds between the intents of one object: they are undone from the latest on


@dataclass(frozen=True)
class Account:
    """What the modules of this package build from. zones: names by zone id. now: when it was listed."""

    place: Place
    cloud_region: str
    partition: str
    owner: str
    zones: Mapping[str, str]
    now: float
    lists: Lists
    catalogue: Catalogue
    subnets: dict[str, Item] = field(default_factory=dict)
    interfaces: dict[str, Item] = field(default_factory=dict)
    rules: dict[str, list[Item]] = field(default_factory=lambda: defaultdict(list))
    tables: dict[str, list[Item]] = field(default_factory=lambda: defaultdict(list))  # by VPC
    keys: dict[str, Item] = field(default_factory=dict)  # by name

    def __post_init__(self) -> None:
        """Index what others refer to."""
        self.subnets.update((item["SubnetId"], item) for item in self.lists["subnet"])
        self.interfaces.update((item["NetworkInterfaceId"], item) for item in self.lists["network-interface"])
        self.keys.update((item["KeyName"], item) for item in self.lists["key-pair"])
        for rule in self.lists["security-group-rule"]:
            self.rules[rule["GroupId"]].append(rule)
        for table in self.lists["route-table"]:
            self.tables[table["VpcId"]].append(table)

    def id(self, cloud_id: str) -> str:
        """Return the id of the object for a thing."""
        known = self.catalogue.ids.get(cloud_id)
        return known or adopted_id(self.place.region, self.place.account, cloud_id)

    def domain(self, vpc: str) -> str:
        """Return the id of the domain of a VPC: that which its network would choose for itself."""
        return str(uuid.uuid5(uuid.UUID(self.id(vpc)), "domain"))

    def metadata(self, cloud_id: str, *, id: str = "", key: str = "", created: float = 0.0) -> Metadata:
        """Return the metadata of the object for a thing."""
        uid = id or self.id(cloud_id)
        return Metadata(
            id=uid, key=key or uid, region=self.place.region, account=self.place.account, created_at=created
        )

    def spec(self, cloud_id: str) -> dict[str, Any]:
        """Return what the specs of all adopted objects say: looked at only, and left as it is when they go."""
        return {"management_policy": UNMANAGED, "import_": Import(id=cloud_id), "on_delete": DETACH}

    def external(self, cloud_id: str, zone: str = "") -> External:
        """Return where a thing is."""
        return External(
            provider="aws", partition=self.partition, account=self.place.account, region=self.cloud_region,
            id=cloud_id, zone=zone,
        )  # fmt: skip

    def intent(self, step: str, cloud_id: str, zone: str = "", **asked: Any) -> Intent:
        """Return the intent of a thing that is there: as if it had been made by its step, by others."""
        return Intent(
            step=step, state="done", recipe=IMPORTED, zone=zone, request=request(asked), written_at=self.now,
            made_at=self.now, external=self.external(cloud_id, zone),
        )  # fmt: skip

    def status(self, intents: Sequence[Intent] = (), applied: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return what the statuses of all adopted objects say; `intents` in the order in which things are made."""
        last = len(intents) - 1
        by_step = {
            intent.step: msgspec.structs.replace(intent, written_at=intent.written_at - (last - number) * APART)
            for number, intent in enumerate(intents)
        }
        return {"adopted": OBSERVED, "intents": by_step, "applied": dict(applied or {})}

    def whose(self, item: Item) -> str:
        """Return why a thing cannot be adopted for whose it is; empty: nobody's, or taken over by this deployment."""
        marked = tagged(item)
        owner, uid = marked.get(tags.OWNER, ""), marked.get(tags.UID, "")
        if owner == self.owner:
            return "" if marked.get(tags.ADOPTED) else "this deployment made it"
        if owner:
            return f"it is of the deployment {owner}"
        return f"it carries the tag {tags.UID} of some deployment" if uid else ""

    def zone_name(self, zone: str) -> str:
        """Return the name that users know a zone by."""
        return self.zones.get(zone, zone)


def tagged(item: Item) -> dict[str, str]:
    """Return a thing's tags."""
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags", item.get("TagSet", ())) or ()}


def name_of(item: Item, otherwise: str = "") -> str:
    """Return the value of a thing's tag Name, at most 255 characters; else another name."""
    return (tagged(item).get("Name") or otherwise)[:255]


def found(account: Account, type: str, id: str, item: Item, **more: Any) -> Found:
    """Return a thing with its tags, refused if it is somebody's."""
    refused = more.pop("refused", "") or account.whose(item)
    name = more.pop("name", "") or name_of(item)
    if refused:
        more["object"] = None
    return Found(type=type, id=id, tags=tagged(item), refused=refused, name=name, **more)


def gateway_of(subnet: Item) -> str:
    """Return the address of AWS's own router in a subnet: its first one."""
    return str(ipaddress.ip_network(subnet["CidrBlock"])[1])
