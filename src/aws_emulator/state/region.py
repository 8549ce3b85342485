"""Everything of one account in one region."""

from collections.abc import Iterator
from typing import Any

from aws_emulator.catalogue.zones import Zone, zones_of
from aws_emulator.state.compute import Instance, KeyPair, PlacementGroup
from aws_emulator.state.kinds import KINDS
from aws_emulator.state.network import (
    Address,
    InternetGateway,
    NetworkInterface,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)
from aws_emulator.state.storage import OwnImage, Snapshot, Volume
from aws_emulator.state.table import Table


class Region:
    """The tables of one (account, region), and which rows changed since the last commit."""

    def __init__(self, account: str, name: str) -> None:
        self.account = account
        self.name = name
        self.zones: tuple[Zone, ...] = zones_of(account, name)
        self.dirty: dict[tuple[str, str], None] = {}
        self._tables: dict[str, Table[Any]] = {
            kind.name: Table(kind.name, kind.indexes, self._changed) for kind in KINDS.values()
        }
        self.vpcs: Table[Vpc] = self._tables["vpc"]
        self.subnets: Table[Subnet] = self._tables["subnet"]
        self.interfaces: Table[NetworkInterface] = self._tables["network-interface"]
        self.groups: Table[SecurityGroup] = self._tables["security-group"]
        self.gateways: Table[InternetGateway] = self._tables["internet-gateway"]
        self.route_tables: Table[RouteTable] = self._tables["route-table"]
        self.addresses: Table[Address] = self._tables["elastic-ip"]
        self.key_pairs: Table[KeyPair] = self._tables["key-pair"]
        self.placement_groups: Table[PlacementGroup] = self._tables["placement-group"]
        self.instances: Table[Instance] = self._tables["instance"]
        self.volumes: Table[Volume] = self._tables["volume"]
        self.images: Table[OwnImage] = self._tables["image"]
        self.snapshots: Table[Snapshot] = self._tables["snapshot"]

    def table(self, kind: str) -> Table[Any]:
        """Return the table of a kind by its name in KINDS."""
        return self._tables[kind]

    def tables(self) -> Iterator[Table[Any]]:
        """Return all tables."""
        return iter(self._tables.values())

    def zone(self, name_or_id: str) -> Zone | None:
        """Return a zone by its name or id, or None."""
        return next((zone for zone in self.zones if name_or_id in (zone.name, zone.id)), None)

    def _changed(self, kind: str, identity: str) -> None:
        self.dirty[kind, identity] = None
