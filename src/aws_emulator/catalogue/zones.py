"""Regions and their zones.

A zone's name (us-east-1a) means another building in every account, its id (use1-az1) the same
one everywhere. An emulator that maps a to az1 for all accounts hides the mistake of comparing
names across accounts, so the mapping is shuffled per account, always the same for one account.
"""

import hashlib
import random
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

# Region -> (prefix of zone ids, number of zones). Source: AWS Global Infrastructure pages.
REGIONS: Mapping[str, tuple[str, int]] = {
    "us-east-1": ("use1", 6),
    "us-east-2": ("use2", 3),
    "us-west-2": ("usw2", 4),
    "eu-west-1": ("euw1", 3),
    "ap-northeast-1": ("apne1", 3),
    "ap-northeast-2": ("apne2", 4),
}


class Zone(NamedTuple):
    """A zone as one account sees it."""

    name: str
    id: str


@cache
def zones_of(account: str, region: str) -> tuple[Zone, ...]:
    """Return the zones of a region by name, with the ids that this account's names stand for."""
    prefix, count = REGIONS[region]
    ids = [f"{prefix}-az{number}" for number in range(1, count + 1)]
    seed = hashlib.sha256(f"{account}/{region}".encode()).digest()
    random.Random(seed).shuffle(ids)  # noqa: S311  # a mapping, not a secret
    return tuple(Zone(f"{region}{'abcdef'[n]}", zone) for n, zone in enumerate(ids))
