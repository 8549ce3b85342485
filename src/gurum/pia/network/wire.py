"""Neutron's habits on the wire: version documents, the error envelope, what unknown paths and methods get."""

from __future__ import annotations

from typing import Any

from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.wire import Request, Response, UnreadableError, decode, empty, json
from gurum.pia.network.faults import bad_request, fault
from gurum.policy.model import Decision

VERSION = "v2.0"
HOME = "."  # the segment that stands for the version's own path in the table
TYPES = {
    400: "HTTPBadRequest",
    403: "HTTPForbidden",
    404: "HTTPNotFound",
    405: "HTTPMethodNotAllowed",
    406: "HTTPNotAcceptable",
    409: "HTTPConflict",
    413: "HTTPRequestEntityTooLarge",
    500: "HTTPInternalServerError",
    503: "HTTPServiceUnavailable",
}
_MALFORMED = "The server could not comply with the request since it is either malformed or otherwise incorrect."


class NetworkWire:
    """See `gurum.pia.kernel.service.Wire`."""

    def documents(self, request: Request) -> Response | None:
        """Answer the root and unknown roots, which need no token; everything below the version does."""
        head = _head(request)
        if head == VERSION:
            return None
        if not head:
            link = {"href": f"{request.root}/{VERSION}/", "rel": "self"}
            return json({"versions": [{"id": VERSION, "links": [link], "status": "CURRENT"}]})
        return json({"code": 404, "description": None, "title": "Not Found"}, 404)

    def segments(self, request: Request) -> list[str] | None:
        """Return the segments below the version; a trailing slash and `.json` do not matter.

        Raises a 406 for clients that do not take JSON: Neutron speaks nothing else.
        """
        accept = request.headers.get("accept", "")
        if accept and not any(kind in accept for kind in ("json", "*/*", "application/*")):
            raise ApiError(406, "The resource could not be generated that was acceptable to your browser.")
        rest = request.path.strip("/").removeprefix(VERSION).strip("/").removesuffix(".json")
        return rest.split("/") if rest else [HOME]

    def unrouted(self, request: Request, methods: frozenset[str]) -> Response:
        """Answer 404 for an unknown path, 405 for a method the path does not have."""
        return self.error(request, ApiError(405, _MALFORMED) if methods else fault("HTTPNotFound"))

    def unversioned(self, request: Request) -> ApiError:
        """Return the 404: Neutron has one version."""
        return fault("HTTPNotFound")

    def no_action(self, request: Request, action: str | None) -> ApiError:
        """Return the 404: Neutron has no action bodies."""
        return fault("HTTPNotFound")

    def error(self, request: Request, error: ApiError) -> Response:
        """Render a refusal in Neutron's envelope; without a body for HEAD."""
        if request.method == "HEAD":
            return empty(error.status)
        type_ = error.type or TYPES.get(error.status, "HTTPBadRequest")
        response = json({"NeutronError": {"type": type_, "message": error.message, "detail": ""}}, error.status)
        response.headers += error.headers
        return response

    def too_large(self, request: Request) -> Response:
        """Answer a body over the limit."""
        return self.error(request, ApiError(413, "Request is too large."))

    def body(self, request: Request) -> Any:
        """Return the body, whatever content type it claims; no body is an empty object."""
        if not request.body:
            return {}
        try:
            document = decode(request.body)
        except UnreadableError:
            document = None
        if not isinstance(document, dict):
            raise bad_request("Body contains invalid data")
        return document

    def denied(self, request: Request, decision: Decision) -> ApiError:
        """Return the 403, which names the rules that were asked: the action's, and one an attribute that has one."""
        return fault("PolicyNotAuthorized", rule=expression(decision))

    def stamp(self, request: Request, response: Response, version: str) -> None:
        """Add the request id, except beside the version: Neutron's own documents there have none."""
        if _head(request) == VERSION:
            response.headers.append(("X-Openstack-Request-Id", request.request_id))


def _head(request: Request) -> str:
    return request.path.strip("/").partition("/")[0]


def expression(decision: Decision) -> str:
    """Return the rules as oslo.policy prints their conjunction."""
    first, *rest = decision.rules or (decision.rule,)
    text = f"rule:{first}"
    for rule in rest:
        text = f"({text} and rule:{rule})"
    return text
