"""What a request came to, told from outside: the status, whether its handler was reached, what it left behind."""

from __future__ import annotations

import re

from tests.fuzz.call import Answer, Call
from tests.fuzz.world import RouteKey, World
from tests.isolation.expect import Outcome

REQUEST_ID = re.compile(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SKIPPED = frozenset({"content-length"})
UNAUTHORIZED = (
    b'{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}'
)


def outcome(key: RouteKey, answer: Answer, documented: int) -> Outcome | str:
    """Return what the answer amounts to; a sentence for what none of the outcomes is.

    A route that is documented to refuse may refuse in any way of its own, once its handler is reached.
    """
    if answer.status == 401:
        return "unknown token" if answer.body == UNAUTHORIZED else f"a 401 of its own: {answer.body[:200]!r}"
    if key in answer.reached:
        if answer.status < 300:
            return "done" if documented < 300 else f"{answer.status} of a route that refuses"
        if documented >= 300 and (400 <= answer.status < 500 or answer.status == 501):
            return "done"
        if answer.status == 404:
            return "hidden"
        return f"{answer.status} from the handler: {answer.body[:300]!r}"
    if answer.status == 403:
        return "denied"
    if answer.status == 404:
        return "hidden"
    return f"{answer.status} before the handler: {answer.body[:300]!r}"


def masked(answer: Answer, *ids: str) -> tuple[int, list[tuple[str, str]], str]:
    """Return the answer without what differs between any two requests: request ids, and the ids that were asked for."""

    def mask(text: str) -> str:
        for uid in ids:
            text = text.replace(uid, "<id>")
        return REQUEST_ID.sub("<request>", text)

    headers = sorted((name.lower(), mask(value)) for name, value in answer.headers if name.lower() not in SKIPPED)
    return answer.status, headers, mask(answer.body.decode("utf-8", "backslashreplace"))


async def unchanged(world: World, before: dict[tuple[str, str], bytes]) -> list[str]:
    """Return what is different in the store, by its own word."""
    now = await world.census()
    return sorted(
        f"{'/'.join(place)} {'is gone' if place not in now else 'is new' if place not in before else 'changed'}"
        for place in before.keys() | now.keys()
        if before.get(place) != now.get(place)
    )


def line(call: Call, answer: Answer) -> str:
    """Return request and answer in short."""
    return f"{call.curl()}\n      -> {answer.status} {answer.body[:400].decode('utf-8', 'backslashreplace')}"
