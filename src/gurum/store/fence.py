"""Fences: how a writer whose time is over is kept from writing, however late its write comes.

An engine acts for a shard while it holds the shard's lease. One that was paused (a stopped process, a machine that was
moved) still believes so when it wakes up, and no look at a clock helps: it may be paused again between the look and the
write. So the store itself refuses: within `within(fence)` each write is accepted only while the lease has that holder
and that epoch, which a successor has raised. In SQL that is decided in the transaction of the write; what Kubernetes
can decide, which has no such transactions, stands in `gurum.store.kubernetes.fence`.

It is told by context, as a request id is, because it belongs to the piece of work and not to the object that is
written: what is done for a server frees an address, wakes a network, appends to the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from gurum.model.engine import Lease
from gurum.store.contract import FencedError


@dataclass(frozen=True)
class Fence:
    """Whose time it is: the lease's key, its holder, its epoch. `live` is the writer's own, earlier idea of its end."""

    key: str
    holder: str
    epoch: int
    live: Callable[[], bool] = lambda: True

    def check(self, lease: Lease | None) -> None:
        """Raise FencedError unless the lease, as it is at the moment of the write, is still the writer's."""
        if lease is None or (lease.spec.holder, lease.spec.epoch) != (self.holder, self.epoch):
            raise FencedError(f"{self.key} is another engine's by now: epoch {self.epoch} of {self.holder} is over")


_fence: ContextVar[Fence | None] = ContextVar("fence", default=None)


@contextmanager
def within(fence: Fence | None) -> Iterator[None]:
    """Have what this task writes inside refused once the fence's time is over; None: as if there were none."""
    token = _fence.set(fence)
    try:
        yield
    finally:
        _fence.reset(token)


def current() -> Fence | None:
    """Return the fence of this task; asked by a store when a write begins. Raises FencedError for one that is over."""
    fence = _fence.get()
    if fence is not None and not fence.live():
        raise FencedError(f"{fence.key} could not be renewed in time: epoch {fence.epoch} of {fence.holder} is over")
    return fence
