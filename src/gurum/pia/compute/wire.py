"""Nova's habits on the wire: which faults look how, and what happens outside the table of routes.

All of it was seen in recordings of a real Nova: a wrong method, a trailing slash and an unknown path are the same 404
of webob's making, an unknown root is 300 with choices, OPTIONS is answered before anything else.
"""

from __future__ import annotations

import re
from typing import Any

from gurum.pia.kernel import webob
from gurum.pia.kernel.errors import ApiError, bad_request
from gurum.pia.kernel.wire import Request, Response, UnreadableError, decode, json
from gurum.policy.model import Decision

VERSION = "/v2.1"
# The API before there were microversions, which clients of that age still ask for: the first one, without the headers,
# and what a body says too much is dropped instead of refused.
LEGACY = "/v2"
VERSION_HEADERS = ("openstack-api-version", "x-openstack-nova-api-version")
ERROR_TYPE = "application/json; charset=UTF-8"
MEDIA_TYPES = frozenset({"", "text/plain", "application/json", "application/vnd.openstack.compute+json"})
FAULTS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}

_PROJECT = re.compile(r"[0-9a-f-]{32,36}\Z")


class ComputeWire:
    """See `gurum.pia.kernel.service.Wire`. `highest` is the newest minor version served."""

    def __init__(self, highest: int) -> None:
        self._highest = highest

    def documents(self, request: Request) -> Response | None:
        """Answer version documents, unknown roots and OPTIONS, none of which needs a token."""
        if request.method == "OPTIONS":
            return Response(content_type=None)
        path = request.path
        if path.startswith(LEGACY + "/") and path != LEGACY + "/":
            request.lenient = True
            request.headers = {name: text for name, text in request.headers.items() if name not in VERSION_HEADERS}
            request.path = path = VERSION + path[len(LEGACY) :]
        if path.startswith(VERSION + "/") and path != VERSION + "/":
            return None
        versions = {LEGACY: self._legacy(request.root), VERSION: self._version(request.root)}
        if path in ("", "/"):
            return json({"versions": list(versions.values())})
        if path.removesuffix("/") in versions:
            version = versions[path.removesuffix("/")]
            link = {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}
            number = version["id"].removeprefix("v").removesuffix(".0")
            media = {"base": "application/json", "type": f"application/vnd.openstack.compute+json;version={number}"}
            return json({"version": version | {"links": [*version["links"], link], "media-types": [media]}})
        choice = {
            "id": "v2.1",
            "status": "CURRENT",
            "links": [{"rel": "self", "href": f"{request.root}{VERSION}{path}"}],
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}],
        }
        return json({"choices": [choice]}, 300)

    def _legacy(self, root: str) -> dict[str, Any]:
        return {
            "id": "v2.0",
            "links": [{"rel": "self", "href": f"{root}{LEGACY}/"}],
            "status": "SUPPORTED",
            "version": "",
            "min_version": "",
            "updated": "2011-01-21T11:33:21Z",
        }

    def _version(self, root: str) -> dict[str, Any]:
        return {
            "id": "v2.1",
            "links": [{"rel": "self", "href": f"{root}{VERSION}/"}],
            "status": "CURRENT",
            "version": f"2.{self._highest}",
            "min_version": "2.1",
            "updated": "2013-07-23T11:33:21Z",
        }

    def segments(self, request: Request) -> list[str] | None:
        """Split the path. An empty first segment and a project's id before the noun are tolerated."""
        segments = request.path[len(VERSION) + 1 :].split("/")
        if len(segments) > 1:
            if segments[0] == "":
                return segments[1:]
            if _PROJECT.match(segments[0]):
                request.project = segments[0]
                return segments[1:]
        return segments

    def unrouted(self, request: Request, methods: frozenset[str]) -> Response:
        """Answer the 404 that every path outside the table gets, whatever its method."""
        return webob.refusal(request, 404, "Not Found", f"The resource could not be found.{webob.BREAK}\n\n")

    def unversioned(self, request: Request) -> ApiError:
        """Return the 404 of an operation that its version does not have."""
        return ApiError(404, "The resource could not be found.")

    def no_action(self, request: Request, action: str | None) -> ApiError:
        """Return the 400 of a body that names no action, or one that does not exist."""
        return bad_request("Malformed request body" if action is None else f"There is no such action: {action}")

    def error(self, request: Request, error: ApiError) -> Response:
        """Render a fault."""
        fault: dict[str, object] = {"code": error.status, "message": error.message}
        for name, value in error.headers:
            if name.lower() == "retry-after" and error.status in (413, 429):
                fault["retryAfter"] = value
        response = json({FAULTS.get(error.status, "computeFault"): fault}, error.status, content_type=ERROR_TYPE)
        response.headers.extend(error.headers)
        return response

    def too_large(self, request: Request) -> Response:
        """Answer the 413 of oslo.middleware."""
        return webob.refusal(request, 413, "Request Entity Too Large", f"Request is too large.{webob.BREAK}\n\n")

    def body(self, request: Request) -> Any:
        """Decode JSON; no content type and text/plain pass for it. None when there is no body."""
        if not request.body:
            return None
        if request.media_type not in MEDIA_TYPES:
            raise ApiError(415, "Unsupported Content-Type")
        try:
            return decode(request.body)
        except UnreadableError:
            raise bad_request("Malformed request body") from None

    def denied(self, request: Request, decision: Decision) -> ApiError:
        """Return the 403 that names the rule."""
        rule = decision.denied[0] if decision.denied else decision.rule
        return ApiError(403, f"Policy doesn't allow {rule} to be performed.")

    def stamp(self, request: Request, response: Response, version: str) -> None:
        """Add request ids and, where a version was understood, its echo."""
        if request.method == "OPTIONS":
            return
        response.headers += [
            ("X-OpenStack-Request-ID", request.request_id),
            ("X-Compute-Request-ID", request.request_id),
        ]
        if version and not request.lenient:
            response.headers += [
                ("OpenStack-API-Version", f"compute {version}"),
                ("X-OpenStack-Nova-API-Version", version),
                ("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version"),
            ]
