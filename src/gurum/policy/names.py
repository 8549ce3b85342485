"""Find names in a policy that nothing defines: OPA refuses them, the embedded engine takes them for undefined.

It exists because `not` of what is undefined holds: a misspelt `not lokced` would allow. What a name may be is looked
for in the module as a whole, not in the rule alone: a rule of the bundle, an import, an argument, or declared by `:=`,
`some` or `every`. So a variable must be declared, which OPA only recommends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from gurum.policy.tokens import KEYWORDS, Token, heads

DOCUMENTS = frozenset({"input", "data", "rego", "_"})


def undefined(stream: Sequence[Token], defined: frozenset[str]) -> Iterator[Token]:
    """Yield the names that nothing defines. defined: the names of the bundle's rules."""
    known = defined | DOCUMENTS | set(_declared(stream)) | set(_imported(stream)) | set(_arguments(stream))
    stated = False  # within a `package` or an `import`, which end with their line
    line = 0
    for index, token in enumerate(stream):
        if token.line != line:
            stated = token.text in {"package", "import"}
        line = token.line
        if token.kind != "name" or token.text in KEYWORDS or stated:
            continue
        before = stream[index - 1].text if index else ""
        after = stream[index + 1].text if index + 1 < len(stream) else ""
        if before != "." and after != "(" and token.text.partition(".")[0] not in known:
            yield token


def _declared(stream: Sequence[Token]) -> Iterator[str]:
    """Yield what `some`, `every` and `:=` declare."""
    for index, token in enumerate(stream):
        if token.text in {"some", "every"}:
            for each in stream[index + 1 :]:
                if each.text == "in" or each.line != token.line:
                    break
                if each.kind == "name":
                    yield each.text
        elif token.text == ":=" and index:
            depth = stream[index - 1].depth
            for each in reversed(stream[:index]):
                if each.kind == "name":
                    yield each.text
                if each.depth <= depth and each.text not in {"]", "}"}:
                    break


def _imported(stream: Sequence[Token]) -> Iterator[str]:
    for index, (first, second) in enumerate(pairwise(stream)):
        if first.text == "import":
            alias = stream[index + 2 : index + 4]
            named = len(alias) == 2 and alias[0].text == "as"
            yield alias[1].text if named else second.text.rpartition(".")[2]


def _arguments(stream: Sequence[Token]) -> Iterator[str]:
    """Yield the arguments of functions: the names between the brackets of a head."""
    starts = {id(token) for token, following in heads(stream) if following.text == "("}
    for index, token in enumerate(stream):
        if id(token) in starts:
            for each in stream[index + 2 :]:
                if each.text == ")" and each.depth == 0:
                    break
                if each.kind == "name":
                    yield each.text
