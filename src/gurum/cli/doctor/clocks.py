"""The clocks: leases, tokens and signatures all compare a time of ours with somebody else's."""

from __future__ import annotations

import ssl
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp

from gurum.cli.doctor.findings import Finding, missing, unknown, well
from gurum.ops import secrets
from gurum.ops.config import Config, ConfigError
from gurum.store.contract import StoreError
from gurum.store.kubernetes.access import access

AREA = "clocks"
APART = 5.0  # seconds: a lease lasts fifteen, and AWS refuses signatures that are five minutes off
_LONG = 5.0  # seconds until a server counts as silent; that it is, its own area says


async def look(config: Config, processes: tuple[str, ...]) -> list[Finding]:
    """Return how far those of others are from ours. Who does not tell a time is left out."""
    found: list[Finding] = []
    for name, apart in [
        ("API server", await _cluster(config)),
        ("journal", await _journal(config)),
        ("Keystone", await _http(config.identity.url) if "pia" in processes else None),
    ]:
        if apart is None:
            continue
        if abs(apart) > APART:
            told = f"{abs(apart):.0f} s {'before' if apart > 0 else 'behind'} this machine's"
            found.append(missing(AREA, name, told, "set the clocks by NTP, here and there"))
        else:
            found.append(well(AREA, name, f"within {APART:g} s of this machine's"))
    return found or [unknown(AREA, "others", "nobody told a time")]


async def _cluster(config: Config) -> float | None:
    if not config.store.url.startswith("kubernetes:"):
        return None
    try:
        there = access(config.store.url, "gurum")
        return await _http(f"{there.url}/version", there.tls, there.headers())
    except (ConfigError, OSError):
        return None


async def _journal(config: Config) -> float | None:
    url = config.store.journal_url or config.store.url
    if url.partition("://")[0] not in ("postgresql", "postgres"):
        return None
    from gurum.store.postgresql.looking import look as look_at

    try:
        password = secrets.read(Path(config.store.password_file)) if config.store.password_file else ""
        return (await look_at(url, password=password)).now - time.time()
    except (secrets.SecretError, StoreError, ConfigError):
        return None


async def _http(url: str, tls: ssl.SSLContext | None = None, headers: dict[str, str] | None = None) -> float | None:
    """Return how far before ours the clock of a server is, by the header Date of an answer; None if it has none."""
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_LONG), trust_env=True) as web:
            before = time.time()
            async with web.get(url, ssl=tls or True, headers=headers) as answer:
                after, told = time.time(), answer.headers.get("Date")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None
    try:
        sent = parsedate_to_datetime(told).timestamp() if told else None
    except ValueError:
        return None
    # It is cut to the second, and was written somewhere between our question and the answer.
    return None if sent is None else (sent + 0.5) - (before + after) / 2
