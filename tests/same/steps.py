"""The script: calls as data in `script/*.yaml`, read in the order of the files' names.

It is data so that a noun's calls are added without touching the runner, and so that a step has one name under which
transcripts, rows and mutants speak of it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

DIRECTORY = Path(__file__).with_name("script")
VARIABLE = re.compile(r"\{(\w+)\}")


class ScriptError(Exception):
    """The script cannot be played; the sentence says which step."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One call. Exactly one of `openstack` (a command line) and `sdk` (a method of a connection) is given.

    `{name}` is a variable: discovered, or saved by an earlier step. `as` is whose cloud: "" the user's, else the
    suffix of another entry of the clouds.yaml. `save` names fields of the JSON printed (`id`, `0.ID`). `stock` runs
    the command also in a process of its own, which must print the same as the fork of a warm one. `until` repeats an
    SDK call until these fields have these values, `gone` until there is nothing; of that, only what was waited for is
    in the transcript.
    """

    name: str
    openstack: str = ""
    sdk: str = ""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    microversion: str = ""
    until: dict[str, Any] = {}
    gone: bool = False
    as_: str = msgspec.field(default="", name="as")
    save: dict[str, str] = {}
    stock: bool = False

    @property
    def waits(self) -> bool:
        """Whether the call is repeated until something is so."""
        return bool(self.until) or self.gone

    def variables(self) -> set[str]:
        """Return the names of the variables that it needs."""
        return set(VARIABLE.findall(f"{self.openstack} {msgspec.json.encode([self.args, self.kwargs]).decode()}"))

    def words(self, values: Mapping[str, str]) -> list[str]:
        """Return the command line's words. Raises ScriptError for a variable that nobody has set."""
        return [self._filled(word, values) for word in shlex.split(self.openstack)]

    def arguments(self, values: Mapping[str, str]) -> tuple[list[Any], dict[str, Any]]:
        """Return the SDK call's arguments. Raises ScriptError for a variable that nobody has set."""
        args, kwargs = self._deep(self.args, values), self._deep(self.kwargs, values)
        return args, kwargs

    def call(self, values: Mapping[str, str]) -> str:
        """Return the call in one line, as a person would write it."""
        if self.openstack:
            return shlex.join(["openstack", *self.words(values)])
        args, kwargs = self.arguments(values)
        shown = [msgspec.json.encode(value).decode() for value in args]
        shown += [f"{key}={msgspec.json.encode(value).decode()}" for key, value in kwargs.items()]
        return f"{self.sdk}({', '.join(shown)})"

    def _filled(self, text: str, values: Mapping[str, str]) -> str:
        def one(match: re.Match[str]) -> str:
            if match[1] not in values:
                raise ScriptError(f"step `{self.name}` needs `{match[1]}`, which no step before it has saved")
            return values[match[1]]

        return VARIABLE.sub(one, text)

    def _deep(self, value: Any, values: Mapping[str, str]) -> Any:
        if isinstance(value, str):
            return self._filled(value, values)
        if isinstance(value, dict):
            return {key: self._deep(inner, values) for key, inner in value.items()}
        return [self._deep(inner, values) for inner in value] if isinstance(value, list) else value


def read(directory: Path = DIRECTORY) -> list[Step]:
    """Return all steps. Raises ScriptError for a file that is no script, a name twice, a step that is no call."""
    steps: list[Step] = []
    for path in sorted(directory.glob("*.yaml")):
        try:
            steps += msgspec.yaml.decode(path.read_bytes(), type=list[Step])
        except msgspec.MsgspecError as error:
            raise ScriptError(f"{path.name}: {error}") from error
    seen: set[str] = set()
    for step in steps:
        if step.name in seen:
            raise ScriptError(f"there are two steps `{step.name}`")
        if bool(step.openstack) == bool(step.sdk):
            raise ScriptError(f"step `{step.name}` must be either `openstack` or `sdk`")
        if step.waits and not step.sdk:
            raise ScriptError(f"step `{step.name}` waits, which only an `sdk` step can")
        seen.add(step.name)
    return steps


def texts(steps: Sequence[Step]) -> str:
    """Return everything that the script itself writes: what stands in it belongs to no run."""
    return "\n".join(f"{step.openstack} {msgspec.json.encode([step.args, step.kwargs]).decode()}" for step in steps)
