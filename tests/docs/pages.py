"""Where the pages are, which of them have generated parts, and what stands in them: links, names, paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.docs import chart, configuration, custom_resources, emulator, limits, manifests
from tests.docs.markers import Parts, fill

from gurum.pia.kernel import reference
from gurum.pia.services import SERVICES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

# Pages with generated parts between markers, and pages that are generated as a whole.
PARTS: Mapping[Path, Callable[[], Parts]] = {
    DOCS / "limits.md": limits.parts,
    DOCS / "reference" / "configuration.md": configuration.parts,
    DOCS / "reference" / "emulator.md": emulator.parts,
}
WHOLE: Mapping[Path, Callable[[], str]] = {
    DOCS / "reference" / "api.md": lambda: reference.render(SERVICES),
    DOCS / "reference" / "custom-resources.md": custom_resources.render,
    DOCS / "reference" / "chart-values.md": chart.page,
    **{ROOT / name: content for name, content in {**manifests.FILES, **chart.FILES}.items()},
}
GENERATED = (*PARTS, *WHOLE)


def generated(page: Path) -> str:
    """Return a page of GENERATED as its generator writes it. Raises ValueError if its markers do not fit."""
    if page in WHOLE:
        return WHOLE[page]()
    return fill(page.read_text(encoding="utf-8"), PARTS[page]())


_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def pages() -> list[Path]:
    """Return every page that people read."""
    single = [path for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md") if path.exists()]
    return [*single, *sorted(DOCS.rglob("*.md")), *sorted((ROOT / "changelog.d").glob("*.md"))]


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[str]:
    """Yield the targets of a page's links."""
    yield from _LINK.findall(_CODE.sub("", prose(page)))


def codes(page: Path) -> Iterator[str]:
    """Yield what stands in backticks."""
    yield from _CODE.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings make, as GitHub makes them."""
    found: set[str] = set()
    for heading in _HEADING.findall(prose(page)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        number = next(n for n in range(len(found) + 1) if (f"{anchor}-{n}" if n else anchor) not in found)
        found.add(f"{anchor}-{number}" if number else anchor)
    return found
