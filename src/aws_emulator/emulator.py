"""The emulator's core: one request in, one reply out; no sockets, no sleeping, no hidden time.

The order of a call is EC2's as far as it can be told: who calls, is there such an action, is the
rate kept, do the parameters parse, was the token used before, and only then what the action means.
"""

import logging
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from aws_emulator import tokens, trail
from aws_emulator.actions import ACTIONS
from aws_emulator.actions.action import Action, Answer, check_accepted
from aws_emulator.actions.default_vpc import make_default_vpc
from aws_emulator.caller import Caller, Shown, identify, service_of
from aws_emulator.catalogue.zones import REGIONS
from aws_emulator.clock import Clock, SystemClock
from aws_emulator.config import Config
from aws_emulator.context import Context
from aws_emulator.faults import Fault
from aws_emulator.faults import Kind as FaultKind
from aws_emulator.ledger import Entry, params_digest, redacted
from aws_emulator.rules import Refusal, refuse
from aws_emulator.state.region import Region
from aws_emulator.tokens import TokenRow
from aws_emulator.wire import request as wire_request
from aws_emulator.wire import response as wire_response
from aws_emulator.wire.model import operation
from aws_emulator.world import World

log = logging.getLogger(__name__)
_UNAVAILABLE = b"<html><body>Service unavailable (injected by the emulator)</body></html>"


class Reply(NamedTuple):
    """What to send: after `delay` seconds, or nothing at all when `cut`."""

    status: int
    body: bytes
    content_type: str
    request_id: str
    delay: float = 0.0
    cut: bool = False


class InjectedError(Exception):
    """An error that a fault rule asks for; it has no row in the table of rules."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.id)
        self.code = fault.code or "InternalError"
        self.status = fault.status or _STATUS.get(self.code, 400)
        self.message = fault.message or f"Injected by the emulator's rule {fault.id}"


_STATUS = {"InternalError": 500, "InternalFailure": 500, "InsufficientInstanceCapacity": 500,
           "RequestLimitExceeded": 503, "Unavailable": 503, "ServiceUnavailable": 503,
           "UnauthorizedOperation": 403}  # fmt: skip


class Dropped(Exception):  # noqa: N818  # it is the lack of an answer, not an error answer
    """In-process callers get this where a client would see its connection cut."""


class Emulator:
    """EC2, EBS and a little of STS for any number of accounts and regions.

    `config` is the start, and what `reset` returns to; changes made at run time are kept in the
    state directory and applied to it again. `clock` gives the time, `directory` keeps the state over
    restarts; without it the state is in memory. Not thread safe: one caller at a time.
    """

    def __init__(
        self,
        config: Config | None = None,
        clock: Clock | None = None,
        directory: Path | str | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.world = World(config or Config(), Path(directory) if directory else None)
        self._defaults: set[tuple[str, str]] = set()

    @property
    def config(self) -> Config:
        """Return the configuration in force."""
        return self.world.config

    def handle(
        self, *, authorization: str | None, body: str, user_agent: str = "", security_token: str | None = None
    ) -> Reply:
        """Answer one query-protocol request (a form body, or a query string of a GET)."""
        now = self._moment()
        shown, fields = Shown(authorization, security_token), wire_request.form(body)
        service = service_of(shown, fields)
        entry = self._entry(now, user_agent)
        entry.service = service
        faults: list[Fault] = []
        try:
            entry.action = fields.get("Action", "")
            caller = identify(shown, fields, self.config, self.world.federation.sessions, now)
            _note(entry, caller)
            faults = self._strike(caller, entry, ("delay", "drop-before", "status5xx", "error"))
            if any(fault.kind == "drop-before" for fault in faults):
                entry.status = 0
                return self._close(entry, "(dropped before)", Reply(200, b"", "text/plain", "", cut=True))
            action = _known(caller.service, entry.action)
            params = wire_request.parse(caller.service, action.name, fields)
            down = next((fault for fault in faults if fault.kind == "status5xx"), None)
            if down:
                status = down.status or 503
                reply = Reply(status, _UNAVAILABLE, "text/html", entry.request_id, _delay(faults))
                return self._close(entry, f"(HTTP {status})", reply)
            answer = self._perform(caller, action, params, entry, faults)
            document = wire_response.answer(caller.service, action.name, answer, entry.request_id)
            status = 200
        except (Refusal, InjectedError) as error:
            entry.outcome, status = error.code, error.status
            entry.rule = error.rule.name if isinstance(error, Refusal) else ""
            document = _failure(service, error, entry.request_id)
        except Exception as error:  # a defect of ours is the InternalError that AWS would answer, and the log says it
            log.exception("the emulator failed in %s", entry.action)
            refusal = refuse("internal", error=traceback.format_exception_only(error)[0].strip())
            entry.outcome, entry.rule, status = refusal.code, refusal.rule.name, refusal.status
            document = _failure(service, refusal, entry.request_id)
        entry.status = status
        cut = self._lost(entry)
        reply = Reply(status, document, "text/xml", entry.request_id, _delay(faults), cut)
        return self._close(entry, entry.outcome, reply)

    def call(
        self,
        action: str,
        params: Mapping[str, Any] | None = None,
        *,
        account: str,
        region: str,
        service: str = "ec2",
        external: bool = False,
        access_key: str = "in-process",
        user_agent: str = "",
    ) -> Answer:
        """Run an action in process with parameters by their model names; return its members.

        Raises Refusal (or InjectedError) as a client would get an error, Dropped where a fault
        cuts the connection, ValueError for parameters that no client could send. `external` is a
        person acting behind the caller's back: no rates, no faults. `access_key` may be that of a session.
        """
        if region not in REGIONS:
            raise ValueError(f"there is no region {region}")
        if (service, action) in ACTIONS:
            wire_request.check(service, action, params or {})
        now = self._moment()
        entry = self._entry(now, user_agent or ("external" if external else "in-process"))
        entry.action = action
        entry.external = external
        caller = Caller(access_key, account, region, service, self.world.federation.sessions.get(access_key))
        _note(entry, caller)
        try:
            found = _known(service, action)
            kinds: tuple[FaultKind, ...] = ("drop-before", "error")
            faults = [] if external else self._strike(caller, entry, kinds)
            if any(fault.kind == "drop-before" for fault in faults):
                entry.outcome, entry.delivered = "(dropped before)", False
                raise Dropped
            answer = self._perform(caller, found, dict(params or {}), entry, faults)
            entry.delivered = external or not self._lost(entry)
        except (Refusal, InjectedError) as error:
            entry.outcome, entry.status = error.code, error.status
            entry.rule = error.rule.name if isinstance(error, Refusal) else ""
            raise
        finally:
            self.world.ledger.add(entry)
            self.world.commit()
        if not entry.delivered:
            raise Dropped
        return answer

    def _perform(
        self,
        caller: Caller,
        action: Action,
        params: dict[str, Any],
        entry: Entry,
        faults: Iterable[Fault],
    ) -> Answer:
        entry.client_token = str(params.get("ClientToken", ""))
        entry.params = redacted(params)
        entry.params_digest = params_digest(params)
        region = self._region(caller, entry.time)
        injected = next((fault for fault in faults if fault.kind == "error"), None)
        if injected:
            raise InjectedError(injected)
        self._admit(caller, action, params, entry)
        if caller.service != "sts" and not entry.external:
            entry.grants = self.world.authorise(region, action.name, params, caller)
        check_accepted(action, params)
        if params.get("DryRun"):
            raise refuse("dry-run")
        call = self.world.context(
            region,
            entry.time,
            action=action.name,
            principal=caller.access_key,
            fault_capacity=lambda zone_id, kind: bool(
                self._strike(caller, entry, ("capacity",), zone_id=zone_id, instance_type=kind)
            ),
        )
        entry.made, entry.changed = call.made, call.changed
        return self._once(call, action, params, entry)

    def _once(self, call: Context, action: Action, params: dict[str, Any], entry: Entry) -> Answer:
        """Run the action, unless its token says that it ran before."""
        if action.again is None or "ClientToken" not in params:
            return action.run(call, params)
        tokens.check(params["ClientToken"])
        table = self.world.tokens(call.region)
        scope = action.zone(call, params)
        known = table.find(action.name, scope, params, call.now, _alive(call.region))
        if known is not None:
            entry.replayed = True
            return action.again(call, known.ids)
        answer = action.run(call, params)
        lifetime = self.config.durations.token_lifetime * self.config.time_factor
        table.remember(
            TokenRow(
                action=action.name,
                scope=scope or "",
                token=params["ClientToken"],
                digest=tokens.digest(params),
                ids=list(call.made),
                expires_at=call.now + lifetime,
            )
        )
        return answer

    def _admit(self, caller: Caller, action: Action, params: dict[str, Any], entry: Entry) -> None:
        rule, cost = self.config.throttle, action.cost(params)
        world, where = self.world, (caller.account, caller.region, action.name)
        if entry.external or world.throttles.admit(rule, *where, cost, entry.time):
            return
        entry.throttled = True
        raise refuse("rate" if caller.service == "ec2" else "sts.rate")

    def _strike(self, caller: Caller, entry: Entry, kinds: Iterable[FaultKind], **where: str) -> list[Fault]:
        if entry.external:
            return []
        struck = self.world.faults.strike(
            tuple(kinds), entry.time, action=entry.action, account=caller.account,
            region=caller.region, **where,
        )  # fmt: skip
        entry.faults += [fault.id for fault in struck]
        return struck

    def _lost(self, entry: Entry) -> bool:
        """Tell whether a drop-after fault takes the answer of an executed call."""
        if not entry.account:
            return False
        caller = Caller("", entry.account, entry.region, "ec2")
        return bool(self._strike(caller, entry, ("drop-after",)))

    def _region(self, caller: Caller, now: float) -> Region:
        region = self.world.region(caller.account, caller.region)
        where = (caller.account, caller.region)
        if self.config.default_vpc and where not in self._defaults:
            self._defaults.add(where)
            if not any(vpc.is_default for vpc in region.vpcs):
                make_default_vpc(self.world.context(region, now))
        return region

    def _moment(self) -> float:
        now = self.clock.now()
        self.world.advance(now)
        return now

    def _entry(self, now: float, user_agent: str) -> Entry:
        number = self.world.sequence.next()
        request_id = f"{self.world.ids.getrandbits(128):032x}"
        dashed = "-".join(request_id[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
        return Entry(
            seq=number, time=now, account="", region="", action="", request_id=dashed,
            user_agent=user_agent,
        )  # fmt: skip

    def _close(self, entry: Entry, outcome: str, reply: Reply) -> Reply:
        entry.outcome, entry.delivered = outcome, not reply.cut
        self.world.ledger.add(entry)
        self.world.commit()
        return reply

    # What the control API does, for in-process use.

    def ledger(self, since: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the calls after number `since`, oldest first."""
        return msgspec.json.decode(self.ledger_json(since, limit), type=list[dict[str, Any]])

    def ledger_json(self, since: int = 0, limit: int | None = None) -> bytes:
        """Return the same as a JSON document."""
        return msgspec.json.encode(self.world.ledger.since(since, limit))

    def trail(self, since: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the calls after number `since` in CloudTrail's shape, oldest first."""
        return list(trail.records(self.world.ledger.since(since, limit), self.world.federation.sessions))

    def wanted_keys(self, body: str) -> str:
        """Return the issuer whose keys a request needs first; empty: none. `learn` takes what came of it."""
        return self.world.federation.keys.wanted(body)

    def learn(self, issuer: str, document: dict[str, Any] | str) -> None:
        """Take an issuer's JWKS, or why it could not be had (see `federation.fetch`)."""
        self.world.federation.keys.learn(issuer, document)

    def summary(self, since: int = 0) -> dict[str, Any]:
        """Return counts of the calls after number `since`."""
        return self.world.ledger.summary(since)

    def state(self) -> dict[str, dict[str, dict[str, list[dict[str, Any]]]]]:
        """Return every resource: account -> region -> kind -> rows, in order of creation."""
        self._moment()
        dump: dict[str, dict[str, dict[str, list[dict[str, Any]]]]] = {}
        for (account, name), region in sorted(self.world.regions.items()):
            kinds = {table.kind: [msgspec.to_builtins(row) for row in table] for table in region.tables()}
            dump.setdefault(account, {})[name] = kinds
        return dump

    def configure(self, change: Mapping[str, Any]) -> Config:
        """Merge `change` into the configuration (see Config.patched) and return the result."""
        now = self._moment()
        self.world.configure(change, now)
        self.world.commit()
        return self.config

    def add_fault(self, rule: Mapping[str, Any]) -> Fault:
        """Put a fault rule in force; msgspec.ValidationError for a wrong one."""
        fault = self.world.faults.add(rule)
        self.world.commit()
        return fault

    def remove_faults(self, identity: str | None = None) -> int:
        """Remove one fault rule, or all; return how many went."""
        gone = self.world.faults.remove(identity)
        self.world.commit()
        return gone

    def faults(self) -> list[dict[str, Any]]:
        """Return the fault rules with how often each struck."""
        return [msgspec.to_builtins(rule) for rule in self.world.faults]

    def reset(self) -> None:
        """Forget all resources, tokens, calls and faults; back to the initial configuration."""
        self.world.reset()
        self._defaults.clear()

    def close(self) -> None:
        """Write what is left and release the state directory."""
        self.world.close()


def _note(entry: Entry, caller: Caller) -> None:
    entry.account, entry.region, entry.service = caller.account, caller.region, caller.service
    entry.access_key, entry.principal = caller.access_key, caller.arn
    if caller.session is not None:
        entry.session, entry.session_tags = caller.session.name, caller.session.tags


def _known(service: str, name: str) -> Action:
    action = ACTIONS.get((service, name))
    if action is not None:
        return action
    if not name:
        raise refuse("action.missing")
    if operation(service, name) is None:
        raise refuse("action.unknown", action=name)
    raise refuse("action.not-emulated", action=name)


def _delay(faults: Iterable[Fault]) -> float:
    return sum(fault.seconds for fault in faults if fault.kind == "delay")


def _failure(service: str, error: Refusal | InjectedError, request_id: str) -> bytes:
    return wire_response.failure(service, error.code, error.message, error.status, request_id)


def _alive(region: Region) -> tokens.Alive:
    return lambda identity: any(table.get(identity) for table in region.tables())
