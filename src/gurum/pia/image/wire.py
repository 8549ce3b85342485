"""Glance's habits on the wire: version documents, its error envelope, what unknown paths and methods get."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from gurum.pia.kernel import webob
from gurum.pia.kernel.errors import ApiError
from gurum.pia.kernel.webob import BREAK
from gurum.pia.kernel.wire import Request, Response, json
from gurum.policy.model import Decision

CURRENT = 9  # the last minor version that adds something a catalogue has (os_hidden, stores); later ones are writes
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")  # in the order of Glance's Allow header
NOT_FOUND = "The resource could not be found."
PHRASES = {416: "Request Range Not Satisfiable", 413: "Request Entity Too Large"}


class ImageError(ApiError):
    """A refusal whose explanation is the status's own, with the reason below it, as webob prints them."""

    def __init__(self, status: int, explanation: str, detail: str) -> None:
        super().__init__(status, f"{explanation}{BREAK}{detail}")


def denied_text(rule: str) -> str:
    """Return what Glance says when policy forbids an action."""
    return f"You are not authorized to complete {rule} action."


class ImageWire:
    """See `gurum.pia.kernel.service.Wire`."""

    def documents(self, request: Request) -> Response | None:
        """Answer version documents: they need no token, and every path of no version is one."""
        head, slash, _ = request.path.strip("/").partition("/")
        if head == "v2" and slash:
            return None
        return json({"versions": versions(request.root)}, 200 if request.path == "/versions" else 300)

    def segments(self, request: Request) -> list[str] | None:
        """Return the segments below the version. A trailing slash is another path, which Glance does not have."""
        return request.path.removeprefix("/v2/").split("/")

    def unrouted(self, request: Request, methods: frozenset[str]) -> Response:
        """Answer 404 for an unknown path, 405 with the path's methods for another one."""
        if not methods:
            return self.error(request, ApiError(404, NOT_FOUND))
        text = f"The method {request.method} is not allowed for this resource. {BREAK}"
        response = _error(request, 405, text)
        response.headers.append(("Allow", ", ".join(method for method in METHODS if method in methods)))
        return response

    def unversioned(self, request: Request) -> ApiError:
        """Return the 404: a catalogue's routes are of every version."""
        return ApiError(404, NOT_FOUND)

    def no_action(self, request: Request, action: str | None) -> ApiError:
        """Return the 404: Glance has no action bodies."""
        return ApiError(404, NOT_FOUND)

    def error(self, request: Request, error: ApiError) -> Response:
        """Render a refusal as Glance does: JSON, or a page for who does not ask for JSON (glanceclient)."""
        text = error.message if BREAK in error.message else f"{error.message}{BREAK}"
        response = _error(request, error.status, text if error.status == 415 else f"{text}\n\n")
        response.headers += error.headers
        return response

    def too_large(self, request: Request) -> Response:
        """Answer a body over the limit. It can only be image data, and none is taken here."""
        return self.error(request, ApiError(413, "The images of this region are a catalogue: no data is taken."))

    def body(self, request: Request) -> Any:
        """Leave the body as it came: image data is none of ours to parse, and each operation reads its own."""
        return None

    def denied(self, request: Request, decision: Decision) -> ApiError:
        """Return the 403, which names the rule that refused."""
        rule = decision.denied[0] if decision.denied else decision.rule
        return ApiError(403, denied_text(rule))

    def stamp(self, request: Request, response: Response, version: str) -> None:
        """Add the request id."""
        response.headers.append(("X-Openstack-Request-Id", request.request_id))


def _error(request: Request, status: int, message: str) -> Response:
    return webob.refusal(request, status, PHRASES.get(status) or HTTPStatus(status).phrase, message)


def versions(root: str) -> list[dict[str, Any]]:
    """Return the versions that are served, newest first."""
    links = [{"rel": "self", "href": f"{root}/v2/"}]
    return [
        {"id": f"v2.{minor}", "status": "CURRENT" if minor == CURRENT else "SUPPORTED", "links": links}
        for minor in range(CURRENT, -1, -1)
    ]
