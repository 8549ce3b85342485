"""The guide's list of files against the code: which files know of server groups."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/adding-a-resource.md").read_text()
KNOWS = re.compile(r"\bServerGroup\b|\bserver_groups?\b|\bplacement\(|\bgroup: str = \"\"")
# What is Nova's own list of names, complete before there were any server groups.
NAMES = {"src/gurum/ops/config.py", "src/gurum/pia/compute/quotas/routes.py"}
# What is generated of the table of actions, which is among the five.
GENERATED = {"policy/gurum/prepared/data.json"}


def listed(marker: str) -> list[str]:
    """Return the files of a table of the page."""
    table = PAGE.split(f"<!-- begin: {marker} -->")[1].split(f"<!-- end: {marker} -->")[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)


def test_five_files_and_no_more() -> None:
    own, uses = listed("files"), [*listed("uses"), *listed("kubernetes")]
    assert len(own) == 5
    code = [*(ROOT / "src/gurum").rglob("*.py"), *(ROOT / "policy/gurum").rglob("*.json")]
    knowing = {str(path.relative_to(ROOT)) for path in code if KNOWS.search(path.read_text())}
    assert knowing - NAMES - GENERATED == {*own, *uses}


def test_the_files_it_names_are_there() -> None:
    for name in re.findall(r"`((?:src|tests|policy)/[^`*]+)`", PAGE):
        assert (ROOT / name).exists(), name
