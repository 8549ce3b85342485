"""The list of images: who sees what, filters, order and pages."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from tests.support.pia import EPOCH, POLICY, PROJECTS, REGION, Answer, Kit

from gurum.model.base import Metadata
from gurum.model.image import Image, ImageSpec
from gurum.pia.image.paging import KEYS
from gurum.pia.image.service import SERVICE
from gurum.policy.engine import EmbeddedDecisionPoint

MINE, THEIRS = PROJECTS["member"], PROJECTS["other"]


@cache
def bundle() -> EmbeddedDecisionPoint:
    return EmbeddedDecisionPoint(POLICY)


def uid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def an_image(number: int, **spec: Any) -> Image:
    meta = Metadata(
        id=uid(number), key=uid(number), region=REGION, created_at=EPOCH + number, updated_at=EPOCH + number
    )
    return Image(metadata=meta, spec=ImageSpec(**{"name": f"image-{number}", "cloud_id": "ami-1"} | spec))


async def image_kit(*images: Image) -> Kit:
    kit = Kit([SERVICE], policy=bundle())
    await kit.seed(*images)
    return kit


async def call(kit: Kit, path: str, token: str | None = "member", method: str = "GET", **more: Any) -> Answer:
    more["headers"] = {"Accept": "application/json", **more.get("headers", {})}
    return await kit.call(method, f"/image/v2{path}", token=token, **more)


async def listed(kit: Kit, query: str = "", token: str = "member") -> list[str]:
    answer = await call(kit, f"/images?{query}", token)
    assert answer.status == 200, answer.json
    return [image["id"][-1] for image in answer.json["images"]]


async def refusal(kit: Kit, query: str) -> str:
    answer = await call(kit, f"/images?{query}")
    assert answer.status == 400
    text: str = answer.json["message"]
    return text.removesuffix("<br /><br />\n\n\n")


async def test_an_image() -> None:
    kit = await image_kit(
        an_image(
            1,
            size=5,
            checksum="c",
            os_hash_value="h",
            owner=MINE,
            tags=["t"],
            architecture="arm64",
            properties={"os_distro": "debian"},
        )
    )
    answer = await call(kit, f"/images/{uid(1)}")
    assert answer.json == {
        "architecture": "arm64",
        "checksum": "c",
        "container_format": "bare",
        "created_at": "2027-01-15T08:00:01Z",
        "disk_format": "raw",
        "file": f"/v2/images/{uid(1)}/file",
        "id": uid(1),
        "min_disk": 0,
        "min_ram": 0,
        "name": "image-1",
        "os_distro": "debian",
        "os_hash_algo": "sha512",
        "os_hash_value": "h",
        "os_hidden": False,
        "owner": MINE,
        "protected": False,
        "schema": "/v2/schemas/image",
        "self": f"/v2/images/{uid(1)}",
        "size": 5,
        "status": "active",
        "stores": "catalogue",
        "tags": ["t"],
        "updated_at": "2027-01-15T08:00:01Z",
        "virtual_size": None,
        "visibility": "public",
    }
    [shown] = (await call(kit, "/images")).json["images"]
    assert shown == answer.json


async def test_what_the_catalogue_does_not_know_is_null() -> None:
    kit = await image_kit(an_image(1))
    shown = (await call(kit, f"/images/{uid(1)}")).json
    assert [shown[key] for key in ("size", "checksum", "os_hash_algo", "os_hash_value", "owner")] == [None] * 5


async def test_who_sees_what() -> None:
    kit = await image_kit(
        an_image(1),
        an_image(2, visibility="private", owner=MINE),
        an_image(3, visibility="private", owner=THEIRS),
        an_image(4, visibility="community", owner=THEIRS),
        an_image(5, os_hidden=True),
        an_image(6, visibility="community", owner=MINE),
    )
    assert await listed(kit) == ["6", "2", "1"]
    assert await listed(kit, "visibility=community") == ["6", "4"]
    assert await listed(kit, "visibility=all") == ["6", "4", "2", "1"]
    assert await listed(kit, "os_hidden=true") == ["5"]
    assert await listed(kit, "", "other") == ["4", "3", "1"]
    assert await listed(kit, "visibility=private", "admin") == ["3", "2"]
    answer = await call(kit, f"/images/{uid(3)}")
    assert (answer.status, answer.json) == (
        404,
        {
            "code": "404 Not Found",
            "title": "Not Found",
            "message": f"No image found with ID {uid(3)}<br /><br />\n\n\n",
        },
    )
    assert (await call(kit, f"/images/{uid(4)}")).status == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=image-1", "1"),
        ("name=in:image-1,image-3,none", "31"),
        ('name=in:"a,b"', "4"),
        ("id=x", ""),
        ("os_distro=debian", "2"),
        ("color=red", ""),
        ("tag=x", "21"),
        ("tag=x&tag=y", "2"),
        ("size_min=20", "32"),
        ("size_min=1&size_max=20", "21"),
        ("disk_format=in:qcow2,vhd", "3"),
        ("protected=true", "3"),
        ("min_ram=64", "2"),
        ("min_ram=x", "431"),
        ("owner=nobody", ""),
        ("status=active&member_status=all", "4321"),
        ("created_at=gt:2027-01-15T08:00:02Z", "43"),
        ("created_at=2027-01-15T08:00:02Z", "2"),
        ("updated_at=neq:2027-01-15T08:00:02", "431"),
    ],
)
async def test_filters(query: str, found: str) -> None:
    kit = await image_kit(
        an_image(1, size=10, tags=["x"]),
        an_image(2, size=20, tags=["x", "y"], min_ram=64, properties={"os_distro": "debian"}),
        an_image(3, size=30, disk_format="qcow2", protected=True),
        an_image(4, name="a,b"),
    )
    assert await listed(kit, query) == list(found)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "sort_key=x",
            f"Invalid sort key: x. It must be one of the following: {', '.join(KEYS)}.",
        ),
        ("sort_key=name&sort_dir=up", "Invalid sort direction: up"),
        ("sort=name:up", "Invalid sort direction: up"),
        ("sort=name&sort_key=name", "Old and new sorting syntax cannot be combined"),
        ("sort_key=name&sort_dir=asc&sort_dir=asc", "Number of sort dirs does not match the number of sort keys"),
        ("limit=x", "limit param must be an integer"),
        ("limit=-1", "limit param must be positive"),
        ("marker=x", "No image found with ID x"),
        ("member_status=x", "Invalid status: x"),
        ("visibility=x", "Invalid visibility value: x"),
        ("protected=maybe", "Invalid value 'maybe' for 'protected' filter. Valid values are 'true' or 'false'."),
        ("os_hidden=x", "Invalid value 'x' for 'os_hidden' filter. Valid values are 'true' or 'false'."),
        ("created_at=near:2027-01-15", "Unable to filter on a unknown operator."),
        ("created_at=gt:x", "Unable to filter by time: x is not a time."),
        ("name=in:a%0Ab", "Invalid filter value in:a\nb."),
        ("changes-since=x", 'The "changes-since" filter is no longer available on v2.'),
        ("size_min=x", "Cannot convert image size 'x' to an integer."),
    ],
)
async def test_wrong_queries(query: str, message: str) -> None:
    assert await refusal(await image_kit(), query) == message


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "321"),
        ("sort_key=name", "132"),
        ("sort_key=name&sort_dir=asc", "231"),
        ("sort=size:asc,name:desc", "132"),
        ("sort_key=size&sort_key=name&sort_dir=asc", "123"),
        ("sort_key=size&sort_dir=desc&sort_key=name&sort_dir=asc", "231"),
    ],
)
async def test_order(query: str, order: str) -> None:
    kit = await image_kit(an_image(1, name="c", size=1), an_image(2, name="a", size=2), an_image(3, name="b", size=2))
    assert await listed(kit, query) == list(order)


async def test_pages() -> None:
    kit = await image_kit(*(an_image(n) for n in range(1, 6)))
    path, found = "/images?limit=2&sort=name:asc", []
    while path:
        page = (await call(kit, path)).json
        assert page["first"] == "/v2/images?limit=2&sort=name%3Aasc"
        found.append([image["id"][-1] for image in page["images"]])
        path = page.get("next", "").removeprefix("/v2")
    assert found == [["1", "2"], ["3", "4"], ["5"]]
    assert (await call(kit, "/images?limit=0")).json == {
        "images": [],
        "first": "/v2/images?limit=0",
        "schema": "/v2/schemas/images",
    }
    assert await listed(kit, f"sort=name:asc&name=in:image-1,image-4&marker={uid(2)}") == ["4"]


async def test_a_page_has_25_images_unless_it_is_said() -> None:
    kit = await image_kit(*(an_image(n) for n in range(1, 31)))
    page = (await call(kit, "/images")).json
    assert (len(page["images"]), page["next"]) == (25, f"/v2/images?marker={uid(6)}")
    assert len((await call(kit, "/images?limit=100")).json["images"]) == 30
