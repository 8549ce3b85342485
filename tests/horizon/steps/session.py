"""Logging in, choosing the region, logging out."""

from __future__ import annotations

import urllib.parse

from tests.horizon.journey import Step
from tests.horizon.visit import UnexpectedError, Visit, contains, expect

PAGE = "Session"
LOGIN = "/auth/login/"


def forged(visit: Visit) -> str:
    """A post without the token that the page gave is refused, as from another site's page."""
    visit.browser.get(LOGIN)
    body = urllib.parse.urlencode({"username": visit.site.user, "password": visit.site.password}).encode()
    answer = visit.browser.send("POST", LOGIN, body)
    contains(answer.address, "csrf_failure=")
    if visit.browser.cookie("sessionid"):
        raise UnexpectedError("a session was opened without the page's token")
    return "refused"


def log_in(visit: Visit) -> str:
    page = visit.browser.get(LOGIN)
    form = page.form("username")
    page = visit.browser.submit(page, form, {"username": visit.site.user, "password": visit.site.password})
    expect(page.title, "Overview - OpenStack Dashboard", "the page after logging in")
    contains(page.text, visit.site.project, visit.site.region, visit.site.other)
    return f"{visit.site.user} in {visit.site.project}"


def region(visit: Visit) -> str:
    """The region list of the page's head leads there; everything after this is about that region."""
    links = visit.browser.get("/project/").links()
    page = visit.browser.get(links[visit.site.region])
    expect(visit.browser.cookie("services_region"), visit.site.region, "the region that Horizon remembers")
    contains(page.text, f"{visit.site.project} {visit.site.region}")
    session = visit.browser.rest("GET", "/api/keystone/user-session/")
    expect(session["services_region"], visit.site.region, "the session's region")
    visit.kept["project"] = session["project_id"]
    return visit.site.region


def other(visit: Visit) -> str:
    """In the other region nothing of ours is to be seen; then back."""
    links = visit.browser.get("/project/").links()
    visit.browser.get(links[visit.site.other])
    names = visit.table("/project/networks/", "networks").names
    expect(names, [visit.site.external], f"networks in {visit.site.other}")
    visit.browser.get(links[visit.site.region])
    return f"{visit.site.other} shows {', '.join(names)}"


def log_out(visit: Visit) -> str:
    page = visit.browser.get("/project/")
    form = page.form("csrfmiddlewaretoken", action="/auth/logout/")
    page = visit.browser.submit(page, form, {})
    expect(page.address.partition("?")[0], LOGIN, "the page after logging out")
    page = visit.browser.get("/project/instances/")
    expect(page.address.partition("?")[0], LOGIN, "the page that a stranger gets for the instances")
    return "a stranger is sent to the login"


ARRIVING = (
    Step(PAGE, "a forged login is refused", forged),
    Step(PAGE, "log in", log_in),
    Step(PAGE, "switch to the region", region, ("log in",)),
)
LEAVING = (Step(PAGE, "log out", log_out, ("log in",)),)
