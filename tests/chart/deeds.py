"""What users and operators do, ordinary and unlucky: enough that every right of the processes is needed for something.

In three acts, with new processes between them, because a process that has just written an object need not ask for it,
and one that has just started must: an upgrade is when a role turns out to be too small.
"""

from __future__ import annotations

import contextlib
from typing import Any

from tests.chart.cloud import Cloud, RefusedError

Document = dict[str, Any]


class Deeds:
    """One project's in one region. `member` is a developer, `admin` the operator."""

    def __init__(self, member: Cloud, admin: Cloud, project: str, key: str) -> None:
        self.member, self.admin, self._project, self._key = member, admin, project, key
        self.ids: dict[str, str] = {}

    def make(self) -> None:
        """Make one of everything that can be made, and what meets something that is there."""
        m, ids = self.member, self.ids
        self._operator_makes()
        m.compute("POST", "/os-keypairs", {"keypair": {"name": "deed", "public_key": self._key}})
        group = m.compute("POST", "/os-server-groups", {"server_group": {"name": "deed", "policy": "anti-affinity"}})
        ids["servergroup"] = group["server_group"]["id"]
        outside = m.network("GET", "/networks?router:external=True")["networks"][0]["id"]
        ids["network"] = m.make("networks", name="deed")["id"]
        ids["subnet"] = m.make("subnets", network_id=ids["network"], cidr="10.40.0.0/20", ip_version=4)["id"]
        ids["security_group"] = m.make("security-groups", name="deed")["id"]
        self._rules()
        ids["router"] = m.make("routers", name="deed", external_gateway_info={"network_id": outside})["id"]
        m.network("PUT", f"/routers/{ids['router']}/add_router_interface", {"subnet_id": ids["subnet"]})
        port = m.make("ports", network_id=ids["network"], name="deed", security_groups=[ids["security_group"]])
        ids["port"] = port["id"]
        address = port["fixed_ips"][0]
        self._refused(lambda: m.make("ports", network_id=ids["network"], fixed_ips=[address]), 409)
        ids["server"] = self._server("deed-1", port=ids["port"])
        ids["other"] = self._server("deed-2", uuid=ids["network"])
        for name in ("server", "other"):
            m.until(ids[name], "ACTIVE")
        self._addresses(outside)
        for _ in range(2):
            self._act("server", "os-getConsoleOutput", {})

    def change(self) -> None:
        """Change everything that can be changed, by processes that did not make it."""
        m, ids = self.member, self.ids
        m.compute("PUT", f"/servers/{ids['server']}", {"server": {"name": "changed"}})
        for noun, name in (
            ("networks", "network"),
            ("subnets", "subnet"),
            ("ports", "port"),
            ("security-groups", "security_group"),
            ("routers", "router"),
        ):
            m.network("PUT", f"/{noun}/{ids[name]}", {name: {"name": "changed"}})
        m.network("PUT", f"/floatingips/{ids['floating']}", {"floatingip": {"description": "changed"}})
        self._operator_changes()
        self._act("server", "os-getConsoleOutput", {})
        self._act("server", "os-stop", None)
        m.until(ids["server"], "SHUTOFF")
        self._act("server", "os-start", None)
        m.until(ids["server"], "ACTIVE")
        attached = m.compute(
            "POST", f"/servers/{ids['other']}/os-interface", {"interfaceAttachment": {"net_id": ids["network"]}}
        )
        self.ids["attached"] = attached["interfaceAttachment"]["port_id"]

    def remove(self) -> None:
        """Remove all of it, by processes that neither made nor changed it."""
        m, ids = self.member, self.ids
        m.network("PUT", f"/floatingips/{ids['floating']}", {"floatingip": {"port_id": None}})
        for name in ("floating", "second"):
            m.network("DELETE", f"/floatingips/{ids[name]}")
        with contextlib.suppress(RefusedError):  # a cloud that is slow to attach it has it still on the way
            m.compute("DELETE", f"/servers/{ids['other']}/os-interface/{ids['attached']}")
        for name in ("server", "other"):
            m.compute("DELETE", f"/servers/{ids[name]}")
        for name in ("server", "other"):
            m.until_gone(lambda name=name: m.server(ids[name]))  # type: ignore[misc] # mypy and defaults
        m.network("PUT", f"/routers/{ids['router']}/remove_router_interface", {"subnet_id": ids["subnet"]})
        m.network("DELETE", f"/routers/{ids['router']}")
        m.network("DELETE", f"/ports/{ids['port']}")
        m.network("DELETE", f"/security-group-rules/{ids['rule']}")
        m.network("DELETE", f"/security-groups/{ids['security_group']}")
        m.network("DELETE", f"/networks/{ids['network']}")
        m.until_gone(lambda: m.network("GET", f"/networks/{ids['network']}"))
        m.compute("DELETE", "/os-keypairs/deed")
        m.compute("DELETE", f"/os-server-groups/{ids['servergroup']}")
        default = m.network("GET", f"/security-groups?name=default&project_id={self._project}")["security_groups"][0]
        self.admin.network("DELETE", f"/security-groups/{default['id']}")
        self.admin.compute("DELETE", f"/flavors/{ids['flavor']}")

    def once(self, patience: float) -> None:
        """Make a server, have it run, and remove it; what the rest needs is there. Raises when that does not come."""
        uid = self._server("once", uuid=self.ids["network"])
        self.ids["once"] = uid
        self.member.until(uid, "ACTIVE", patience)
        self.member.compute("DELETE", f"/servers/{uid}")
        self.member.until_gone(lambda: self.member.server(uid), patience)

    def _operator_makes(self) -> None:
        flavor = {"name": "deed", "vcpus": 2, "ram": 2048, "disk": 20, "id": "deed"}
        self.ids["flavor"] = self.admin.compute("POST", "/flavors", {"flavor": flavor})["flavor"]["id"]
        self._operator_changes()

    def _operator_changes(self) -> None:
        number = len(self.ids)
        where = f"/flavors/{self.ids['flavor']}"
        self.admin.compute("POST", f"{where}/os-extra_specs", {"extra_specs": {"deed": str(number)}})
        self.admin.compute("PUT", f"/os-quota-sets/{self._project}", {"quota_set": {"instances": 50 + number}})
        self.admin.network("PUT", f"/quotas/{self._project}", {"quota": {"network": 50 + number}})

    def _rules(self) -> None:
        wanted = {
            "security_group_id": self.ids["security_group"], "direction": "ingress", "protocol": "tcp",
            "port_range_min": 80, "port_range_max": 80,
        }  # fmt: skip
        self.ids["rule"] = self.member.make("security-group-rules", **wanted)["id"]
        self._refused(lambda: self.member.make("security-group-rules", **wanted), 409)

    def _addresses(self, outside: str) -> None:
        """Get two addresses, and have the second refused where the first leads."""
        m, ids = self.member, self.ids
        for name in ("floating", "second"):
            ids[name] = m.make("floatingips", floating_network_id=outside)["id"]
        m.network("PUT", f"/floatingips/{ids['floating']}", {"floatingip": {"port_id": ids["port"]}})
        self._refused(
            lambda: m.network("PUT", f"/floatingips/{ids['second']}", {"floatingip": {"port_id": ids["port"]}}), 409
        )

    def _server(self, name: str, **network: str) -> str:
        m = self.member
        image = next(one for one in m.images() if one["name"] == "debian-12")["id"]
        flavors = m.compute("GET", "/flavors/detail")["flavors"]
        flavor = next(one for one in flavors if one["name"] == "m1.tiny")["id"]
        wanted = {
            "name": name, "imageRef": image, "flavorRef": flavor, "networks": [network], "key_name": "deed",
        }  # fmt: skip
        if "uuid" in network:
            wanted["security_groups"] = [{"name": "deed"}]
        return str(m.compute("POST", "/servers", {"server": wanted})["server"]["id"])

    def _act(self, which: str, verb: str, body: Document | None) -> None:
        self.member.compute("POST", f"/servers/{self.ids[which]}/action", {verb: body})

    @staticmethod
    def _refused(ask: Any, status: int) -> None:
        try:
            ask()
        except RefusedError as refusal:
            if refusal.status == status:
                return
            raise
        raise AssertionError(f"it was not refused with {status}")
