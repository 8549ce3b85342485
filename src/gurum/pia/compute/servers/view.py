"""What a server looks like at each microversion. The one place that knows the shapes.

A shape is (first version that shows it so, parts only some may read): few enough to keep every rendering.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from gurum.model.base import Resource
from gurum.model.compute import ServerGroup
from gurum.model.network import ATTACH, Network, Port, SecurityGroup
from gurum.model.routing import FloatingIP
from gurum.model.server import Address, Server
from gurum.pia.compute.flavors.view import public
from gurum.pia.compute.servers import userdata
from gurum.pia.compute.servers.state import State
from gurum.pia.compute.view import links, micros, seconds
from gurum.pia.kernel.context import Context
from gurum.pia.kernel.mirror import Board

SHAPES = (96, 90, 73, 71, 63, 47, 26, 19, 16, 9, 3, 1)
PROGRESS = frozenset({"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"})
WAITING = 503  # the engine's code for what is only delayed
FAULT = frozenset({"ERROR", "DELETED"})
SHOWN: tuple[type[Resource], ...] = (Server, Port, SecurityGroup, Network, FloatingIP, ServerGroup)
EXTENDED, HOST_STATUS = "extended_attributes", "host_status"


def shape(version: int) -> int:
    """Return the first version that shows servers as this one does."""
    return next(first for first in SHAPES if version >= first)


def brief(server: Server, root: str) -> dict[str, Any]:
    """Return the server as lists without detail show it."""
    return {"id": server.id, "name": server.spec.name, "links": links(root, "servers", server.id)}


def addresses(listed: Sequence[Address], *, extended: bool) -> dict[str, list[dict[str, Any]]]:
    """Return the addresses by network; extended: with MAC address and type."""
    shown: dict[str, list[dict[str, Any]]] = {}
    for address in listed:
        row: dict[str, Any] = {"version": address.version, "addr": address.addr}
        if extended:
            row |= {"OS-EXT-IPS:type": address.type, "OS-EXT-IPS-MAC:mac_addr": address.mac}
        shown.setdefault(address.network, []).append(row)
    return shown


def listed(board: Board, server: Server) -> list[Address]:
    """Return the addresses of a server: the fixed ones, and the floating ones that lead to them.

    The engine has written those that the server was made with. An interface is shown from the moment it was attached,
    and not once its port has left, as Nova's answer to attaching it says.
    """
    ports = board.of(Port)
    found = [a for a in server.status.addresses if (p := ports.get(a.port_id)) is None or p.spec.device_id == server.id]
    known = {address.port_id for address in found}
    for port in ports.select("device", server.id):
        if ATTACH in port.metadata.labels and port.id not in known:
            network = board.of(Network).get(port.spec.network_id)
            name, mac = network.spec.name if network else "", port.status.mac_address or port.spec.mac_address
            found += [
                Address(
                    network=name, addr=ip.ip_address, mac=mac, port_id=port.id, version=6 if ":" in ip.ip_address else 4
                )
                for ip in port.spec.fixed_ips
            ]
    floating = board.of(FloatingIP)
    return found + [
        msgspec.structs.replace(fixed, addr=one.address, type="floating", version=4)
        for fixed in found
        for one in floating.select("port", fixed.port_id)
        if one.spec.fixed_ip_address == fixed.addr and one.address
    ]


def host_id(server: Server) -> str:
    """Return an opaque id of the host. A cloud does not tell which servers share one, so each has its own."""
    external = server.status.external
    return hashlib.sha224(f"{server.metadata.project}{external.id}".encode()).hexdigest() if external else ""


def security_groups(board: Board, server: Server) -> list[str]:
    """Return the names of a server's groups: its ports' or, before there are any, those asked for.

    A server without interfaces has none.
    """
    ports = board.of(Port).select("device", server.id)
    if ports:
        ids = {group for port in ports for group in port.spec.security_groups}
    elif server.spec.networks:
        ids = set(server.spec.security_groups)
    else:
        return []
    groups = board.of(SecurityGroup)
    return sorted({group.spec.name for uid in ids if (group := groups.get(uid)) is not None})


def server_groups(board: Board, server: Server) -> list[str]:
    """Return the server group of a server, if it is there still."""
    group = board.of(ServerGroup).get(server.spec.group) if server.spec.group else None
    return [group.id] if group is not None else []


class View:
    """Renders servers for one request: its version, what it may reveal, and where links point."""

    def __init__(self, ctx: Context, *, reveals: frozenset[str]) -> None:
        self.root, self.version, self.reveals = ctx.root, ctx.version, reveals
        self._board = ctx.parts.board
        self._region = ctx.region.name
        self._store = ctx.parts.store
        self._texts: dict[str, str | None] = {}  # of servers whose user data the store keeps apart

    @property
    def shape(self) -> tuple[int, frozenset[str]]:
        """Name the shape, for renderings that are kept."""
        return shape(self.version), self.reveals

    async def unseal(self, servers: Iterable[Server]) -> None:
        """Fetch what only administrators see, and the store keeps apart: before anything of these is rendered.

        Raises UnavailableError.
        """
        if EXTENDED in self.reveals and self.version >= 3:
            self._texts |= await userdata.texts(self._store, servers)

    def keeps(self, server: Server) -> bool:
        """Whether what is rendered of a server may be kept: not with what the store takes care to keep apart."""
        return server.id not in self._texts

    def detail(self, server: Server, state: State, *, groups: bool = False) -> dict[str, Any]:
        """Return the server in full; groups: with its server groups, which lists do not show."""
        version, status, spec = self.version, server.status, server.spec
        shown = self._common(server, state)
        shown["addresses"] = addresses(listed(self._board, server), extended=True)
        shown |= {
            "OS-EXT-AZ:availability_zone": status.availability_zone or spec.availability_zone,
            "config_drive": "True" if spec.config_drive else "",
            "key_name": spec.key.name if spec.key else None,
            "OS-SRV-USG:launched_at": micros(status.launched_at),
            "OS-SRV-USG:terminated_at": micros(status.terminated_at),
            "OS-EXT-STS:task_state": state.task_state,
            "OS-EXT-STS:vm_state": state.vm_state,
            "OS-EXT-STS:power_state": status.power_state,
            "os-extended-volumes:volumes_attached": [],
        }
        names = security_groups(self._board, server)
        if names:
            shown["security_groups"] = [{"name": name} for name in names]
        if EXTENDED in self.reveals:
            shown |= self._extended(server)
        if version >= 16 and HOST_STATUS in self.reveals:
            shown["host_status"] = _host_status(server)
        if version >= 90:
            shown["OS-EXT-SRV-ATTR:hostname"] = spec.hostname
        if version >= 71 and groups:
            shown["server_groups"] = server_groups(self._board, server)
        if version >= 96:
            shown["pinned_availability_zone"] = spec.availability_zone or None
        return shown

    def changed(self, server: Server, state: State) -> dict[str, Any]:
        """Return the server as a change of it answers: in full from 2.75 on, shortened before."""
        if self.version >= 75:
            return self.detail(server, state, groups=True)
        shown = self._common(server, state)
        shown["addresses"] = addresses(listed(self._board, server), extended=False)
        if self.version >= 71:
            shown["server_groups"] = server_groups(self._board, server)
        return shown

    def _common(self, server: Server, state: State) -> dict[str, Any]:
        version, spec, meta = self.version, server.spec, server.metadata
        image: dict[str, Any] | str = ""
        if spec.image_id:
            image = {"id": spec.image_id, "links": links(self.root, "images", spec.image_id)[1:]}
        shown: dict[str, Any] = {
            "id": server.id,
            "name": spec.name,
            "status": state.status,
            "tenant_id": meta.project,
            "user_id": spec.user_id,
            "metadata": spec.metadata,
            "hostId": host_id(server),
            "image": image,
            "flavor": self._flavor(server),
            "created": seconds(meta.created_at),
            "updated": seconds(state.touched),
            "accessIPv4": spec.access_ipv4,
            "accessIPv6": spec.access_ipv6,
            "links": links(self.root, "servers", server.id),
            "OS-DCF:diskConfig": spec.disk_config,
        }
        if state.status in PROGRESS:
            shown["progress"] = server.status.progress
        fault = server.status.fault
        # Nova shows a fault of what failed. One that waits tells there too what for and until when (code 503): a user
        # who sees BUILD for minutes has nowhere else to look.
        if fault is not None and (state.status in FAULT or fault.code == WAITING):
            shown["fault"] = {"code": fault.code, "created": seconds(fault.created), "message": fault.message}
            if fault.details and (EXTENDED in self.reveals or fault.code != 500):
                shown["fault"]["details"] = fault.details
        if version >= 9:
            shown["locked"] = spec.locked
        if version >= 19:
            shown["description"] = spec.description
        if version >= 26:
            shown["tags"] = spec.tags
        if version >= 63:
            shown["trusted_image_certificates"] = spec.trusted_image_certificates
        if version >= 73:
            shown["locked_reason"] = spec.locked_reason
        return shown

    def _flavor(self, server: Server) -> dict[str, Any]:
        flavor = server.spec.flavor
        if self.version < 47:
            return {"id": flavor.id, "links": links(self.root, "flavors", flavor.id)[1:]}
        return {
            "vcpus": flavor.vcpus,
            "ram": flavor.ram,
            "disk": flavor.disk,
            "ephemeral": flavor.ephemeral,
            "swap": flavor.swap,
            "original_name": flavor.name,
            "extra_specs": public(flavor.extra_specs),
        }

    def _extended(self, server: Server) -> dict[str, Any]:
        """Return what administrators see: the zone as the host, the cloud's own id as the hypervisor's name of it."""
        external, spec = server.status.external, server.spec
        shown: dict[str, Any] = {
            "OS-EXT-SRV-ATTR:host": server.status.availability_zone or None,
            "OS-EXT-SRV-ATTR:hypervisor_hostname": server.status.availability_zone or None,
            "OS-EXT-SRV-ATTR:instance_name": external.id if external else f"instance-{server.id}",
        }
        if self.version >= 3:
            shown |= {
                "OS-EXT-SRV-ATTR:reservation_id": spec.reservation_id,
                "OS-EXT-SRV-ATTR:launch_index": spec.launch_index,
                "OS-EXT-SRV-ATTR:hostname": spec.hostname,
                "OS-EXT-SRV-ATTR:kernel_id": "",
                "OS-EXT-SRV-ATTR:ramdisk_id": "",
                "OS-EXT-SRV-ATTR:root_device_name": None,
                "OS-EXT-SRV-ATTR:user_data": spec.user_data or self._texts.get(server.id),
            }
        return shown


def _host_status(server: Server) -> str:
    """Return what can be known of a host that a cloud does not show: it is up if something runs on it."""
    if server.status.external is None:
        return ""
    return "UP" if server.status.power_state == 1 else "UNKNOWN"


def created(server: Server, root: str, password: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a creation. The groups are those of the request, as it came."""
    groups = asked.get("security_groups")
    return {
        "id": server.id,
        "links": links(root, "servers", server.id),
        "OS-DCF:diskConfig": server.spec.disk_config,
        "security_groups": [{"name": "default"}] if groups is None else groups,
        "adminPass": password,
    }


def watch(board: Board) -> None:
    """Drop renderings when what they show of others changes: a server's ports, and the names of their groups."""

    def port_changed(old: Port | None, new: Port | None) -> None:
        servers = board.peek(Server)
        for port in (old, new):
            if servers is not None and port is not None and port.spec.device_id:
                servers.forget(port.spec.device_id)

    def group_changed(old: SecurityGroup | None, new: SecurityGroup | None) -> None:
        if old is not None and new is not None and old.spec.name == new.spec.name:
            return
        some = new if new is not None else old
        servers, ports = board.peek(Server), board.peek(Port)
        if some is None or servers is None or ports is None:
            return
        for port in ports.select("group", some.id):
            if port.spec.device_id:
                servers.forget(port.spec.device_id)
        for server in servers.select("group", some.id):
            servers.forget(server.id)

    def address_changed(old: FloatingIP | None, new: FloatingIP | None) -> None:
        servers, ports = board.peek(Server), board.peek(Port)
        for floating in (old, new):
            port = ports.get(floating.spec.port_id) if ports is not None and floating is not None else None
            if servers is not None and port is not None and port.spec.device_id:
                servers.forget(port.spec.device_id)

    board.when(
        FloatingIP, lambda mirror: mirror.index("port", lambda one: [one.spec.port_id] if one.spec.port_id else [])
    )
    board.when(FloatingIP, lambda mirror: mirror.listen(address_changed))
    board.when(
        Port, lambda mirror: mirror.index("device", lambda port: [port.spec.device_id] if port.spec.device_id else [])
    )
    board.when(Port, lambda mirror: mirror.index("group", lambda port: port.spec.security_groups))
    board.when(Port, lambda mirror: mirror.listen(port_changed))
    board.when(SecurityGroup, lambda mirror: mirror.listen(group_changed))
