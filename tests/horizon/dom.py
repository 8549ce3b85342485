"""Elements of a page: as much of HTML as reading tables, forms and messages needs, from Python's own parser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"))
UNSEEN = frozenset(("script", "style", "template", "noscript"))


@dataclass
class Node:
    """An element. Its children are elements and texts, in their order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.get("class").split()

    @property
    def text(self) -> str:
        """Return what a person reads, with single blanks between words."""
        return " ".join("".join(self._texts()).split())

    def get(self, name: str) -> str:
        """Return an attribute; empty if there is none."""
        return self.attributes.get(name, "")

    def all(self, *tags: str) -> Iterator[Node]:
        """Return the elements below with one of these tags (without tags: all), in the document's order."""
        for child in self.children:
            if isinstance(child, Node) and child.tag not in UNSEEN:
                if not tags or child.tag in tags:
                    yield child
                yield from child.all(*tags)

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in UNSEEN:
                yield " "
                yield from child._texts()
                yield " "


class _Builder(HTMLParser):
    """Makes elements of text; an end tag closes what was left open within, as HTML's parsers do."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("document")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def parse(text: str) -> Node:
    """Read a document; what HTML forbids is read as well as it goes."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    return builder.root
