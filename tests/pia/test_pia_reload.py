"""A signal takes the policy anew, and an unfit one changes nothing but the log."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import msgspec
from structlog.testing import capture_logs
from structlog.typing import EventDict

from gurum.pia.reload import Renewal, reloading
from gurum.policy.bundle import BundleError
from gurum.policy.engine import EmbeddedDecisionPoint
from gurum.policy.model import PolicyInput, Principal, Target

SHOW = PolicyInput(
    action="compute:servers:show", principal=Principal(roles=("member",), user_id="u", project_id="p"), target=Target()
)


def _write(directory: Path, *, allow: bool) -> None:
    said = {"allow": allow, "visible": True, "reason": "r", "rule": "r", "rules": ["r"], "denied": [], "reveals": []}
    text = msgspec.json.encode({**said, "scopes": None}).decode()
    (directory / "authz.rego").write_text(f"package gurum.authz\nimport rego.v1\ndecision := {text}\n")


async def _hup(lines: list[EventDict], more: int = 1) -> None:
    told = len(lines) + more
    os.kill(os.getpid(), signal.SIGHUP)
    async with asyncio.timeout(60):
        while len(lines) < told:  # noqa: ASYNC110 - what is waited for is a line, which sets no event
            await asyncio.sleep(0.01)


async def test_a_signal_takes_the_bundle_anew(tmp_path: Path) -> None:
    _write(tmp_path, allow=True)
    point = EmbeddedDecisionPoint(tmp_path)
    before = point.revision
    with capture_logs() as lines:
        async with reloading(Renewal("policy", point.reload)):
            _write(tmp_path, allow=False)
            assert point.decide(SHOW).allow
            await _hup(lines)
            assert (point.decide(SHOW).allow, point.revision != before) == (False, True)
            (tmp_path / "authz.rego").write_text("package gurum.authz\n")
            kept = point.revision
            await _hup(lines)
            assert (point.decide(SHOW).error, point.revision) == (False, kept)
            _write(tmp_path, allow=True)
            await _hup(lines)
            assert point.decide(SHOW).allow
    assert [(line["log_level"], line["event"].split(",")[0]) for line in lines] == [
        ("info", "reloaded"),
        ("error", "not reloaded"),
        ("info", "reloaded"),
    ]
    assert {line["what"] for line in lines} == {"policy"}
    assert "rego.v1" in lines[1]["error"]


async def test_what_cannot_be_tried_is_told_and_the_signal_is_left_as_it_was() -> None:
    said: list[type[Exception]] = [OSError, BundleError]

    def reload() -> str:
        raise said.pop(0)("no")

    with capture_logs() as lines:
        async with reloading(Renewal("first", reload), Renewal("second", lambda: "new")):
            await _hup(lines, 2)
            await _hup(lines, 2)
    assert [line.get("error", line["what"]) for line in lines] == ["no", "second", "no", "second"]
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
