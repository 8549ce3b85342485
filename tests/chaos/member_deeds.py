"""What a tenant asks for of a server's further interfaces and of server groups, one request each."""

from __future__ import annotations

from typing import Any

from tests.chaos import deeds
from tests.chaos.client import LostAnswerError, RefusedError
from tests.chaos.site import ZONE
from tests.chaos.tenant import COMPUTE, NETWORK, Tenant

GROUPS = f"{COMPUTE}/os-server-groups"


def server(t: Tenant, stem: str, **more: Any) -> str:
    """Create a server in the `lan`. All are in one zone: no server needs an AWS subnet that another has not had."""
    return deeds.make_server(t, [{"uuid": t.lan}], stem=stem, zone=ZONE, **more)


def added(t: Tenant) -> str:
    """Return a port that was added to the server `inside` after its creation, empty when there is none."""
    ports = t.run.ask("GET", f"{NETWORK}/ports?device_id={t.inside}")["ports"]
    first = [port["id"] for port in sorted(ports, key=lambda port: str(port["created_at"]))][:1]
    return next((str(port["id"]) for port in ports if port["id"] not in first), "")


def attach(t: Tenant) -> None:
    body = {"interfaceAttachment": {"net_id": t.lan}}
    for _ in range(2):
        try:
            made = t.run.ask("POST", f"{COMPUTE}/servers/{t.inside}/os-interface", body)
        except (LostAnswerError, RefusedError) as error:
            if isinstance(error, RefusedError) and error.status not in (400, 404, 409):
                raise
            t.extra = added(t)  # perhaps an earlier try has made it
            if t.extra or isinstance(error, RefusedError):
                return
        else:
            t.extra = made["interfaceAttachment"]["port_id"]
            return


def detach(t: Tenant) -> None:
    t.extra = t.extra or added(t)
    t.run.quietly("DELETE", f"{COMPUTE}/servers/{t.inside}/os-interface/{t.extra}")
    t.extra = ""


def band_create(t: Tenant) -> None:
    body = {"name": t.name("band"), "policies": ["anti-affinity"]}
    t.band = t.create(GROUPS, "server_group", body)


def member_create(t: Tenant) -> None:
    t.member = server(t, "member", hints={"group": t.band})
    t.used.add(t.band)


def member_delete(t: Tenant) -> None:
    t.delete(f"{COMPUTE}/servers", t.member)
    t.member = ""


def band_delete(t: Tenant) -> None:
    t.delete(GROUPS, t.band)
    t.band = ""
