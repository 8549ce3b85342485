"""The sign-in on the wire: refusals in Keystone's envelope, whose tokens these are given for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.wire import Request, Response, json
from gurum.policy.model import Decision

NOT_FOUND = "The resource could not be found."


class SignInWire:
    """See `gurum.pia.kernel.service.Wire`."""

    def documents(self, request: Request) -> Response | None:
        """Answer the version document, which needs no token."""
        if request.path.strip("/"):
            return None
        links = [{"rel": "self", "href": f"{request.root}/v1/"}]
        return json({"versions": [{"id": "v1.0", "status": "CURRENT", "links": links}]})

    def segments(self, request: Request) -> list[str] | None:
        """Return the segments below the version; None where there is none."""
        head, _, rest = request.path.strip("/").partition("/")
        return rest.split("/") if head == "v1" else None

    def unrouted(self, request: Request, methods: frozenset[str]) -> Response:
        """Answer 404 for an unknown path, 405 for an unknown method of one."""
        if not methods:
            return self.error(request, ApiError(404, NOT_FOUND))
        response = self.error(request, ApiError(405, "The method is not allowed for the requested URL."))
        response.headers.append(("Allow", ", ".join(sorted(methods))))
        return response

    def unversioned(self, request: Request) -> ApiError:
        """Return the 404: there is one version."""
        return ApiError(404, NOT_FOUND)

    def no_action(self, request: Request, action: str | None) -> ApiError:
        """Return the 404: there are no action bodies."""
        return ApiError(404, NOT_FOUND)

    def error(self, request: Request, error: ApiError) -> Response:
        """Render a refusal as Keystone does."""
        inner = {"code": error.status, "message": error.message, "title": HTTPStatus(error.status).phrase}
        response = json({"error": inner}, error.status)
        response.headers += error.headers
        return response

    def too_large(self, request: Request) -> Response:
        """Answer a body over the limit."""
        return self.error(request, ApiError(413, "The request is too large."))

    def body(self, request: Request) -> Any:
        """Leave the body: everything that counts is in the token."""
        return None

    def denied(self, request: Request, decision: Decision) -> ApiError:
        """Return the 403."""
        return ApiError(403, "You are not authorized to perform the requested action.")

    def stamp(self, request: Request, response: Response, version: str) -> None:
        """Add the request id."""
        response.headers.append(("X-Openstack-Request-Id", request.request_id))
