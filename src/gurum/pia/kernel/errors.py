"""The one exception by which handlers refuse; how it looks on the wire is the service's affair."""

from __future__ import annotations

from collections.abc import Sequence


class ApiError(Exception):
    """A refusal.

    status: HTTP's. message: the text as users read it, exactly the service's. type: the error's name where the
    service has one (Neutron's exception class); Nova derives it from the status. headers: further ones.
    """

    def __init__(self, status: int, message: str, *, type: str = "", headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.type, self.headers = status, message, type, headers


def bad_request(message: str) -> ApiError:
    """Return a 400."""
    return ApiError(400, message)


def forbidden(message: str) -> ApiError:
    """Return a 403."""
    return ApiError(403, message)


def not_found(message: str) -> ApiError:
    """Return a 404."""
    return ApiError(404, message)


def conflict(message: str) -> ApiError:
    """Return a 409."""
    return ApiError(409, message)
