"""The images: a page whose content is fetched by its script."""

from __future__ import annotations

import urllib.parse

from tests.horizon.journey import Step
from tests.horizon.visit import Visit, contains, expect

PAGE = "Images"
NOBODY = "00000000-0000-4000-8000-000000000000"
UNKNOWN = (rf"GET /v2/images/{NOBODY} 404$", rf"django\.request: Not Found: /api/glance/images/{NOBODY}/$")
NO_THREADS = "max_workers must be greater than zero"
EMPTY = (
    r"openstack_dashboard\.api\.rest\.utils: error invoking apiclient$",
    r"django\.request: Internal Server Error: /api/glance/metadefs/namespaces/$",
)


def frame(visit: Visit) -> str:
    """The page that the script fills; its settings tell what a person may do."""
    page = visit.browser.get("/project/images")
    expect(page.title, "Images - OpenStack Dashboard", "the title")
    settings = visit.browser.rest("GET", "/api/settings/")
    contains(" ".join(settings["OPENSTACK_IMAGE_FORMATS"]), "raw")
    expect(visit.browser.rest("GET", "/api/glance/version/"), {"version": "2"}, "the API's version")
    return page.title


def listed(visit: Visit) -> str:
    """As the table asks for them, and as the launch dialogue does."""
    items = visit.browser.rest("GET", "/api/glance/images/")["items"]
    expect(sorted(item["name"] for item in items), sorted(visit.site.images), "the images")
    expect({item["status"] for item in items}, {"active"}, "their states")
    expect({item["visibility"] for item in items}, {"public"}, "their visibility")
    visit.kept["image"] = next(item["id"] for item in items if item["name"] == visit.site.images[0])
    visit.kept["image name"] = visit.site.images[0]
    query = urllib.parse.urlencode({"status": "active", "sort_key": "name", "sort_dir": "asc"})
    ordered = visit.browser.rest("GET", f"/api/glance/images/?{query}")["items"]
    expect([item["name"] for item in ordered], sorted(visit.site.images), "the images by name")
    community = visit.browser.rest("GET", f"/api/glance/images/?{query}&visibility=community")["items"]
    expect(community, [], "the community's images")
    return ", ".join(item["name"] for item in ordered)


def detail(visit: Visit) -> str:
    uid = visit.kept["image"]
    page = visit.browser.get(f"/ngdetails/OS::Glance::Image/{uid}")
    contains(page.title, "OpenStack Dashboard")
    image = visit.browser.rest("GET", f"/api/glance/images/{uid}/")
    expect((image["name"], image["status"]), (visit.kept["image name"], "active"), "the image")
    expect(visit.browser.rest("GET", f"/api/glance/images/{uid}/properties/")["os_hidden"], False, "os_hidden")
    return f"{image['name']} {image['status']}, {image['disk_format']}"


def definitions(visit: Visit, resource_type: str, target: str) -> str:
    """Ask for metadata definitions as the dialogues do: none is loaded, which the region answers with an empty list.

    Of an empty list Horizon 27 itself makes an error (it starts as many threads as there are namespaces), which its
    dialogues pass over; a Horizon that does better shows the empty list.
    """
    query = urllib.parse.urlencode({"resource_type": resource_type, "properties_target": target})
    answer = visit.browser.send("GET", f"/api/glance/metadefs/namespaces/?{query}", script=True)
    if answer.status == 200:
        expect(answer.json()["items"], [], f"definitions for {resource_type}")
    else:
        contains(answer.text, NO_THREADS)
    return "none loaded"


def unknown(visit: Visit) -> str:
    """An image that is not there is not found, in the region's words."""
    answer = visit.browser.send("GET", f"/api/glance/images/{NOBODY}/", script=True)
    expect(answer.status, 404, "the status")
    contains(answer.text, f"No image found with ID {NOBODY}")
    return "not found"


STEPS = (
    Step(PAGE, "the page", frame),
    Step(PAGE, "the list", listed),
    Step(PAGE, "an image", detail, ("the list",)),
    Step(PAGE, "an unknown image", unknown, (), UNKNOWN),
    Step(PAGE, "metadata definitions", lambda visit: definitions(visit, "OS::Glance::Image", ""), (), EMPTY),
)
