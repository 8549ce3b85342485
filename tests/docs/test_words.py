"""The project's files speak of the project alone: no path of one machine, no address of a package index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, pages

# Put together, so that this file does not hold what it looks for.
_SLASH = "/"
ANYWHERE = (
    re.compile(rf"{_SLASH}work{_SLASH}|{_SLASH}root{_SLASH}"),
    re.compile(
        r"(?:test\.)?pypi" + r"\.org|files\.python" + r"hosted|registry\.npm" + r"js|--(?:extra-)?index" + r"-url"
    ),
    re.compile("DESIGN" + r"\.md"),
)
# In pages, but for names in code such as `session_token`.
IN_PAGES = (
    re.compile(r"\bsessions?\b", re.IGNORECASE),  # first: see AWS_SESSIONS
    re.compile(r"\bissues? (?:#|no\. |number )?\d", re.IGNORECASE),
    re.compile(r"\b(?:LLM|AI|assistant|chatbot)\b"),
    re.compile(r"\bTODO\b|\bFIXME\b|\bXXX\b"),
)
# Pages in which that word is AWS's: what STS gives for a token.
AWS_SESSIONS = frozenset(
    {
        "changelog.d/+audit-calls.feature.md",
        "changelog.d/+aws-sessions.feature.md",
        "changelog.d/+offboarding.feature.md",
        "docs/architecture.md",
        "docs/dependencies.md",
        "docs/explanation/audit.md",
        "docs/how-to/an-account-is-lost.md",
        "docs/how-to/audit.md",
        "docs/how-to/aws-without-keys.md",
        "docs/how-to/install-on-kubernetes.md",
        "docs/how-to/off-boarding.md",
        "docs/how-to/use-aws.md",
        "docs/limits.md",
        "docs/reference/chart-values.md",
        "docs/reference/configuration.md",
        "docs/reference/proofs.md",
        "docs/threat-model.md",
    }
)
PLACES = ("changelog.d", "config", "deploy", "docs", "policy", "requirements", "scripts", "src", "tests")
TEXTS = frozenset({".py", ".md", ".yaml", ".yml", ".toml", ".rego", ".json", ".sql", ".in", ".txt", ""})


def files() -> Iterator[Path]:
    """Yield the project's text files; the recordings of another cloud are not its own words."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXTS)
    yield ROOT / ".ci" / "run"
    for place in PLACES:
        for path in (ROOT / place).rglob("*"):
            recorded = "corpus" in path.parts or "__pycache__" in path.parts
            if path.is_file() and path.suffix in TEXTS and not recorded:
                yield path


def test_no_file_names_one_machine_or_an_index() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in files()
        for pattern in ANYWHERE
        if (match := pattern.search(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_speaks_of_the_project(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    patterns = IN_PAGES[1:] if str(page.relative_to(ROOT)) in AWS_SESSIONS else IN_PAGES
    assert [match.group() for pattern in patterns if (match := pattern.search(text))] == []


def test_what_may_not_be_said_would_be_found() -> None:
    samples = (f"{_SLASH}work{_SLASH}main", "https://py" + "pi.org/simple", "see DESIGN" + ".md")
    assert all(any(pattern.search(sample) for pattern in ANYWHERE) for sample in samples)
    assert all(any(p.search(sample) for p in IN_PAGES) for sample in ("a Session", "issue 3", "an AI", "TODO"))
