"""An event loop whose time jumps to the next timer instead of waiting for it.

Minutes of backoff, visibility windows and leases pass in microseconds, in their right order. While a thread works for
the loop (a commit of SQLite), or a server does (a statement in PostgreSQL), time stands still: otherwise timers would
overtake work that takes no virtual time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

_STUCK = 10.0  # real seconds without anything to do and nothing to wait for: a deadlock in the test


class _Selector(selectors.DefaultSelector):
    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; with nothing ready, move the loop's time instead of waiting."""
        ready = super().select(0)
        if ready or timeout == 0:
            return list(ready)
        if self.loop.busy:
            return list(super().select(0.001))
        if timeout is None:
            waited = list(super().select(_STUCK))
            if not waited:
                raise TimeoutError("the virtual loop waits for nothing that could happen")
            return waited
        self.loop.advance(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        selector = _Selector()
        selector.loop = self
        self._now = 1000.0
        self.busy = 0
        super().__init__(selector)

    def time(self) -> float:
        """Return the virtual time."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move time."""
        self._now += seconds

    @contextmanager
    def still(self) -> Iterator[None]:
        """Have time stand still inside, while somebody outside the loop works for it."""
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1

    def run_in_executor(  # type: ignore[override]  # the library's own signature needs type variables that mypy lacks
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run in a thread; time stands still until it is done."""
        self.busy += 1
        future = super().run_in_executor(executor, func, *args)

        def done(_: asyncio.Future[Any]) -> None:
            self.busy -= 1

        future.add_done_callback(done)
        return future


def run_virtual(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)
