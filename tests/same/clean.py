"""Removes what a run has left behind in a cloud: everything whose name begins with the run's own prefix."""

from __future__ import annotations

import time

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
    compute, network = there.compute, there.network
    lists = (
        ("server", compute.servers, compute.delete_server),
        ("port", network.ports, network.delete_port),
        ("network", network.networks, network.delete_network),
        ("security group", network.security_groups, network.delete_security_group),
        ("key pair", compute.keypairs, compute.delete_keypair),
    )
    said = []
    for kind, all_of, delete in lists:
        for one in [one for one in all_of() if (one.name or "").startswith(run)]:
            try:
                delete(one.id)
                said.append(f"{cloud.label}: left behind and removed: {kind} {one.name}")
            except known.SDKException as error:
                said.append(f"{cloud.label}: left behind: {kind} {one.name}: {error}")
        if kind == "server":
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline and any((s.name or "").startswith(run) for s in compute.servers()):
                time.sleep(0.5)
    there.close()
    return said
