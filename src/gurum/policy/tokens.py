"""The tokens of a policy: what `lint` and `names` look at.

It exists because neither wants a parser of Rego: what must be refused is seen in the order of the tokens, and a parser
of ours would be one more reading of the language that can differ from the engines'.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

KEYWORDS = frozenset(
    (
        *("as", "contains", "default", "else", "every", "false", "if", "import", "in"),
        *("not", "null", "package", "some", "true", "with"),
    )
)

_TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<text>"(?:\\.|[^"\\\n])*"|`[^`]*`)
    | (?P<name>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)
    | (?P<newline>\n)
    | (?P<blank>[ \t\r]+)
    | (?P<number>\d[\w.]*)
    | (?P<mark>:=|[^\s\w])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A piece of Rego: a name (with its dots), a text, a number or a mark, and the line it stands on."""

    kind: str
    text: str
    line: int
    depth: int  # of brackets around it


def tokens(source: str) -> Iterator[Token]:
    """Yield the tokens of `source` without blanks and comments, in order."""
    line, depth = 1, 0
    for match in _TOKEN.finditer(source):
        kind, text = str(match.lastgroup), match.group()
        if kind not in {"comment", "blank", "newline"}:
            depth -= text in {")", "]", "}"}
            name = re.sub(r"\s", "", text) if kind == "name" else text
            yield Token(kind, name, line, depth)
            depth += text in {"(", "[", "{"}
        line += text.count("\n")


def heads(stream: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """Yield the first token of each rule with the one after it: outside brackets, and the first of its line."""
    line_before = 0
    for token, following in pairwise(stream):
        starts = token.depth == 0 and token.line != line_before
        if starts and token.kind == "name" and "." not in token.text and token.text not in KEYWORDS:
            yield token, following
        line_before = token.line
