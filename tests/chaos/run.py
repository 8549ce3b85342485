"""One run: its processes, what a tenant asks of them, and what happens when one of them is killed."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import msgspec
from tests.chaos import checks, labels, ledger, mains, snapshot
from tests.chaos.board import Mode, Process
from tests.chaos.client import Client, Control, LaterError, LostAnswerError, RefusedError
from tests.chaos.clusters import AwayError
from tests.chaos.ground import COMPONENTS, Ground, dead
from tests.chaos.plan import DURING, OUTAGES, Kill, Killed, Outcome, Point
from tests.chaos.processes import Child
from tests.chaos.site import SWEEP, Site
from tests.chaos.trap import KILLED

from gurum.store.kubernetes.keys import GRACE

PATIENCE = 900.0  # seconds until what is under way counts as lost
# ... and seconds of the machine: a key whose object never came is held for a minute by the API server's clock, which
# knows of no other time.
LATER = GRACE + 30.0
QUIET = 3.0  # seconds without a step, after which an operation is over ...
REST = 0.2  # ... and seconds of the machine, because a process that waits for it takes no steps either
LOOK = 0.02  # seconds of the machine between two looks
DYING = 10.0  # seconds of the machine in which a killed process is seen to be dead, at most


class StuckError(Exception):
    """Something did not come about in time; the message says what was still missing."""


class Run:
    """The processes and what they were seen to do. Use as a context manager: it leaves nothing behind."""

    def __init__(self, site: Site, outcome: Outcome, *, lost_answers: bool) -> None:
        self.site = site
        self.outcome = outcome
        self.happen: Callable[[str], None] = lambda between: None
        self.client = Client(site.socket, self.attend)
        self._kill: Kill | None = None
        self._kills: list[Kill] = []
        self._kill_at: float | None = None
        self._victim = 0  # the process id of the part of the cluster that is to be killed
        self._outages = 0
        self._seq = 0
        self.ledger: list[dict[str, Any]] = []
        reading, ready = os.pipe()
        self._emulator = Child(site, "emulator", partial(mains.emulator, site, ready, lost_answers=lost_answers))
        os.close(ready)
        endpoint = os.read(reading, 200).decode()
        os.close(reading)
        self.control = Control(endpoint)
        self.config = site.config(endpoint)
        self._children: dict[Process, Child] = {}

    def __enter__(self) -> Run:
        return self

    def start(self) -> None:
        """Start engine and API, and wait until both work."""
        self._start(Process.ENGINE)
        self.until(lambda: bool(self.snapshot().objects.get("Image")), "the catalogue is seeded")
        self._start(Process.PIA)
        self.until(self.client.up, "the API answers")

    def __exit__(self, *_: object) -> None:
        for child in (*self._children.values(), self._emulator):
            child.kill()
            self._spent(child)
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.outcome.cpu["driver"] = used.ru_utime + used.ru_stime

    def _spent(self, child: Child) -> None:
        self.outcome.cpu[child.name] = self.outcome.cpu.get(child.name, 0.0) + child.cpu

    def _start(self, process: Process) -> None:
        main = mains.engine if process is Process.ENGINE else mains.pia
        name = process.name.lower()
        self._children[process] = Child(self.site, name, partial(main, self.site, self.config))

    # Time and processes

    def until(self, what: Callable[[], Any], words: str, within: float = PATIENCE) -> None:
        """Wait until `what()` is true, attending to the processes meanwhile. Raises StuckError."""
        end = self.site.lapse.elapsed() + within
        while not what():
            self.attend()
            if self.site.lapse.elapsed() > end:
                raise StuckError(f"not within {within:.0f} s: {words}")
            time.sleep(LOOK)

    def pause(self, seconds: float) -> None:
        """Let time pass; attend to the processes meanwhile."""
        end = self.site.lapse.elapsed() + seconds
        while self.site.lapse.elapsed() < end:
            self.attend()
            time.sleep(LOOK)

    def attend(self) -> None:
        """Kill what is due to be killed from outside, and bring back what was killed."""
        if self._kill is not None and self._kill_at is not None and self.site.lapse.elapsed() >= self._kill_at:
            victim = self._children.get(self._kill.process)
            if self._kill.process in COMPONENTS:
                self._kill_at = None
                os.kill(self._victim, signal.SIGKILL)
            elif victim is not None:  # else it is just not there; it is killed when it is
                self._kill_at = None
                victim.kill()
        if self._kill is not None and self._kill.process in COMPONENTS and dead(self._victim):
            self._outage(self._kill)
        if self._emulator.ended():
            raise AssertionError("the emulator died: " + self._last_words("emulator"))
        for process, child in list(self._children.items()):
            if child.ended():
                if child.gave_up() and self._outages:
                    self._spent(child)
                    self._start(process)
                    self.outcome.gave_up += 1
                    continue
                if not child.was_killed():
                    raise AssertionError(f"the {child.name} died by itself: " + self._last_words(child.name))
                self._spent(child)
                self._killed(process)

    def _last_words(self, name: str) -> str:
        with contextlib.suppress(FileNotFoundError):
            return (self.site.directory / f"{name}.died").read_text()[-2000:]
        return "without a word"

    def _killed(self, process: Process) -> None:
        del self._children[process]
        kill, self._kill, self._kill_at = self._kill, None, None
        self.site.board.disarm()
        if kill is None or kill.process is not process:
            raise AssertionError(f"the {process.name.lower()} was killed, but not by us")
        point = self._last_point() if kill.delay == 0.0 else None
        self.outcome.killed.append(Killed(process.name.lower(), self.site.board.verb, point, kill.between))
        self.note(checks.dangers(self.snapshot()))
        if process is Process.PIA:
            self._start(process)
            self.until(self.client.up, "the API is back")
        else:
            self.happen(kill.between)
            self.note(checks.dangers(self.snapshot()))
            self._start(process)
        if self._kills:
            self.arm(self._kills.pop(0))

    def _outage(self, kill: Kill) -> None:
        """Go on after the death of a part of the cluster: nothing of the product is told of it."""
        due = kill.delay != 0.0 and self._kill_at is None
        if not due and not self.site.board.fallen():
            raise AssertionError(f"the {COMPONENTS[kill.process]} died by itself")
        self._kill, self._victim = None, 0
        self.site.board.disarm()
        self._outages += 1
        name = kill.process.name.lower()
        point = None if kill.delay else self._last_point()
        if point is not None:
            side = DURING if kill.after and point.side == "before" else point.side
            point = msgspec.structs.replace(point, side=side, victim=name)
        self.outcome.killed.append(Killed(name, self.site.board.verb, point, kill.between))
        with self.site.lapse.pace.slowed("cluster") if kill.between == OUTAGES[0] else contextlib.nullcontext():
            if kill.process is not Process.ETCD:
                self.note(checks.dangers(self.snapshot()))
            self._ground().restart(kill.process)
        self.note(checks.dangers(self.snapshot()))
        if self._kills:
            self.arm(self._kills.pop(0))

    def _ground(self) -> Ground:
        if self.site.store.cluster is None:
            raise AssertionError("a part of a cluster is to be killed, and the store is none")
        return self.site.store.cluster

    def _last_point(self) -> Point | None:
        for line in reversed(self.site.recording.read_text().splitlines()):
            word, _, *rest = line.split("\t")
            if word == KILLED:
                return Point(*rest)
        return None

    # Kills

    def expect(self, kills: Sequence[Kill]) -> None:
        """Have kills fall into what comes next, one after the other."""
        self._kills = list(kills)
        if self._kills:
            self.arm(self._kills.pop(0))

    def arm(self, kill: Kill) -> None:
        """Have a kill fall into what comes next."""
        self._kill, by = kill, kill.process
        if kill.process in COMPONENTS:
            self._victim = self._ground().pid(kill.process)
            by = Process[kill.point.process.upper()] if kill.point is not None else kill.by
        mode, name = (Mode.COUNT, "") if kill.point is None else (Mode.POINT, kill.point.name)
        if kill.delay:
            self._kill_at = self.site.lapse.elapsed() + kill.delay
        else:
            self.site.board.arm(by, mode, max(1, kill.passings), name, victim=self._victim, after=kill.after)

    def linger(self) -> None:
        """Wait for a kill at a point that belongs to no operation: it comes round by itself."""
        kill = self._kill
        if kill is not None and kill.point is not None and kill.point.verb == labels.ALWAYS:
            with contextlib.suppress(StuckError):
                self.until(lambda: self._kill is not kill, "the point comes round", 2 * SWEEP)
            self.settle()

    def disarm(self) -> None:
        """Call off kills that have not fallen; attend to one that is just falling."""
        self._kills, self._kill_at = [], None
        self.site.board.call_off()
        time.sleep(LOOK)  # for one that was just looking
        self.until(lambda: not self.site.board.fallen(), "the killed process ends")
        self._kill, self._kill_at, self._kills, self._victim = None, None, [], 0
        if self.site.store.cluster is not None:  # its parts are no victims any more: one that falls late comes back
            self.site.store.cluster.whole()

    # Asking

    def ask(self, method: str, path: str, body: Any = None, *, retry: bool | None = None) -> Any:
        """Ask the API; if it is killed meanwhile, ask again or not, as the kill says (or `retry`).

        Who is told to ask later does so. Raises LostAnswerError when it is not to ask again; RefusedError, which says
        whether a try before it may have been carried out.
        """
        unsure = False
        end, late = self.site.lapse.elapsed() + PATIENCE, time.monotonic() + LATER
        again = retry if retry is not None else self._kill is None or self._kill.retry or method == "GET"
        while True:
            try:
                return self.client.call(method, path, body)
            except RefusedError as refusal:
                refusal.unsure = unsure
                raise
            except LaterError as later:
                unsure = True
                if self.site.lapse.elapsed() > end and time.monotonic() > late:
                    raise StuckError(f"not within {PATIENCE:.0f} s: {method} {path}") from later
                self.pause(later.after)
            except LostAnswerError:
                unsure = True
                self.until(self.client.up, "the API answers again")
                if not again:
                    raise

    def quietly(self, method: str, path: str, body: Any = None) -> bool:
        """Ask for something that may be refused or not be there any more; return whether it was taken."""
        return self.took(method, path, body) is True

    def took(self, method: str, path: str, body: Any = None) -> bool | None:
        """Likewise; None when it was refused after a try that may have been carried out."""
        try:
            self.ask(method, path, body, retry=True)
        except RefusedError as error:
            if error.status not in (400, 403, 404, 409):
                raise
            return None if error.unsure else False
        return True

    # Looking

    def snapshot(self) -> snapshot.Snapshot:
        """Return what is so now; while etcd is dead, when it is back."""
        end = time.monotonic() + DYING
        while True:
            try:
                return snapshot.take(self.site.store, self.control)
            except AwayError:
                if not self._victim or time.monotonic() > end:
                    raise
                time.sleep(LOOK)
                self.attend()

    def note(self, problems: Iterable[str]) -> None:
        """Take problems down, each once."""
        for problem in problems:
            if problem not in self.outcome.problems:
                self.outcome.problems.append(problem)

    def settle(self, within: float = PATIENCE) -> None:
        """Wait until nothing is under way and no process has taken a step for a while. Raises StuckError.

        Looking costs more than most steps, so it is done only when no step was seen for a while.
        """
        lapse, board = self.site.lapse, self.site.board
        end, pause = lapse.elapsed() + within, max(QUIET, REST * lapse.factor)
        steps, look = board.steps(), lapse.elapsed() + pause
        waiting = "the beginning"
        while True:
            time.sleep(LOOK)
            self.attend()
            now = lapse.elapsed()
            if board.steps() != steps:
                steps, look = board.steps(), now + pause
            elif now >= look:
                waiting = next(checks.unsettled(self.snapshot()), "")
                if not waiting:
                    return
                look = now + pause
            if now > end:
                raise StuckError(f"not settled within {within:.0f} s: {waiting}")

    def check(self) -> None:
        """Note what is wrong now that everything is settled."""
        self.note(checks.wrong(self.snapshot()))
        self.ledger += self.control.get(f"ledger?since={self._seq}")
        self._seq = self.ledger[-1]["seq"] if self.ledger else 0
        self.note(ledger.doubles(self.ledger))
        self.note(ledger.untagged(self.ledger))
        self.note(ledger.forbidden(self.ledger))
        self.outcome.calls = len(self.ledger)
        self.outcome.lost = sum(not line["delivered"] for line in self.ledger)
