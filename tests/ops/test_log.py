"""Every line is JSON with the agreed fields, whoever wrote it."""

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from gurum.ops import log
from gurum.ops.config import ConfigError, LogConfig


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    yield
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    structlog.reset_defaults()


def _lines(directory: Path, process: str = "api") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / f"{process}.log").read_text().splitlines()]


def test_a_line_has_the_fields_and_what_is_bound(tmp_path: Path) -> None:
    log.configure(LogConfig(directory=str(tmp_path)), "api")
    with log.bind(request_id="req-1", project_id="p"):
        structlog.get_logger().info("server created", resource_id="s")
    structlog.get_logger().info("later")
    first, second = _lines(tmp_path)
    assert list(first)[:4] == ["time", "level", "process", "event"]
    assert first["time"].endswith("Z")
    assert {k: first[k] for k in first if k != "time"} == {
        "level": "info",
        "process": "api",
        "event": "server created",
        "request_id": "req-1",
        "project_id": "p",
        "resource_id": "s",
    }
    assert "request_id" not in second


def test_what_libraries_log_and_warn_passes_the_same_way(tmp_path: Path) -> None:
    log.configure(LogConfig(directory=str(tmp_path)), "api")
    with log.bind(request_id="req-2"):
        logging.getLogger("library").warning("disk %d %% full", 90)
    logging.getLogger("library").warning("wrong %d arguments", "a")
    logging.getLogger("botocore.endpoint").info("every byte")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        log.configure(LogConfig(directory=str(tmp_path)), "api")  # catch_warnings has put the hook aside
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    first, second, third = _lines(tmp_path)
    assert (first["event"], first["logger"], first["level"]) == ("disk 90 % full", "library", "warning")
    assert first["request_id"] == "req-2"
    assert second["event"].startswith("wrong %d arguments (its arguments do not fit")
    assert "DeprecationWarning: old" in third["event"]


def test_an_exception_is_in_its_line_without_secrets(tmp_path: Path) -> None:
    log.configure(LogConfig(directory=str(tmp_path)), "api", known_secrets=["correct-horse-battery"])
    try:
        raise ValueError("no login for correct-horse-battery")
    except ValueError:
        structlog.get_logger().exception("refused")
    (line,) = _lines(tmp_path)
    assert line["exception"].endswith("ValueError: no login for [redacted]")
    assert "Traceback" in line["exception"]


def test_a_crash_is_logged_and_still_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(LogConfig(directory=str(tmp_path)), "api")
    error = RuntimeError("boom")
    sys.excepthook(RuntimeError, error, None)
    assert "RuntimeError: boom" in capsys.readouterr().err
    (line,) = _lines(tmp_path)
    assert line["level"] == "error"
    assert "RuntimeError: boom" in line["exception"]


def test_levels(tmp_path: Path) -> None:
    log.configure(LogConfig(directory=str(tmp_path), level="WARNING"), "api")
    structlog.get_logger().info("no")
    structlog.get_logger().warning("yes")
    assert [line["event"] for line in _lines(tmp_path)] == ["yes"]
    with pytest.raises(ConfigError, match=r"log.level is 'LOUD'; it may be DEBUG, INFO"):
        log.configure(LogConfig(level="LOUD"), "api")
