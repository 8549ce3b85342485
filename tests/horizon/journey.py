"""A journey is steps in their order; a step that cannot be tried because an earlier one failed has failed as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.horizon.browser import BrowserError
from tests.horizon.visit import UnexpectedError, Visit
from tests.horizon.watch import Watch

# A page that is not as it should be, or not there. Anything else is a fault of this program and ends the run.
WRONG = (BrowserError, UnexpectedError, KeyError, ValueError)


@dataclass(frozen=True)
class Step:
    """Something a person does on a page. `do` returns what was seen, and raises one of WRONG.

    `needs`: names of steps of the same page, or `page: name` of another. `excused`: patterns of calls (`GET /path 404`)
    that the region refuses as documented, and of what Horizon logs about them.
    """

    page: str
    name: str
    do: Callable[[Visit], str]
    needs: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.page}: {self.name}"

    def needed(self) -> list[str]:
        return [need if ": " in need else f"{self.page}: {need}" for need in self.needs]


@dataclass(frozen=True)
class Result:
    """How a step ended. `seconds` and `calls` (of the region) are the step's own; `wrong` is empty if all is well."""

    page: str
    step: str
    seconds: float
    calls: int
    seen: str
    wrong: list[str]

    @property
    def passed(self) -> bool:
        return not self.wrong


def walked(steps: Iterable[Step], visit: Visit, watch: Watch, clock: Callable[[], float]) -> Iterator[Result]:
    """Do the steps, one after the other; each result comes when its step has ended."""
    failed: set[str] = set()
    for step in steps:
        broken = [need for need in step.needed() if need in failed]
        if broken:
            result = Result(step.page, step.name, 0.0, 0, "", [f"not tried: {broken[0]!r} failed"])
        else:
            result = _done(step, visit, watch, clock)
        if not result.passed:
            failed.add(step.key)
        yield result


def _done(step: Step, visit: Visit, watch: Watch, clock: Callable[[], float]) -> Result:
    began = clock()
    seen, wrong = "", []
    try:
        seen = step.do(visit)
    except WRONG as error:
        wrong = [str(error.args[0] if isinstance(error, KeyError) and error.args else error)]
    seconds = clock() - began
    told = watch.look()
    return Result(step.page, step.name, seconds, told.calls, seen, wrong + told.trouble(step.excused))


def unknown_needs(steps: Iterable[Step]) -> list[str]:
    """Return needs that no earlier step meets, and names that two steps have: a journey has none."""
    known: set[str] = set()
    found = []
    for step in steps:
        found += [f"{step.key} needs {need!r}" for need in step.needed() if need not in known]
        found += [f"{step.key} is there twice"] if step.key in known else []
        known.add(step.key)
    return found
