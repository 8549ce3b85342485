"""Finding and loading scenarios and their golden files.

Scenario files are masked against their own text (an address written in a scenario is literal), so the text is kept
beside what was parsed from it.
"""

from __future__ import annotations

import fnmatch
from pathlib import Path

import msgspec
import yaml
from tests.golden.player.model import Answer, Scenario

DEFAULT = Path(__file__).parent.parent / "corpus"


class CorpusError(Exception):
    """A file of the corpus is not in the corpus's format, or the corpus holds nothing to play."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario: `name` is `service/file`, `golden` its recorded answers in the order of the steps."""

    name: str
    scenario: Scenario
    text: str
    golden: list[Answer]

    def ordered(self, step: str) -> bool:
        """Whether the order of lists counts in this step's answer."""
        return any(s.name == step and s.ordered for s in self.scenario.steps)


def load(root: Path) -> list[Case]:
    """The cases under `root`, by name. A scenario without a golden file has nothing to be compared with."""
    if not root.is_dir():
        raise CorpusError(f"no corpus at {root}")
    cases = []
    for path in sorted(root.rglob("*.yaml")):
        golden = path.with_suffix(".golden.json")
        if golden.exists():
            cases.append(read(f"{path.parent.name}/{path.stem}", path, golden))
    if not cases:
        raise CorpusError(f"no scenario in {root}")
    return cases


def matching(cases: list[Case], only: list[str] | None) -> list[Case]:
    """The cases whose name matches one of the shell patterns; all without any. None is a CorpusError."""
    found = [c for c in cases if not only or any(fnmatch.fnmatchcase(c.name, p) for p in only)]
    if not found:
        raise CorpusError(f"no scenario matches {', '.join(only or [])}")
    return found


def read(name: str, path: Path, golden: Path) -> Case:
    """One case from its two files."""
    text = path.read_text(encoding="utf-8")
    try:
        scenario = msgspec.convert(yaml.load(text, Loader=_loader()), Scenario)
        answers = msgspec.json.decode(golden.read_bytes(), type=list[Answer])
    except (msgspec.DecodeError, yaml.YAMLError) as error:
        raise CorpusError(f"{name}: {error}") from error
    names = [s.name for s in scenario.steps]
    if len(set(names)) != len(names):
        raise CorpusError(f"{name}: step names are not unique")
    if strangers := {a.name for a in answers} - set(names):
        raise CorpusError(f"{name}: golden answers of no step: {sorted(strangers)}")
    return Case(name=name, scenario=scenario, text=text, golden=answers)


def _loader() -> type[yaml.SafeLoader] | type[yaml.CSafeLoader]:
    """The C parser where libyaml is there: the largest scenario takes seconds without it."""
    return yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
