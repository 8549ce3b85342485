"""A look at a database without changing it: whether it is there, and in which form."""

from __future__ import annotations

import msgspec

from gurum.ops.config import ConfigError
from gurum.store.postgresql import migrate
from gurum.store.postgresql.errors import FAILURES, explain
from gurum.store.postgresql.link import Place
from gurum.store.shipped import shipped


class Found(msgspec.Struct, frozen=True):
    """missing: the migrations that were not made; now: its clock, seconds since the epoch."""

    missing: list[str]
    now: float


async def look(url: str, *, password: str = "") -> Found:
    """Return what is found. Raises UnavailableError, NewerStoreError, ConfigError."""
    place = Place(url, password=password)
    try:
        session = await place.session()
        try:
            missing = await migrate.missing(session, shipped("postgresql"), str(place))
            [[now]] = await session.fetch("SELECT extract(epoch FROM clock_timestamp())::float8")
        finally:
            session.give_up()
    except FAILURES as error:
        raise explain(error, str(place)) from error
    except ValueError as error:  # the driver's, about the URL; its text may quote what it could not read
        raise ConfigError(f"{place} is no URL of a PostgreSQL database") from error
    return Found([f"{one.number:04} {one.name}" for one in missing], float(now))
