"""Mutants: one thing is changed in one recorded answer of the second cloud; the comparison must report it.

A comparison that finds nothing is either right or blind. Each mutant is replayed through the stock client: if the
client prints something else than without it (or exits with another code), a user could see the fault, and then the
comparer has to see it too. If the client prints the same to the byte, no comparison of transcripts could; such a
mutant is drawn again and counted. That question is asked of what was printed, before the normaliser touches it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any
from urllib.parse import urlsplit

import msgspec
from tests.golden.player.faults import Mutation as Fault
from tests.golden.player.faults import NoSuchPlaceError, corrupted
from tests.golden.player.model import Response
from tests.same.compare import compare
from tests.same.play import Play, Player, Transcript
from tests.same.proxy import Exchange, Proxy
from tests.same.rows import Row
from tests.same.steps import Step
from tests.same.warm import Job, Result

STATUSES = (200, 202, 204, 400, 401, 403, 404, 409, 413, 500)
LISTED_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
MOST_DRAWS = 20  # a mutant asked for


class Tape(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the second cloud with all its exchanges."""

    job: Job
    play: Play
    exchanges: list[Exchange]


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """What is changed: the exchange by its number in the call, and the fault."""

    call: str
    exchange: int
    request: str
    fault: Fault

    @property
    def words(self) -> str:
        """Say what it is."""
        argument = "" if self.fault.argument is None else f" ({json.dumps(self.fault.argument)})"
        return f"{self.call}: {self.request}: {self.fault.kind} at {self.fault.path}{argument}"


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What was drawn, and what of it was reported.

    `unseen`: the client showed nothing of it; drawn again. `unsteady`: calls whose replay prints something else anyway.
    """

    seed: int
    drawn: int
    unseen: int
    caught: list[Mutant]
    missed: list[Mutant]
    unsteady: list[str]


class Tapes:
    """What the proxy has heard, a call at a time. Without a proxy it keeps nothing."""

    def __init__(self, proxy: Proxy | None) -> None:
        self.proxy = proxy
        self.tapes: list[Tape] = []

    def skip(self) -> None:
        """Forget what was heard outside the script."""
        if self.proxy is not None:
            self.proxy.taken()

    def keep(self, step: Step, player: Player, play: Play) -> None:
        """Take what was heard of a step; not of one that waits, whose answers come and go."""
        if self.proxy is None:
            return
        exchanges = self.proxy.taken()
        if exchanges and not step.waits:
            self.tapes.append(Tape(job=player.last, play=play, exchanges=exchanges))


class Judge:
    """Asks the comparer about a transcript in which one call printed something else."""

    def __init__(self, transcripts: Sequence[Transcript], rows: Mapping[str, list[Row]], written: str) -> None:
        self._a, self._b = transcripts
        self._rows, self._written = rows, written

    def reports(self, call: str, result: Result) -> bool:
        """Whether it is reported."""
        plays = [msgspec.structs.replace(play, result=result) if play.name == call else play for play in self._b.plays]
        changed = msgspec.structs.replace(self._b, plays=plays)
        return not compare(self._a, changed, self._rows, self._written).equal


def survey(tapes: Tapes, player: Player, judge: Judge, count: int, seed: int) -> Survey:
    """Draw mutants until `count` of them were shown by the client; ask the judge of each."""
    assert tapes.proxy is not None
    proxy, random = tapes.proxy, Random(seed)
    steady: dict[str, bool] = {}
    caught: list[Mutant] = []
    missed: list[Mutant] = []
    unseen = drawn = 0
    ours = {urlsplit(url).netloc for service, url in player.endpoints.items() if service != "identity"}
    ids = sorted({found for tape in tapes.tapes for found in LISTED_ID.findall(tape.play.result.stdout)})
    while len(caught) + len(missed) < count and drawn < MOST_DRAWS * count:
        tape = random.choice(tapes.tapes)
        call = tape.play.name
        mutant = _draw(tape, ours, ids, random)
        if mutant is None:
            continue
        if call not in steady:
            steady[call] = _printed(proxy, player, tape, tape.exchanges) == tape.play.result
        if not steady[call]:
            continue
        drawn += 1
        exchanges = list(tape.exchanges)
        exchanges[mutant.exchange] = mutated(exchanges[mutant.exchange], mutant.fault)
        result = _printed(proxy, player, tape, exchanges)
        if result == tape.play.result:
            unseen += 1
        elif _printed(proxy, player, tape, tape.exchanges) != tape.play.result:  # then it is not the mutant that shows
            steady[call] = False
        elif judge.reports(call, result):
            caught.append(mutant)
        else:
            missed.append(mutant)
    unsteady = sorted(name for name, so in steady.items() if not so)
    return Survey(seed=seed, drawn=drawn, unseen=unseen, caught=caught, missed=missed, unsteady=unsteady)


def _printed(proxy: Proxy, player: Player, tape: Tape, exchanges: Sequence[Exchange]) -> Result:
    with proxy.replay(exchanges):
        return player.again(tape.job)


def _draw(tape: Tape, ours: set[str], ids: Sequence[str], random: Random) -> Mutant | None:
    """Draw the exchange, then the kind, then the place: no kind is rare because it has few places."""
    numbers = [n for n, exchange in enumerate(tape.exchanges) if urlsplit(exchange.url).netloc in ours]
    if not numbers:
        return None
    number = random.choice(numbers)
    exchange = tape.exchanges[number]
    by_kind: dict[str, list[Fault]] = {}
    for fault in faults(exchange, ids, random):
        by_kind.setdefault(fault.kind, []).append(fault)
    fault = random.choice(by_kind[random.choice(sorted(by_kind))])
    request = f"{exchange.method} {urlsplit(exchange.url).path} {exchange.status}"
    return Mutant(call=tape.play.name, exchange=number, request=request, fault=fault)


def faults(exchange: Exchange, ids: Sequence[str], random: Random) -> list[Fault]:
    """Return the faults that an answer can be given. `ids`: others that are known.

    An id or a time is changed to another known one or in its form: which id a cloud makes up means nothing.
    """
    out = [_fault("status", "status", (), random.choice([one for one in STATUSES if one != exchange.status]))]
    for name, _ in exchange.headers:
        if name.lower() in ("content-type", "location", "x-openstack-request-id", "openstack-api-version"):
            out.append(_fault("header dropped", name, (name.lower(),), None))
    response = _response(exchange)
    if response.kind == "json":
        if response.body:
            out.append(_fault("truncated", "$", (), None))
        _walk(response.body, (), "$", ids, random, out)
    return out


def _walk(
    value: Any, trail: tuple[str | int, ...], path: str, ids: Sequence[str], random: Random, out: list[Fault]
) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            out.append(_fault("key dropped", f"{path}.{key}", trail, key))
            _walk(inner, (*trail, key), f"{path}.{key}", ids, random, out)
    elif isinstance(value, list):
        if value:
            index = random.randrange(len(value))
            out.append(_fault("item lost", path, trail, index))
            out.append(_fault("item doubled", path, trail, index))
        if len(value) > 1:
            out.append(_fault("order", path, trail, None))
        for index, inner in enumerate(value):
            _walk(inner, (*trail, index), f"{path}[{index}]", ids, random, out)
    elif isinstance(value, str):
        _of_text(value, trail, path, ids, random, out)
    elif value is not None:
        out.append(_fault("value", path, trail, not value if isinstance(value, bool) else value + 1))
        out.append(_fault("type", path, trail, str(value)))


def _of_text(
    value: str, trail: tuple[str | int, ...], path: str, ids: Sequence[str], random: Random, out: list[Fault]
) -> None:
    known = LISTED_ID.search(value)
    if known:
        others = [one for one in ids if one not in value]
        if others:
            out.append(_fault("id of another", path, trail, [known[0], random.choice(others)]))
    elif TIME.search(value):
        out.append(_fault("time form", path, trail, None))
    else:
        out.append(_fault("value", path, trail, f"{value}x"))
        if words := re.findall(r"[A-Za-z]{3,}", value):
            out.append(_fault("word", path, trail, random.choice(words)))


def _fault(kind: str, path: str, trail: tuple[str | int, ...], argument: Any) -> Fault:
    return Fault(scenario="", step="", kind=kind, path=path, trail=trail, argument=argument)


def _response(exchange: Exchange) -> Response:
    try:
        kind, body = "json", json.loads(exchange.body)
    except ValueError:
        kind, body = "text", exchange.body.decode("utf-8", "replace")
    headers = {name.lower(): value for name, value in exchange.headers}
    return Response(status=exchange.status, headers=headers, kind=kind, body=body)


def mutated(exchange: Exchange, fault: Fault) -> Exchange:
    """Return the exchange with the fault; unchanged where the answer lacks what it would break."""
    try:
        response = corrupted(_response(exchange), fault)
    except NoSuchPlaceError:
        return exchange
    body = json.dumps(response.body) if response.kind == "json" else str(response.body)
    headers = [(name, value) for name, value in exchange.headers if name.lower() in response.headers]
    return msgspec.structs.replace(exchange, status=response.status, headers=headers, body=body.encode())
