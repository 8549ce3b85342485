"""Removes what a run has left behind in a cloud: all whose name or description begins with the run's prefix."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.same.clouds import Cloud, connection

PATIENCE = 60.0


def clean(cloud: Cloud, run: str) -> list[str]:
    """Remove it as each person of the cloud; return a line for each thing found or not removable."""
    said = []
    for person in ("", *sorted(cloud.people)):
        said += _clean(cloud, person, run)
    return said


def _clean(cloud: Cloud, person: str, run: str) -> list[str]:
    import openstack.exceptions as known

    there = connection(cloud.file, cloud.entry(person), cloud.region)
    said = []
    for kind, all_of, delete in _kinds(there):
        for one in [one for one in all_of() if _is_of(one, run)]:
            what = f"{kind} {one.name or one.id}"
            try:
                delete(one)
                said.append(f"{cloud.label}: left behind and removed: {what}")
            except known.SDKException as error:
                said.append(f"{cloud.label}: left behind: {what}: {error}")
        if kind == "server":
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline and any(_is_of(one, run) for one in all_of()):
                time.sleep(0.5)
    there.close()
    return said


def _kinds(there: Any) -> tuple[tuple[str, Callable[[], Iterable[Any]], Callable[[Any], object]], ...]:
    """Return kinds in the order in which they can go: what is listed, and how one goes."""
    compute, network = there.compute, there.network

    def router(one: Any) -> None:
        for port in network.ports(device_id=one.id, device_owner="network:router_interface"):
            network.remove_interface_from_router(one.id, port_id=port.id)
        network.delete_router(one.id)

    return (
        ("server", compute.servers, compute.delete_server),
        ("server group", compute.server_groups, compute.delete_server_group),
        ("floating IP", network.ips, network.delete_ip),
        ("router", network.routers, router),
        ("port", network.ports, network.delete_port),
        ("network", network.networks, network.delete_network),
        ("security group", network.security_groups, network.delete_security_group),
        ("key pair", compute.keypairs, compute.delete_keypair),
    )


def _is_of(one: Any, run: str) -> bool:
    """Whether it is the run's. A floating IP has its address for a name, so there the description counts."""
    return any((getattr(one, field, None) or "").startswith(run) for field in ("name", "description"))
