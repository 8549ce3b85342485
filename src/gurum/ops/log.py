"""Logs as JSON lines, the same fields from every process, secrets replaced, libraries included.

One request passes through three processes. It can be followed only if each line names the request in the same words,
so the words are fixed here (`FIELDS`) and bound to the task once, not repeated at every call.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, MutableMapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import structlog

from gurum.ops.config import ConfigError, LogConfig
from gurum.ops.lines import Lines
from gurum.ops.redact import Redactor

# What a line may be about, always under these names.
FIELDS = ("request_id", "global_request_id", "project_id", "user_id", "resource_id", "decision_id", "region")

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

# Libraries that speak at INFO of what our own lines say better, or at DEBUG of every byte.
QUIET = ("aiobotocore", "aiohttp.access", "asyncio", "botocore", "urllib3", "uvicorn.access")

Event = MutableMapping[str, Any]


def configure(config: LogConfig, process: str, known_secrets: Collection[str] = ()) -> Lines:
    """Send every log line of this process, structlog's and logging's, to `<directory>/<process>.log` (or stderr).

    `known_secrets` are replaced wherever they appear. Returns the sink; a main closes it last. May be called again:
    the later call wins. Raises ConfigError for an unknown level, OSError if the file cannot be opened.
    """
    if config.level not in LEVELS:
        raise ConfigError(f"log.level is {config.level!r}; it may be {', '.join(LEVELS)}")
    path = Path(config.directory) / f"{process}.log" if config.directory else None
    lines = Lines(path, config.max_bytes, config.keep)
    chain = _Chain(process, Redactor(known_secrets), lines)
    level = logging.getLevelNamesMapping()[config.level]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, chain],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Handler(chain)]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(True)
    sys.excepthook = _crash(chain, sys.__excepthook__)
    return lines


def bind(**fields: str) -> AbstractContextManager[None]:
    """Put fields on every line that the block, and the tasks it starts, write."""
    return structlog.contextvars.bound_contextvars(**fields)


class _Chain:
    """The last processor: completes, redacts, encodes and writes, and so ends structlog's own chain."""

    def __init__(self, process: str, redact: Redactor, lines: Lines) -> None:
        self._process, self._redact, self._lines = process, redact, lines
        self._encode = msgspec.json.Encoder(enc_hook=str).encode

    def __call__(self, _logger: Any, method: str, event: Event) -> Event:
        self.line(method, event)
        raise structlog.DropEvent

    def line(self, level: str, event: Event) -> None:
        """Write one line: time, level, process and event first, the rest in the order given."""
        line: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": level,
            "process": self._process,
            "event": event.pop("event", ""),
        }
        if "exc_info" in event:
            structlog.processors.format_exc_info(None, level, event)
        line |= event
        encoded = self._encode(line)
        if self._redact.suspects(line, encoded):
            self._redact(None, level, line)
            encoded = self._encode(line)
        self._lines.write(encoded)


class _Handler(logging.Handler):
    """Lets lines of libraries that use `logging` pass the same way."""

    def __init__(self, chain: _Chain) -> None:
        super().__init__()
        self._chain = chain

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, with what is bound to the task that logged."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError) as error:  # a library's wrong arguments must not fail its caller
            message = f"{record.msg} (its arguments do not fit: {error})"
        event: Event = {"event": message, "logger": record.name, **structlog.contextvars.get_contextvars()}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        self._chain.line(record.levelname.lower(), event)


def _crash(chain: _Chain, then: Any) -> Any:
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            chain.line("error", {"event": "the process ends with an error", "exc_info": (kind, error, trace)})
        then(kind, error, trace)

    return hook
