"""Microversions: reading the two headers, and the words for what is wrong with them.

Every odd case is a recording of a real Nova: another service's name or none means the default, the new header wins
over the old one, a malformed version is 400 without version headers, an unsupported one 406 with them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

_VERSION = re.compile(r"([1-9]\d*)\.([1-9]\d*|0)\Z", re.ASCII)
_LONGEST = 20  # no service has counted further; int() of a header full of digits would be work for nothing


class MalformedVersionError(Exception):
    """Not a version at all. str() of it is what came."""


class UnsupportedVersionError(Exception):
    """A version, but none of ours. str() of it is what came."""


class Microversions(msgspec.Struct, frozen=True, kw_only=True):
    """A service's range within one major version; `legacy` is the older header's name, lower case."""

    service: str
    major: int
    lowest: int
    highest: int
    legacy: str = ""

    def asked(self, headers: Mapping[str, str]) -> str:
        """Return the version the headers ask for, as it came; empty when they ask for none of this service."""
        found = ""
        for part in headers.get("openstack-api-version", "").split(","):
            name, _, version = part.strip().partition(" ")
            if name.lower() == self.service and version.strip():
                found = version.strip()
        return found or headers.get(self.legacy, "").strip()

    def negotiate(self, headers: Mapping[str, str]) -> int:
        """Return the minor version to answer in. Raises MalformedVersionError, UnsupportedVersionError."""
        asked = self.asked(headers)
        if not asked:
            return self.lowest
        if asked == "latest":
            return self.highest
        match = _VERSION.match(asked)
        if not match:
            raise MalformedVersionError(asked)
        if len(asked) > _LONGEST:
            raise UnsupportedVersionError(asked)
        major, minor = int(match[1]), int(match[2])
        if major != self.major or not self.lowest <= minor <= self.highest:
            raise UnsupportedVersionError(asked)
        return minor
