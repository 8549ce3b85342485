"""Why a test does not pass: rows that must all be true, so that the file stays as honest as it was when written."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("reasons.yaml")


class ReasonError(ValueError):
    """The file says something that cannot be meant."""


class Class(StrEnum):
    """The classes of reasons."""

    AWS_RULE = "aws-rule"
    NOT_YET_BUILT = "not-yet-built"
    EMULATOR = "emulator"
    TEMPEST_BUG = "tempest-bug"


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"reason": "class"}):
    """One reason and the tests that it keeps from passing; `regions` empty: in every region."""

    reason: Class
    why: str
    tests: tuple[str, ...]
    regions: tuple[str, ...] = ()


class Reason(msgspec.Struct, frozen=True):
    """What is said of one test."""

    reason: Class
    why: str


def load(region: str, path: Path = FILE) -> dict[str, Reason]:
    """Read what is said of a region's tests, by their short names. Raises ReasonError."""
    try:
        rows = msgspec.yaml.decode(path.read_bytes(), type=list[Row])
    except msgspec.ValidationError as error:
        raise ReasonError(f"{path.name}: {error}") from error
    found: dict[str, Reason] = {}
    for row in rows:
        if not row.why.endswith("."):
            raise ReasonError(f"{path.name}: {row.why!r} is not a sentence")
        if row.regions and region not in row.regions:
            continue
        for test in row.tests:
            if test in found:
                raise ReasonError(f"{path.name}: {test} has two rows")
            found[test] = Reason(row.reason, row.why)
    return found
