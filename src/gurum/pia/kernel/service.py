"""What makes one service's wire different from another's, as a description the kernel follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from gurum.identity.tokens import www_authenticate
from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.microversion import Microversions
from gurum.pia.kernel.mirror import Board
from gurum.pia.kernel.route import Route
from gurum.pia.kernel.wire import Request, Response, json
from gurum.policy.model import Decision


class Wire(Protocol):
    """A service's habits: where its paths begin, what its errors and headers look like. Holds no state."""

    def documents(self, request: Request) -> Response | None:
        """Answer what needs no token (version documents, unknown roots); None: the request goes on."""
        ...

    def segments(self, request: Request) -> list[str] | None:
        """Return the segments of the path below the version; None when it is below none."""
        ...

    def unrouted(self, request: Request, methods: frozenset[str]) -> Response:
        """Answer a path that is not in the table (no methods), or is with other methods only."""
        ...

    def unversioned(self, request: Request) -> ApiError:
        """Return the refusal of an operation that exists, but not at the version asked for."""
        ...

    def no_action(self, request: Request, action: str | None) -> ApiError:
        """Return the refusal of an action body: of an unknown action, or (None) of a body that names not one."""
        ...

    def error(self, request: Request, error: ApiError) -> Response:
        """Render a refusal."""
        ...

    def too_large(self, request: Request) -> Response:
        """Answer a body over the limit."""
        ...

    def body(self, request: Request) -> Any:
        """Decode the body (None: there is none). Raises ApiError in the service's words."""
        ...

    def denied(self, request: Request, decision: Decision) -> ApiError:
        """Return the refusal of what policy does not allow."""
        ...

    def stamp(self, request: Request, response: Response, version: str) -> None:
        """Add the headers that every answer carries; `version` is the one to echo, empty for none."""
        ...


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service of a region.

    name: OpenStack's service type. prefix: where it is mounted in the region (`/compute`). routes: its table.
    prepare: adds the mirrors its lists need to the board, once per process, before any request.
    """

    name: str
    prefix: str
    wire: Wire
    routes: Sequence[Route]
    microversions: Microversions | None = None
    prepare: Callable[[Board], None] = lambda board: None


def unauthorized(identity_url: str) -> Response:
    """Return the 401 that keystonemiddleware gives for every service."""
    response = json(
        {
            "error": {
                "code": 401,
                "message": "The request you have made requires authentication.",
                "title": "Unauthorized",
            }
        },
        401,
    )
    response.headers.append(("WWW-Authenticate", www_authenticate(identity_url)))
    return response
