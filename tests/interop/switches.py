"""The switches of Tempest's configuration, and the proof of each: a switch that hides what exists fails the run.

A conformance suite is made green most easily by telling it what not to test. So every option that is off is a row of
`switches.yaml` with what the region must lack for it, and the running region is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from tests.interop.rest import Http
from tests.interop.site import ADMIN, Site

from gurum.cli.reading import opened
from gurum.model.region import Region

FILE = Path(__file__).with_name("switches.yaml")
LACKING = ("absent", "unbound")


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row; `regions` empty: every region."""

    option: str
    value: bool | str
    why: str
    absent: dict[str, str]
    regions: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """Tempest's section."""
        return self.option.partition(".")[0]

    @property
    def name(self) -> str:
        """Tempest's name in the section."""
        return self.option.partition(".")[2]


class Advertised(msgspec.Struct, frozen=True, kw_only=True):
    """What a region says it has. `lacking`: capabilities that it publishes as not there."""

    services: frozenset[str]
    lacking: frozenset[str]
    simulated: bool


# What a row may name -> whether the region has it after all.
PROOFS: Mapping[str, Callable[[Advertised, str], bool]] = {
    "service": lambda there, types: bool(there.services & set(types.split(","))),
    "capability": lambda there, name: name not in there.lacking,
    "guests": lambda there, _: not there.simulated,
}


def load(region: str, path: Path = FILE) -> list[Switch]:
    """Read the rows of a region. Raises msgspec.ValidationError, ValueError for a row that proves nothing."""
    rows = msgspec.yaml.decode(path.read_bytes(), type=list[Switch])
    for row in rows:
        if not row.absent or not set(row.absent) <= set(PROOFS) or not row.why:
            raise ValueError(f"{row.option}: a switch says why, and what must be absent for it ({', '.join(PROOFS)})")
    return [row for row in rows if not row.regions or region in row.regions]


def hiding(switches: Sequence[Switch], there: Advertised) -> list[str]:
    """Return a sentence for each switch that hides what the region has."""
    return [
        f"{switch.option} = {str(switch.value).lower()} hides what the region has ({kind}: {name})"
        for switch in switches
        for kind, name in switch.absent.items()
        if PROOFS[kind](there, name)
    ]


async def advertised(site: Site) -> Advertised:
    """Ask the running region: its catalogue, and the capabilities that it has published."""
    token = site.stack.token(ADMIN)
    catalogue = Http(site.identity, token).json("GET", "/auth/catalog")["catalog"]
    region = await _region(site)
    return Advertised(
        services=frozenset(row["type"] for row in catalogue if _here(row, site.region)),
        lacking=frozenset(name for name, row in region.status.capabilities.items() if row.level in LACKING),
        simulated=bool(site.stack.config.region(site.region).simulated),
    )


def _here(row: Mapping[str, Any], region: str) -> bool:
    return any(endpoint["region"] == region for endpoint in row["endpoints"])


async def _region(site: Site) -> Region:
    async with opened(site.stack.config) as (store, _):
        return await store.get_by_key(Region, site.region)
