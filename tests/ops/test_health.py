"""A process says what it misses, by name."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from gurum.ops import health, metrics


async def _well() -> str | None:
    return None


async def _missing() -> str | None:
    return "the store at sqlite:///x does not answer"


async def _broken() -> str | None:
    raise ConnectionError("refused")


async def _hanging() -> str | None:
    await asyncio.Event().wait()
    return None


def _readiness(**checks: health.Check) -> health.Readiness:
    return health.Readiness("engine", checks, metrics.registry("engine"))


async def test_each_failing_check_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_TIMEOUT", 0.01)
    missing = await _readiness(store=_missing, cloud=_broken, lease=_hanging, identity=_well).missing()
    assert missing == {
        "store": "the store at sqlite:///x does not answer",
        "cloud": "ConnectionError: refused",
        "lease": "no answer within 0.01 s",
    }


async def _get(port: int, path: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, answer.content_type, await answer.text()


async def test_the_three_paths_over_http() -> None:
    checks: dict[str, health.Check] = {"store": _missing}
    readiness = _readiness(**checks)
    async with health.serve(readiness, "127.0.0.1", 0) as port:
        assert (await _get(port, "/healthz"))[0] == 200
        status, kind, body = await _get(port, "/readyz")
        shown: dict[str, Any] = json.loads(body)
        assert (status, kind) == (503, "application/json")
        assert shown == {
            "process": "engine",
            "ready": False,
            "missing": {"store": "the store at sqlite:///x does not answer"},
        }
        readiness.checks["store"] = _well
        assert (await _get(port, "/readyz"))[0] == 200
        status, kind, body = await _get(port, "/metrics")
        assert (status, kind) == (200, "text/plain")
        assert 'gurum_build_info{process="engine",version="' in body
        assert (await _get(port, "/other"))[0] == 404


async def test_registries_do_not_share() -> None:
    one, two = metrics.registry("a"), metrics.registry("b")
    assert b'process="a"' in metrics.render(one)
    assert b'process="a"' not in metrics.render(two)
