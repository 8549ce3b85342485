"""A company that was in AWS before: adopted, followed and let go of by processes that have the chart's rights alone."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from typing import Any

from tests.adopt import company
from tests.chart.cloud import Cloud, RefusedError
from tests.chart.site import Site
from tests.faults.emulator import REGION, Emulator
from tests.support.stack import BIN

Document = dict[str, Any]

SERVERS = 6
PATIENCE = 240.0


class Adopted:
    """One company, in one project."""

    def __init__(self, site: Site, member: Cloud, project: str, user: str) -> None:
        self._site, self._member = site, member
        self._words = ("--region", REGION, "--project", project, "--user", user)
        self._emulator = Emulator(site)
        self._made = company.Company()

    def come(self) -> None:
        """Make the company, adopt it, and see its machines."""
        self._made = company.build(self._emulator.external, SERVERS)
        self._until(lambda: all(row["state"] == "running" for row in self._emulator.living()))
        self._gurum()
        names = {self._made.names[one] for one in self._made.ids["instance"] if one in self._made.names}
        self._until(lambda: names <= self._active())

    def change(self) -> None:
        """Change it from outside, as its own people do, and see that."""
        do, made = self._emulator.external, self._made
        group, gone = made.ids["security-group"][0], made.ids["security-group"][1]
        company.connect(do, made)
        new = [{"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8443, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}]
        do("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=new)
        old = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        do("RevokeSecurityGroupIngress", GroupId=gone, IpPermissions=old)
        self._until(lambda: 8443 in {rule["port_range_min"] for rule in self._rules(made.names[group])})
        self._until(lambda: 443 not in {rule["port_range_min"] for rule in self._rules(made.names[gone])})
        self._gurum()  # what is not followed along by itself: addresses
        # One of them is put elsewhere.
        address, interfaces = made.ids["elastic-ip"][0], made.ids["network-interface"]
        was = self._port_of(made.names[address])
        do("AssociateAddress", AllocationId=address, NetworkInterfaceId=interfaces[0], AllowReassociation=True)
        self._until(lambda: self._port_of(made.names[address]) not in ("", was))

    def go(self) -> None:
        """Let go of all of it, and see that OpenStack shows it no more."""
        self._gurum("--detach")
        names = set(self._made.names.values())
        self._until(lambda: not names & {one["name"] for one in self._servers()})

    def _port_of(self, address: str) -> str:
        found = self._member.network("GET", f"/floatingips?floating_ip_address={address}")["floatingips"]
        return str(found[0]["port_id"]) if found else ""

    def _servers(self) -> list[Document]:
        found: list[Document] = self._member.compute("GET", "/servers/detail")["servers"]
        return found

    def _active(self) -> set[str]:
        return {one["name"] for one in self._servers() if one["status"] == "ACTIVE" and one["addresses"]}

    def _rules(self, group: str) -> list[Document]:
        (found,) = self._member.network("GET", f"/security-groups?name={group}")["security_groups"]
        rules: list[Document] = found["security_group_rules"]
        return rules

    def _gurum(self, *words: str) -> None:
        """Type `gurum adopt`, as somebody who is bound to `gurum-commands`."""
        environ = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
        done = subprocess.run(
            [BIN / "gurum", "adopt", "--state", str(self._site.places.state), *self._words, *words],
            capture_output=True, text=True, timeout=180, env=environ,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"gurum adopt: {done.stderr[-1000:]}")

    @staticmethod
    def _until(wanted: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        why = "it did not come"
        while time.monotonic() < deadline:
            try:
                if wanted():
                    return
            except (RefusedError, ValueError) as error:  # a group that is not there yet
                why = str(error)
            time.sleep(0.5)
        raise TimeoutError(why)
