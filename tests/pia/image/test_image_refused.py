"""What a catalogue refuses, and Glance's wire around it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pia.image.test_image_list import MINE, an_image, call, image_kit, uid
from tests.support.pia import ROOT

from gurum.pia.image.refused import REFUSALS
from gurum.pia.image.schemas import SCHEMAS

PATCH = {"content-type": "application/openstack-images-v2.1-json-patch"}
DATA = {"content-type": "application/octet-stream"}
JSON = {"content-type": "application/json"}
# What a client would send of each refused operation, so that nothing but the catalogue is in the way.
RIGHT: dict[str, tuple[bytes, dict[str, str]]] = {
    "PATCH /images/{id}": (b'[{"op": "replace", "path": "/name", "value": "x"}]', PATCH),
    "PUT /images/{id}/file": (b"data", DATA),
    "PUT /images/{id}/stage": (b"data", DATA),
    "POST /images/{id}/import": (b'{"method": {"name": "web-download"}}', JSON),
}


def message(text: str) -> str:
    return f"{text}<br /><br />\n\n\n"


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("token", ["member", "admin"])
async def test_refused_as_by_a_policy(row: Any, token: str) -> None:
    kit = await image_kit(an_image(1, owner=MINE))
    raw, headers = RIGHT.get(f"{row.method} {row.path}", (b"", {}))
    path = row.path.replace("{id}", uid(1)).replace("{tag}", "t")
    answer = await call(kit, path, token, row.method, raw=raw, headers=headers)
    assert (answer.status, answer.json["message"]) == (
        403,
        message(f"You are not authorized to complete {row.rule} action."),
    )
    unknown = row.path.replace("{id}", "none").replace("{tag}", "t")
    answer = await call(kit, unknown, token, row.method, raw=raw, headers=headers)
    assert (answer.status, answer.json["message"]) == (404, message(row.unknown.format("none")))


@pytest.mark.parametrize("token", ["member", "reader", "admin"])
async def test_creation_is_refused(token: str) -> None:
    kit = await image_kit()
    answer = await call(kit, "/images", token, "POST", body={"name": "x", "visibility": "private"})
    assert answer.json == {
        "code": "403 Forbidden",
        "title": "Forbidden",
        "message": message("You are not authorized to complete add_image action."),
    }


@pytest.mark.parametrize(
    ("raw", "status", "start"),
    [
        (b"", 400, "Body expected in request."),
        (b"{", 400, "Malformed JSON in request body."),
        (b'{"name": "\xe9"}', 400, "Malformed JSON in request body."),
        (b"[" * 5000, 400, "Malformed JSON in request body."),
        (b"null", 400, "Unexpected body type. Expected list/dict."),
        (b'{"size": 5}', 403, "Attribute 'size' is read-only."),
        (b'{"locations": []}', 403, "Attribute 'locations' is reserved."),
        (b'{"min_disk": 99999999999}', 400, "'min_disk' value out of range, must not exceed 2147483647."),
        (b'{"name": 5}', 400, "Provided object does not match schema 'image': 5 is not of type 'null', 'string'\n\n"),
        (b'{"my_prop": 5}', 400, "Provided object does not match schema 'image': 5 is not of type 'string'"),
        (b'{"visibility": "public"}', 403, "You are not authorized to complete publicize_image action."),
    ],
)
async def test_mistakes_are_told_first(raw: bytes, status: int, start: str) -> None:
    answer = await call(await image_kit(), "/images", method="POST", raw=raw)
    assert answer.status == status
    assert answer.json["message"].startswith(start)


@pytest.mark.parametrize("depth", [*range(97, 103), *range(400, 1001, 60)])
async def test_depths_around_what_can_be_decoded(depth: int) -> None:
    raw = b'{"my_prop": %s}' % ("[" * depth + "]" * depth).encode()
    kit = await image_kit(an_image(1, owner=MINE))
    assert (await call(kit, "/images", method="POST", raw=raw)).status == 400
    patch = b'[{"op": %s, "path": "/x"}]' % ("[" * depth + "]" * depth).encode()
    assert (await call(kit, f"/images/{uid(1)}", method="PATCH", raw=patch, headers=PATCH)).status == 400


async def test_reserved_properties() -> None:
    answer = await call(await image_kit(), "/images", method="POST", body={"os_glance_x": "y"})
    text = "Access was denied to this resource.<br /><br />\nAttribute 'os_glance_x' is reserved.\n\n"
    assert (answer.status, answer.json["message"]) == (403, text)


@pytest.mark.parametrize(
    ("raw", "status", "text"),
    [
        (b"{}", 400, "Request body must be a JSON array of operation objects."),
        (b"[5]", 400, "Operations must be JSON objects."),
        (b'[{"op": "replace", "path": "/name"}]', 400, 'Operation "replace" requires a member named "value".'),
        (b'[{"op": "add", "path": "/a/b", "value": "x"}]', 400, "Invalid JSON pointer for this resource: '/a/b'"),
        (b'[{"op": "replace", "path": "/id", "value": "x"}]', 403, "Attribute 'id' is read-only."),
        (b'[{"op": "add", "path": "a", "value": "x"}]', 400, 'Pointer `a` does not start with "/".'),
    ],
)
async def test_patches(raw: bytes, status: int, text: str) -> None:
    kit = await image_kit(an_image(1, owner=MINE))
    answer = await call(kit, f"/images/{uid(1)}", method="PATCH", raw=raw, headers=PATCH)
    assert (answer.status, answer.json["message"]) == (status, message(text))


async def test_media_types() -> None:
    kit = await image_kit(an_image(1, owner=MINE))
    answer = await call(kit, f"/images/{uid(1)}", method="PATCH", raw=b"[]", headers=JSON)
    patches = [f"application/openstack-images-v2.{minor}-json-patch" for minor in (0, 1)]
    text = "The request media type application/json is not supported by this server.\n<br /><br />\n"
    text += f"Image PATCH expects Content-Type one of: {', '.join(patches)}"
    assert (answer.status, answer.json["message"]) == (415, text)
    answer = await call(kit, f"/images/{uid(1)}/file", method="PUT", raw=b"x", headers=JSON)
    assert (answer.status, "Invalid content type application/json" in answer.json["message"]) == (415, True)


async def test_members_of_what_is_not_shared() -> None:
    kit = await image_kit(an_image(1, owner=MINE))
    path = f"/images/{uid(1)}/members"
    answer = await call(kit, path, method="POST", body={"member": None})
    assert (answer.status, answer.json["message"]) == (400, message("Member can't be empty"))
    answer = await call(kit, path, method="POST", body={"member": "x"})
    assert (answer.status, answer.json["message"]) == (
        403,
        message(f"Not allowed to create members for image {uid(1)}."),
    )
    answer = await call(kit, f"{path}/x")
    text = message(f"x not found in the member list of the image {uid(1)}.")
    assert (answer.status, answer.json["message"]) == (404, text)
    assert (await call(kit, path)).status == 403


async def test_versions_need_no_token() -> None:
    kit = await image_kit()
    for path, status in (("/image", 300), ("/image/", 300), ("/image/versions", 200), ("/image/v1/images", 300)):
        answer = await kit.call("GET", path, token=None)
        assert answer.status == status, path
        newest = answer.json["versions"][0]
        assert (newest["id"], newest["status"]) == ("v2.9", "CURRENT")
        assert newest["links"] == [{"rel": "self", "href": f"{ROOT}/image/v2/"}]
        assert [v["id"] for v in answer.json["versions"]] == [f"v2.{minor}" for minor in range(9, -1, -1)]
    assert (await kit.call("GET", "/image/v2/images", token=None)).status == 401


@pytest.mark.parametrize("path", ["/images/", "/nothing", "/schemas/none", "/images.json"])
async def test_unknown_paths(path: str) -> None:
    answer = await call(await image_kit(), path)
    assert answer.json == {
        "code": "404 Not Found",
        "title": "Not Found",
        "message": message("The resource could not be found."),
    }


async def test_wrong_methods_name_the_right_ones() -> None:
    answer = await call(await image_kit(), f"/images/{uid(1)}", method="PUT", body={})
    assert (answer.status, answer.headers["allow"]) == (405, "GET, PATCH, DELETE")
    assert answer.json["message"] == "The method PUT is not allowed for this resource. <br /><br />\n"


@pytest.mark.parametrize("name", SCHEMAS)
async def test_schemas(name: str) -> None:
    answer = await call(await image_kit(), f"/schemas/{name}")
    assert (answer.status, answer.json["name"]) == (200, name)


async def test_the_other_documents() -> None:
    kit = await image_kit()
    assert (await call(kit, "/info/stores")).json == {"stores": [{"id": "catalogue", "default": "true"}]}
    assert (await call(kit, "/info/import")).json["import-methods"]["value"] == []
    answer = await call(kit, "/tasks")
    text = message("You are not authorized to complete tasks_api_access action.")
    assert (answer.status, answer.json["message"]) == (403, text)
    assert (await call(kit, "/tasks", "admin")).json["tasks"] == []
    assert (await call(kit, "/tasks", "admin", "POST", body={})).status == 403
    assert (await call(kit, "/tasks/x", "admin")).status == 404
    assert (await call(kit, "/metadefs/namespaces")).json["namespaces"] == []


async def test_data_over_the_limit_is_told_why() -> None:
    kit = await image_kit(an_image(1, owner=MINE))
    answer = await call(kit, f"/images/{uid(1)}/file", method="PUT", raw=bytes(200_000), headers=DATA)
    assert (answer.status, "catalogue" in answer.json["message"]) == (413, True)


async def test_who_does_not_ask_for_json_gets_a_page() -> None:
    """glanceclient accepts anything, and reads its error from the page; what a user wrote cannot mark it up."""
    kit = await image_kit()
    answer = await call(kit, "/images/<b>&", headers={"Accept": "*/*"})
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=UTF-8")
    assert answer.body.decode() == (
        "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n"
        "  No image found with ID &lt;b&gt;&amp;<br /><br />\n\n\n\n </body>\n</html>"
    )
