"""Keystone: whether it answers, knows our user, and names our regions where they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gurum.cli.doctor.findings import Finding, missing, well
from gurum.identity.catalogue import region_endpoints
from gurum.identity.session import IdentityUnavailable, KeystoneSession, PasswordAuth, ServiceLoginRefused
from gurum.ops.config import Config
from gurum.supervisor.people import base_url

AREA = "identity"


async def look(config: Config) -> list[Finding]:
    """Return what is found of it."""
    identity = config.identity
    async with KeystoneSession(PasswordAuth.of(identity), timeout_seconds=identity.timeout) as keystone:
        try:
            await keystone.log_in()
            answer = await keystone.request("GET", "/auth/catalog")
            catalogue = answer.json().get("catalog", []) if answer.status == 200 else []
        except ServiceLoginRefused as error:
            remedy = "gurum region register makes the user; its password is in identity.service_password_file"
            return [missing(AREA, "user", str(error), remedy)]
        except IdentityUnavailable as error:
            return [missing(AREA, "Keystone", str(error), "identity.url: is it up, and reached from here?")]
    told = f"{identity.service_user} signs in at {identity.url}"
    return [well(AREA, "Keystone", told), *_regions(config, catalogue)]


def _regions(config: Config, catalogue: Iterable[dict[str, Any]]) -> Iterable[Finding]:
    there = {
        (endpoint["region_id"], service["type"]): endpoint["url"].rstrip("/")
        for service in catalogue
        for endpoint in service["endpoints"]
        if endpoint["interface"] == "public"
    }
    scheme = "https" if config.pia.tls.cert_file else "http"
    for region in config.regions:
        wanted = {one.service: one.url for one in region_endpoints(region.name, base_url(region, scheme))}
        wrong = [f"{kind} is at {there.get((region.name, kind), 'no place')}, not {url}" for kind, url in wanted.items()
                 if not _same(there.get((region.name, kind), ""), url)]  # fmt: skip
        if wrong:
            yield missing(AREA, region.name, "; ".join(wrong), f"gurum region register --region {region.name}")
        else:
            yield well(AREA, region.name, f"{', '.join(sorted(wanted))} below {base_url(region, scheme)}")


def _same(there: str, wanted: str) -> bool:
    """Whether two URLs are one; a catalogue may have the project's id in it."""
    return there.rstrip("/") == wanted.split("%(")[0].split("$(")[0].rstrip("/")
