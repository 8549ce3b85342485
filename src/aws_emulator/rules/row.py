"""The shape of a rule and of the exception that it becomes."""

from collections.abc import Mapping
from typing import NamedTuple

# Sources, by how sure they are.
ERRORS = "EC2 API Reference, Error codes"
REFERENCE = "EC2 API Reference, the action's page"
VPC_GUIDE = "VPC User Guide"
EC2_GUIDE = "EC2 User Guide"
EBS_GUIDE = "EBS User Guide"
DEVGUIDE = "EC2 Developer Guide"
PRACTICE = "seen in public reports; to be checked on a real account"
OURS = "the emulator's own"


class Rule(NamedTuple):
    """When `actions` meet the precondition `when`, AWS answers `code` with HTTP `status`."""

    name: str
    actions: str
    when: str
    code: str
    status: int
    text: str
    source: str


class Refusal(Exception):  # noqa: N818  # AWS's own word would be an error; it is an answer here
    """An error answer: its rule and its filled-in text."""

    def __init__(self, rule: Rule, message: str) -> None:
        super().__init__(f"{rule.code}: {message}")
        self.rule = rule
        self.code = rule.code
        self.status = rule.status
        self.message = message


Row = tuple[str, str, str, str, int, str, str]


def table(*parts: tuple[Row, ...]) -> Mapping[str, Rule]:
    """Return all rows by name; two rows of one name are a ValueError."""
    rules: dict[str, Rule] = {}
    for row in (row for part in parts for row in part):
        if row[0] in rules:
            raise ValueError(f"two rules are named {row[0]}")
        rules[row[0]] = Rule(*row)
    return rules
