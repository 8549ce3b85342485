"""From a raw recording to masked answers that can stand beside the golden ones.

The one place that decides which headers are compared at all. A header compared without need (the length of a JSON
body full of ids) makes every run differ; one left out is a promise nobody checks.
"""

from __future__ import annotations

import re

from tests.golden.player import patterns
from tests.golden.player.mask import Masker
from tests.golden.player.model import Answer, RecordedStep, Recording, Request, Response, Scenario

BODILESS = frozenset({204, 304})


def normalise(recording: Recording, scenario: Scenario, text: str) -> list[Answer]:
    """The recorded steps, masked, in the scenario's order; steps that were not recorded are left out."""
    masker = Masker(recording, text)
    recorded = {step.name: step for step in recording.steps}
    return [_answer(recorded[step.name], masker, step.ordered) for step in scenario.steps if step.name in recorded]


def _answer(step: RecordedStep, masker: Masker, ordered: bool) -> Answer:
    if step.request is None or step.response is None:
        return Answer(name=step.name, as_=step.as_, failed=step.failed or "?")
    request, response = step.request, step.response
    # Headers before the body: tokens are numbered as they come.
    headers = _headers(request, response, masker)
    return Answer(
        name=step.name,
        as_=step.as_,
        request=f"{request.method} {request.path}",
        status=response.status,
        headers=headers,
        body=masker.json(response.body, "", request.service, ordered=ordered),
        kind=response.kind,
        wait="never reached" if step.waited is False else None,
    )


def _headers(request: Request, response: Response, masker: Masker) -> dict[str, str]:
    found = {}
    for name in sorted(response.headers):
        if not patterns.HEADERS.fullmatch(name):
            continue
        if name == "content-length" and not length_counts(request, response):
            continue
        value = _canonical(name, response.headers[name])
        found[name] = masker.text(value, name, request.service)
    return found


def length_counts(request: Request, response: Response) -> bool:
    """Whether `content-length` says something about the thing: a HEAD, or data that was stored."""
    if response.status >= 400 or response.status in BODILESS:
        return False
    return (
        request.method == "HEAD"
        or (request.service == "object-store" and response.kind != "json")
        or request.path.endswith("/file")
    )


def _canonical(name: str, value: str) -> str:
    """The value without what HTTP lets differ: order and case in `vary`, blanks and case in a type."""
    if name in patterns.PRESENT_HEADERS:
        return patterns.PRESENT
    if name == "vary":
        return ", ".join(sorted(word.strip().lower() for word in value.split(",")))
    if name == "content-type":
        return re.sub(r";\s*", "; ", value).lower()
    return value
