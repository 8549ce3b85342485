"""Makes recordings out of golden files: the answers of a cloud that differs in nothing but ids and times.

They let the comparer and its mutations be tested without a cloud. A comparer that were only ever tested against
hand-made samples would be tested against what its author thought of.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from tests.golden.player.corpus import Case
from tests.golden.player.model import (
    Answer,
    Json,
    RecordedStep,
    Recording,
    Request,
    Response,
    Step,
)
from tests.golden.player.patterns import MAYBE, PRESENT, any_kind

SERVICES = (
    "identity",
    "compute",
    "network",
    "image",
    "volume",
    "object-store",
    "load-balancer",
    "key-manager",
    "placement",
)
_UUID_VARS = ("image", "flavor", "flavor2", "flavor0", "ext_net", "ext_subnet")
_ANY: dict[str, Json] = {
    "str": "whatever",
    "number": 4711,
    "bool": True,
    "null": None,
    "list": [],
    "dict": {},
    "any": "whatever",
}
_TOKEN = re.compile(r"<time (?P<time>[^>]*)>|<(?P<shape>[a-z0-9]+):\d+>|<(?P<name>[\w.\-]+)>")


def recording_of(case: Case, seed: int = 0) -> Recording:
    """A recording that masks to the case's golden answers. The same seed gives the same ids."""
    maker = _Maker(case, Random(seed))
    steps = [
        maker.step(step, answer)
        for step, answer in ((_step(case, a.name), a) for a in case.golden)
        if answer.status is not None
    ]
    return Recording(
        scenario=case.name,
        steps=steps,
        saved=maker.saved,
        vars=maker.vars,
        endpoints=maker.endpoints,
    )


def _step(case: Case, name: str) -> Step:
    return next(s for s in case.scenario.steps if s.name == name)


class _Maker:
    def __init__(self, case: Case, random: Random) -> None:
        self._case, self._random = case, random
        self._made: dict[str, str] = {}
        self._savable = {v for s in case.scenario.steps for v in s.save}
        self.endpoints = {s: f"http://{s}.cloud.example:{8700 + i}" for i, s in enumerate(SERVICES)}
        self.saved: dict[str, str] = {}
        self.vars: dict[str, str] = {v: self._uuid() for v in _UUID_VARS}
        for actor in ("member", "reader", "other", "admin"):
            project = "a" if actor in ("member", "reader") else actor
            self.vars[f"{actor}.project_id"] = self.vars.get("member.project_id", "")
            if project != "a" or actor == "member":
                self.vars[f"{actor}.project_id"] = self._hex(32)
            self.vars[f"{actor}.project_name"] = f"golden-{project}-{self._hex(4)}"
            self.vars[f"{actor}.user_id"] = self._hex(32)
            self.vars[f"{actor}.username"] = f"golden-{actor}-{self._hex(4)}"
            self.vars[f"{actor}.password"] = self._hex(16)
            self.vars[f"{actor}.token"] = "gAAAAA" + self._hex(40)
            self.vars[f"{actor}.account"] = "AUTH_" + self.vars[f"{actor}.project_id"]

    def step(self, step: Step, answer: Answer) -> RecordedStep:
        assert answer.status is not None
        service = step.service or self._case.scenario.service
        headers = {
            name: "req-" + self._uuid() if value == PRESENT else str(self._json(value))
            for name, value in answer.headers.items()
            if value != MAYBE
        }
        return RecordedStep(
            name=answer.name,
            as_=answer.as_,
            request=Request(method=step.method, service=service, path=step.path),
            response=Response(
                status=answer.status,
                headers=headers,
                kind=answer.kind,
                body=self._json(answer.body),
            ),
            waited=False if answer.wait else True if step.wait else None,
        )

    def _json(self, value: Json) -> Json:
        if isinstance(value, dict):
            return {self._text(k): self._json(v) for k, v in value.items() if v != MAYBE or self._random.random() < 0.5}
        if isinstance(value, list):
            return [self._json(x) for x in value]
        if isinstance(value, str):
            kind = any_kind(value)
            return _ANY[kind] if kind else self._text(value)
        return value

    def _text(self, text: str) -> str:
        return _TOKEN.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        token = match[0]
        if match["time"] is not None:
            return self._time(match["time"])
        if match["name"] in ("req", "date", "epoch", "port") and match["name"] not in self._savable:
            return self._once(match["name"])
        if token not in self._made:
            made = self._named(match["name"]) if match["name"] else self._shaped(match["shape"])
            if made is None:
                return token
            self._made[token] = made
        return self._made[token]

    def _named(self, name: str) -> str | None:
        if name in self.endpoints:
            return self.endpoints[name]
        if name in self.vars:
            return self.vars[name]
        if name in self._savable:
            identity = self._case.scenario.service == "identity"
            self.saved[name] = self._hex(32) if identity else self._uuid()
            return self.saved[name]
        return None

    def _shaped(self, shape: str) -> str:
        a, b, c = (self._random.randrange(1, 255) for _ in range(3))
        makers: dict[str, Callable[[], str]] = {
            "uuid": self._uuid,
            "hex": lambda: self._hex(32),
            "hash": lambda: self._hex(64),
            "mac": lambda: f"fa:16:3e:{a:02x}:{b:02x}:{c:02x}",
            "ip": lambda: f"198.{a}.{b}.{c}",
            "ipv6": lambda: f"2001:db8:0:{a:x}::{b:x}{c:02x}",
        }
        return makers[shape]()

    def _once(self, shape: str) -> str:
        return {
            "req": "req-" + self._uuid(),
            "date": f"Tue, {self._random.randrange(10, 28)} Mar 2026 09:30:00 GMT",
            "epoch": f"17{self._random.randrange(10**7, 10**8)}.{self._random.randrange(10**4, 10**5)}",
            "port": str(self._random.randrange(10_000, 60_000)),
        }[shape]

    def _time(self, form: str) -> str:
        """A time of the form that the mask tells: separator, digits of the fraction, zone."""
        separator, rest = form[0], form[1:]
        zone = next((z for z in ("Z", "+00") if rest.endswith(z)), "")
        digits = int(rest.removesuffix(zone).removeprefix(".") or 0)
        fraction = "." + "".join(self._random.choices("0123456789", k=digits)) if digits else ""
        second = self._random.randrange(10, 60)
        return f"2026-03-17{separator}09:30:{second}{fraction}{zone and zone.replace('+00', '+00:00')}"

    def _hex(self, digits: int) -> str:
        return "".join(self._random.choices("0123456789abcdef", k=digits))

    def _uuid(self) -> str:
        return "-".join(self._hex(n) for n in (8, 4, 4, 4, 12))
