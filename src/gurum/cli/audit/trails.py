"""CloudTrail's own records, to be put beside ours: from files as AWS delivers them, or from the emulator."""

from __future__ import annotations

import gzip
import re
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from gurum.audit.words import MARK
from gurum.ops.config import Config
from gurum.supervisor.prepare import LOOPBACK
from gurum.supervisor.rows import Refusal

_CALL = re.compile(re.escape(MARK) + r"[0-9a-f]{32}\b")
Records = Mapping[str, Mapping[str, Any]]


def records(config: Config, given: Iterable[Path]) -> Records:
    """Return the records by the id that AWS gave the request, and by the call's that our user agent told AWS.

    given: files, or directories of them. Raises Refusal.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for path in given:
        for file in sorted(path.rglob("*.json*")) if path.is_dir() else [path]:
            found |= _by_id(_read(file), str(file))
    for endpoint in dict.fromkeys(region.aws.endpoint_url for region in config.regions if region.aws is not None):
        if not given and config.embedded.aws_emulator and urlsplit(endpoint).hostname in LOOPBACK:
            found |= _by_id(_asked(endpoint), endpoint)
    return found


def _read(path: Path) -> bytes:
    whole = path.read_bytes()
    return gzip.decompress(whole) if whole.startswith(b"\x1f\x8b") else whole


def _asked(endpoint: str) -> bytes:
    """Return what the emulator tells; nothing where it does not run or tells no trail: then ours stand alone."""
    try:
        with urllib.request.urlopen(f"{endpoint}/_emulator/trail", timeout=10) as answer:  # noqa: S310 - configured
            return bytes(answer.read())
    except OSError:
        return b"[]"


def _by_id(whole: bytes, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        document = msgspec.json.decode(whole)
    except msgspec.DecodeError as error:
        raise Refusal(f"{where} holds no CloudTrail records: {error}") from error
    listed = document.get("Records", []) if isinstance(document, dict) else document
    for record in listed:
        if isinstance(record, dict) and record.get("requestID"):
            yield str(record["requestID"]), record
            if call := call_of(record):
                yield MARK + call, record


def call_of(record: Mapping[str, Any]) -> str:
    """Return the id of our call that one of CloudTrail's records tells; empty: it is none of ours, or only looked."""
    found = _CALL.search(str(record.get("userAgent", "")))
    return found[0].removeprefix(MARK) if found is not None else ""


def led(trail: Records, word: str) -> list[str]:
    """Return the calls whose records have this id: AWS's of the request, or of the key it was signed with."""
    found = [trail[word]] if word in trail else []
    found += [one for one in trail.values() if _key(one) == word]
    return list(dict.fromkeys(call for one in found if (call := call_of(one))))


def _key(record: Mapping[str, Any]) -> str:
    who = record.get("userIdentity")
    return str(who.get("accessKeyId", "")) if isinstance(who, dict) else ""
