"""Links lead somewhere, and every page can be reached."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.pages import DOCS, ROOT, anchors, links, pages


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    broken = []
    for link in links(page):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_the_index() -> None:
    reached, waiting = set(), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in links(page):
            path = (page.parent / link.partition("#")[0]).resolve()
            if path.suffix == ".md" and path.is_file() and path not in reached:
                waiting.append(path)
    assert set(DOCS.rglob("*.md")) - reached == set()


def test_the_readme_leads_to_the_documentation() -> None:
    assert any(link.startswith("docs/") for link in links(ROOT / "README.md"))


def test_anchors_are_githubs() -> None:
    page = DOCS / "reference" / "configuration.md"
    assert {"configuration", "quotas", "regionsaws"} <= anchors(page)
