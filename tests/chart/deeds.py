"""What users and operators do, ordinary and unlucky: one of everything that can be made."""

from __future__ import annotations

import time
import uuid
from typing import Any

from tests.chart.cloud import Cloud, RefusedError

Document = dict[str, Any]
USER_DATA = "IyEvYmluL3NoCg=="


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
        if self.admin.server(ids["server"])["OS-EXT-SRV-ATTR:user_data"] != USER_DATA:
            raise AssertionError("an administrator is not shown the user data")
        self._addresses(outside)
        for _ in range(2):
            self._act("server", "os-getConsoleOutput", {})

    def change(self) -> None:
        """Change everything that was made and can be changed."""
        m, ids = self.member, self.ids
        self._operator_changes()
        m.compute("PUT", f"/servers/{ids['server']}", {"server": {"name": "deed-changed"}})
        for name in ("network", "subnet", "security_group", "router", "port", "floating"):
            noun = {"floating": "floatingip"}.get(name, name)
            said = {noun: {"description": f"changed {time.monotonic()}"}}
            m.network("PUT", f"/{noun.replace('_', '-')}s/{ids[name]}", said)
        self._act("server", "os-getConsoleOutput", {})

    def ask_nobody(self) -> None:
        """Ask for what an engine does, while there is none: it finds it when it starts."""
        m, ids = self.member, self.ids
        self._act("other", "os-stop", None)
        m.drop(lambda: m.compute("DELETE", f"/os-server-groups/{ids['servergroup']}"))

    def answered(self) -> None:
        """Return when that is done."""
        self.member.until(self.ids["other"], "SHUTOFF")

    def end(self) -> None:
        """Remove everything, what holds others first; return when all of it is gone."""
        m, ids = self.member, self.ids
        self._server_ends("other")  # with its port goes what the second address led to, and only the engine sees that
        for name in ("floating", "second"):
            m.remove(m.network, f"/floatingips/{ids[name]}")
        self._server_ends("server")
        m.remove(m.network, f"/ports/{ids['port']}")
        inside = {"subnet_id": ids["subnet"]}
        m.drop(lambda: m.network("PUT", f"/routers/{ids['router']}/remove_router_interface", inside))
        m.remove(m.network, f"/routers/{ids['router']}")
        m.remove(m.network, f"/security-group-rules/{ids['rule']}")
        m.remove(m.network, f"/security-groups/{ids['security_group']}")
        m.remove(m.network, f"/networks/{ids['network']}")
        m.remove(m.compute, f"/os-server-groups/{ids['servergroup']}")
        self.admin.remove(self.admin.network, f"/networks/{ids['elsewhere']}")
        m.remove(m.compute, "/os-keypairs/deed")
        self.admin.remove(self.admin.compute, f"/flavors/{ids['flavor']}")

    def _operator_makes(self) -> None:
        flavor = {"name": "deed", "vcpus": 2, "ram": 2048, "disk": 20, "id": "deed"}
        self.ids["flavor"] = self.admin.compute("POST", "/flavors", {"flavor": flavor})["flavor"]["id"]
        # The first thing of a project that has nothing yet.
        self.ids["elsewhere"] = self.admin.make("networks", name="deed", project_id=uuid.uuid4().hex)["id"]
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
        implied = m.network("GET", f"/ports?device_id={ids['other']}")["ports"][0]["id"]
        m.network("PUT", f"/floatingips/{ids['second']}", {"floatingip": {"port_id": implied}})

    def _server(self, name: str, **network: str) -> str:
        m = self.member
        image = next(one for one in m.images() if one["name"] == "debian-12")["id"]
        flavors = m.compute("GET", "/flavors/detail")["flavors"]
        flavor = next(one for one in flavors if one["name"] == "m1.tiny")["id"]
        wanted = {
            "name": name, "imageRef": image, "flavorRef": flavor, "networks": [network], "key_name": "deed",
            "user_data": USER_DATA,
        }  # fmt: skip
        if "uuid" in network:
            wanted["security_groups"] = [{"name": self.ids["security_group"]}]
        return str(m.compute("POST", "/servers", {"server": wanted})["server"]["id"])

    def _server_ends(self, which: str) -> None:
        m, uid = self.member, self.ids[which]
        m.drop(lambda: m.compute("DELETE", f"/servers/{uid}"))
        m.until_gone(lambda: m.server(uid))

    def _act(self, which: str, verb: str, body: Document | None) -> None:
        self.member.compute("POST", f"/servers/{self.ids[which]}/action", {verb: body})

    def _refused(self, ask: Any, status: int) -> None:
        self.member.expected = status
        try:
            ask()
        except RefusedError as refusal:
            if refusal.status == status:
                return
            raise
        finally:
            self.member.expected = 0
        raise AssertionError(f"it was not refused with {status}")
