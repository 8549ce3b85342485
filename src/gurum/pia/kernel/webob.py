"""Refusals as the WSGI library under OpenStack's services words them: JSON for who asks for it, else a page of HTML.

glanceclient asks for nothing in particular and reads the page; of the JSON it can make nothing and fails with an error
of its own instead of "not found". So what kind of body comes is part of the answer.
"""

from __future__ import annotations

from html import escape

from gurum.pia.kernel.wire import Request, Response, json

BREAK = "<br /><br />\n"  # between the explanation and the detail
HTML = "text/html; charset=UTF-8"
_PAGE = (
    "<html>\n <head>\n  <title>{status}</title>\n </head>\n <body>\n  <h1>{status}</h1>\n  {text}\n </body>\n</html>"
)


def refusal(request: Request, code: int, title: str, message: str) -> Response:
    """Return the answer. `message` is the library's, with BREAK in it; a page is not sent for a HEAD."""
    status = f"{code} {title}"
    if request.method == "HEAD":
        return Response(status=code, content_type=HTML)
    accept = request.headers.get("accept", "")
    if "application/json" in accept and "text/html" not in accept:
        return json({"message": message, "code": status, "title": title}, code)
    text = BREAK.join(escape(part) for part in message.split(BREAK))
    return Response(status=code, body=_PAGE.format(status=status, text=text).encode(), content_type=HTML)
