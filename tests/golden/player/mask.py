"""Replaces what belongs to one run (ids, times, addresses, service roots) by tokens that two runs share.

Without it no two answers are equal; with too much of it, wrong ones are. So ids become *numbered* tokens: the
comparer then asks that the same id comes back in the same places. What a scenario wrote itself stays as it is.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from functools import partial

from tests.golden.player import patterns
from tests.golden.player.model import Json, Recording

MIN_LITERAL = 8
"""Saved values shorter than this are not looked for: they would be found in everything."""


class Masker:
    """Masks the answers of one recording; tokens are consistent over all of it.

    `text` is the scenario's own text: what stands in it is literal, except values that the player was given.
    """

    def __init__(self, recording: Recording, text: str) -> None:
        self._text = text
        written = patterns.SETUP_POOL.sub("", text)
        self._addresses = set(patterns.WRITTEN_IP.findall(written)) | set(patterns.WRITTEN_IPV6.findall(written))
        self._names = _names(recording, text)
        self._endpoints = recording.endpoints
        self._known: dict[str, tuple[re.Pattern[str], dict[str, str]]] = {}
        self._count: Counter[str] = Counter()
        self._tokens: dict[tuple[str, str], str] = {}

    def text(self, value: str, key: str, service: str, numbered: bool = True) -> str:
        """`value` masked as it stands under `key` in an answer of `service`."""
        pattern, names = self._known_to(service)
        value = pattern.sub(lambda m: names[m[0]], value)
        value = _sets_sorted(value)
        return patterns.SHAPE.sub(lambda m: self._token(m, key, numbered), value)

    def json(self, value: Json, key: str, service: str, *, ordered: bool, numbered: bool = True) -> Json:
        """A whole document masked: keys sorted, sets sorted by what they look like without numbers."""
        if isinstance(value, str):
            return self.text(value, key, service, numbered)
        if isinstance(value, dict):
            return {
                self.text(k, "", service, numbered): self.json(value[k], k, service, ordered=ordered, numbered=numbered)
                for k in sorted(value)
            }
        if isinstance(value, list):
            if not ordered and is_set(value, key):
                value = sorted(
                    value,
                    key=lambda item: json.dumps(
                        self.json(item, key, service, ordered=ordered, numbered=False),
                        sort_keys=True,
                    ),
                )
            return [self.json(item, key, service, ordered=ordered, numbered=numbered) for item in value]
        return value

    def _known_to(self, service: str) -> tuple[re.Pattern[str], dict[str, str]]:
        """What is replaced before any shape: service roots (the service's own first), then named values."""
        if service not in self._known:
            names: dict[str, str] = {}
            for name in sorted(self._endpoints, key=lambda s: s != service):
                names.setdefault(self._endpoints[name], f"<{name}>")
            names.update(self._names)
            # The longest first, so that a root with a path is not cut by one without.
            longest = sorted(names, key=len, reverse=True)
            # Whole words: an address that was given out is no part of a longer one that was written down.
            whole = f"(?<![0-9A-Za-z])(?:{'|'.join(map(re.escape, longest))})(?![0-9A-Za-z])"
            pattern = re.compile(whole if longest else r"(?!)")
            self._known[service] = (pattern, names)
        return self._known[service]

    def _token(self, match: re.Match[str], key: str, numbered: bool) -> str:
        shape, found = str(match.lastgroup), match[0]
        if shape == "time":
            return found if found in self._text else time_token(found)
        if shape in patterns.UNNUMBERED:
            return f"<{shape}>"
        if self._literal(shape, found, key):
            return found
        if not numbered:
            return f"<{shape}>"
        token = self._tokens.get((shape, found))
        if token is None:
            self._count[shape] += 1
            token = self._tokens[shape, found] = f"<{shape}:{self._count[shape]}>"
        return token

    def _literal(self, shape: str, found: str, key: str) -> bool:
        if shape in patterns.ADDRESSES:
            return (
                found in self._addresses
                or key in patterns.LITERAL_ADDRESS_KEYS
                or found in patterns.LITERAL_ADDRESSES
                or (shape == "ipv6" and not _is_ipv6(found))
            )
        if shape in patterns.CHECKSUMS and key in patterns.LITERAL_CHECKSUM_KEYS:
            return True
        return found in self._text


def is_set(value: list[Json], key: str) -> bool:
    """Whether the order of this list says nothing: objects, ids, or words under a key known for it."""
    return bool(value) and (
        isinstance(value[0], dict)
        or key in patterns.UNORDERED_KEYS
        or all(isinstance(x, str) and patterns.LISTED_ID.fullmatch(x) for x in value)
    )


def time_token(found: str) -> str:
    """A time by its form alone: separator, digits of the fraction, zone. `<time T.6>`, `<time TZ>`."""
    fraction = re.search(r"\.(\d+)", found)
    digits = f".{len(fraction[1])}" if fraction else ""
    zone = "Z" if found.endswith("Z") else "+00" if re.search(r"[+-]\d\d:?\d\d$", found) else ""
    return f"<time {found[10]}{digits}{zone}>"


def _sets_sorted(text: str) -> str:
    """The text with the sets it repeats in sorted order."""
    for members, comma in patterns.SETS_IN_TEXT:
        text = members.sub(partial(_set_sorted, comma), text)
    return text


def _set_sorted(comma: str, match: re.Match[str]) -> str:
    return match[1] + comma.join(sorted(match[2].split(comma)))


def _names(recording: Recording, text: str) -> dict[str, str]:
    """Value -> token for what the player knows by name. The first name of a value wins, saved ones first.

    A value that a step saved but the scenario itself wrote is no secret of this run and stays literal; what the
    player was given (image, project) differs from cloud to cloud even if the text happens to hold it.
    """
    names: dict[str, str] = {}
    for given, values in ((False, recording.saved), (True, recording.vars)):
        for name, value in sorted(values.items()):
            if (
                isinstance(value, str)
                and len(value) >= MIN_LITERAL
                and (given or name in recording.vars or not written(value, text))
            ):
                names.setdefault(value, f"<{name}>")
    return names


def written(value: str, text: str) -> bool:
    """Whether a scenario's text holds a value; of an address, not merely the beginning of a longer one."""
    if re.fullmatch(r"[0-9.]+", value):
        return re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.])", text) is not None
    return value in text


def by_chance(recording: Recording, text: str) -> list[str]:
    """Return addresses that the cloud chose and that the scenario happens to write: nobody can tell the two apart."""
    chosen = (value for name, value in recording.saved.items() if name not in recording.vars)
    return [value for value in chosen if re.fullmatch(r"[0-9.]+", str(value)) and written(str(value), text)]


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
