"""The state as a whole: regions, tokens, timers, ledger, faults, and their copy on disk.

One place decides what is written in one commit, because a token without its instance (or the
reverse) after a crash would be exactly the bug that the emulator exists to show in others.
"""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from aws_emulator import iam
from aws_emulator.caller import Caller
from aws_emulator.config import Config, merge_patches
from aws_emulator.context import Context, Sequence
from aws_emulator.faults import Fault, Faults
from aws_emulator.federation import Federation, Session
from aws_emulator.iam import manage
from aws_emulator.ledger import Entry, Ledger
from aws_emulator.lifecycle.timers import Timers
from aws_emulator.state.disk import Change, Disk
from aws_emulator.state.kinds import KINDS
from aws_emulator.state.region import Region
from aws_emulator.throttle import Throttles
from aws_emulator.tokens import TokenRow, Tokens

_encode = msgspec.json.encode
# How many calls the ledger on disk may be longer than the one in memory.
_PRUNE_EVERY = 1000
# Benchmark addresses (RFC 2544): no simulated address can be mistaken for somebody's.
_PUBLIC_FIRST, _PUBLIC_COUNT = (198 << 24) + (18 << 16), 1 << 17


class World:
    """Everything that `reset` clears and a restart keeps."""

    def __init__(self, config: Config, directory: Path | None) -> None:
        self.initial = config
        self.config = config
        self.disk = Disk(directory) if directory else None
        self.regions: dict[tuple[str, str], Region] = {}
        self._tokens: dict[tuple[str, str], Tokens] = {}
        self.timers = Timers()
        self.throttles = Throttles()
        self.sequence = Sequence()
        self.ledger = Ledger(config.ledger_keep)
        self.faults = Faults(config.seed)
        self.federation = Federation()
        self._patch: dict[str, Any] = {}
        self._config_dirty = False
        self._unpruned = 0
        if self.disk:
            self._load(self.disk)
        self.seed()

    def seed(self) -> None:
        """Start the random streams; after a restart they must not repeat the ids given out."""
        base = f"{self.config.seed}/{self.sequence.value}"
        self.ids = random.Random(f"ids/{base}")  # noqa: S311  # repeatable, not secret
        self.lag = random.Random(f"lag/{base}")  # noqa: S311  # repeatable, not secret

    def region(self, account: str, name: str) -> Region:
        """Return the tables of an account in a region, made when first asked for."""
        found = self.regions.get((account, name))
        if found is None:
            found = self.regions[account, name] = Region(account, name)
            self._tokens[account, name] = Tokens()
        return found

    def tokens(self, region: Region) -> Tokens:
        """Return the token table of a region."""
        return self._tokens[region.account, region.name]

    def context(self, region: Region, now: float, **more: Any) -> Context:
        """Return what an action or timer works with."""
        return Context(
            region=region,
            config=self.config,
            now=now,
            ids=self.ids,
            lag=self.lag,
            sequence=self.sequence,
            schedule=self.timers.schedule,
            next_public_ip=self._public_ip,
            federation=self.federation,
            configure=lambda change: self.configure(change, now),
            fault_launch=lambda zone_id, kind: bool(
                self.faults.strike(
                    ("launch-failure",),
                    now,
                    account=region.account,
                    region=region.name,
                    zone_id=zone_id,
                    instance_type=kind,
                )
            ),
            **more,
        )

    def advance(self, now: float) -> None:
        """Let everything happen that is due."""
        self.timers.fire(now, self.context)

    def configure(self, change: Mapping[str, Any], now: float) -> None:
        """Change the configuration; waits in progress take the new pace."""
        config = self.config.patched(change)
        old, new = self.config.time_factor, config.time_factor
        self.config = config
        self._patch = merge_patches(self._patch, change)
        self.ledger.keep(config.ledger_keep)
        self._config_dirty = True
        if old != new and old > 0:
            self.timers.rescale(self.regions.values(), now, new / old)

    def authorise(self, region: Region, action: str, params: Mapping[str, Any], caller: Caller) -> list[str]:
        """Return which statements of the caller's policy allow a call; none without a policy. Raises Refusal."""
        session = caller.session
        policy = self.config.policy(region.account, session.role if session is not None else "")
        if policy is None:
            return []
        if caller.service == "iam":
            return manage.authorise(policy, action, params, caller)
        return iam.authorise(policy, action, params, region, caller.arn, caller.context)

    def commit(self) -> None:
        """Write all that changed since the last commit, in one transaction."""
        self._unpruned += len(self.ledger.fresh)
        changes = list(self._changes())
        if self.disk and changes:
            self.disk.write(changes)
        if self.disk and self._unpruned >= _PRUNE_EVERY:
            self._unpruned = 0
            self.disk.forget_ledger(self.ledger.oldest - 1)

    def _changes(self) -> Iterator[Change]:
        for (account, name), region in self.regions.items():
            for kind, identity in region.dirty:
                row = region.table(kind).get(identity)
                key = (account, name, kind, identity)
                yield Change("resource", key, None if row is None else _encode(row))
            region.dirty.clear()
            tokens = self._tokens[account, name]
            for token in tokens.dirty:
                held = tokens.get(token)
                yield Change("token", (account, name, *token), _encode(held) if held else None)
            tokens.dirty.clear()
        for entry in self.ledger.fresh:
            yield Change("ledger", (entry.seq,), _encode(entry))
        self.ledger.fresh.clear()
        for access_key in self.federation.sessions.dirty:
            session = self.federation.sessions.get(access_key)
            yield Change("session", (access_key,), None if session is None else _encode(session))
        self.federation.sessions.dirty.clear()
        if self._config_dirty:
            self._config_dirty = False
            yield Change("meta", ("patch",), _encode(self._patch))
        if self.faults.dirty:
            self.faults.dirty = False
            yield Change("meta", ("faults",), _encode(list(self.faults)))

    def _load(self, disk: Disk) -> None:
        for (name,), body in disk.read("meta"):
            if name == "patch":
                self._patch = msgspec.json.decode(body, type=dict[str, Any])
                self.config = self.initial.patched(self._patch)
                self.ledger.keep(self.config.ledger_keep)
            elif name == "faults":
                self.faults.load(msgspec.json.decode(body, type=list[Fault]))
        rows = []
        for (account, name, kind, _), body in disk.read("resource"):
            row = msgspec.json.decode(body, type=KINDS[kind].row)
            rows.append((row.seq, account, name, kind, row))
        for seq, account, name, kind, row in sorted(rows, key=lambda found: found[0]):
            self.region(account, name).table(kind).put(row)
            self.sequence.value = max(self.sequence.value, seq)
        for region in self.regions.values():
            region.dirty.clear()
        for (account, name, *_), body in disk.read("token"):
            region = self.region(account, name)
            self.tokens(region).load(msgspec.json.decode(body, type=TokenRow))
        for _, body in disk.read("ledger"):
            entry = msgspec.json.decode(body, type=Entry)
            self.ledger.load(entry)
            self.sequence.value = max(self.sequence.value, entry.seq)
        for _, body in disk.read("session"):
            self.federation.sessions.load(msgspec.json.decode(body, type=Session))
        self.timers.load(self.regions.values())

    def reset(self) -> None:
        """Forget everything and take the initial configuration; numbers go on counting."""
        self.regions.clear()
        self._tokens.clear()
        self.ledger.clear()
        self.throttles.reset()
        self.federation.sessions.clear()
        self.timers = Timers()
        self.faults = Faults(self.initial.seed)
        self.config = self.initial
        self._patch = {}
        self.seed()
        if self.disk:
            self.disk.clear()

    def close(self) -> None:
        """Write what is left and close the disk."""
        self.commit()
        if self.disk:
            self.disk.close()

    def _public_ip(self) -> str:
        while True:
            number = _PUBLIC_FIRST + self.ids.randrange(_PUBLIC_COUNT)
            ip = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
            if not any(
                region.addresses.ids("ip", ip) or region.interfaces.ids("public-ip", ip)
                for region in self.regions.values()
            ):
                return ip
