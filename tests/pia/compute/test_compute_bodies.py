"""Content types and bodies, before anything is looked for."""

from __future__ import annotations

import pytest
from tests.pia.compute.support import NOBODY, V, fault
from tests.support.pia import Kit

KEY = b'{"keypair": {"name": "k"}}'


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "application/json; charset=utf-8"])
async def test_json_needs_no_content_type(kit: Kit, kind: str) -> None:
    answer = await kit.call("POST", f"{V}/os-keypairs", raw=KEY, headers={"Content-Type": kind})
    assert answer.status == 200


async def test_other_content_types_are_415(kit: Kit) -> None:
    answer = await kit.call("POST", f"{V}/os-keypairs", raw=KEY, headers={"Content-Type": "application/xml"})
    assert fault(answer) == (415, "Unsupported Content-Type")
    assert list(answer.json) == ["badMediaType"]


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b'{"a": "\xed\xa0\x80"}', b"[" * 50_000])
async def test_malformed_bodies_are_400(kit: Kit, raw: bytes) -> None:
    assert fault(await kit.call("POST", f"{V}/os-keypairs", raw=raw)) == (400, "Malformed request body")


async def test_no_body_is_refused_by_the_schema(kit: Kit) -> None:
    assert fault(await kit.call("POST", f"{V}/os-keypairs")) == (400, "None is not of type 'object'")


@pytest.mark.parametrize("body", [None, {}, [], "x", {"os-stop": None, "os-start": None}])
async def test_an_action_body_names_one_action_before_the_server_is_looked_for(kit: Kit, body: object) -> None:
    answer = await kit.call("POST", f"{V}/servers/{NOBODY}/action", body)
    assert fault(answer) == (400, "Malformed request body")


async def test_an_unknown_action_is_named(kit: Kit) -> None:
    answer = await kit.call("POST", f"{V}/servers/{NOBODY}/action", {"dance": None})
    assert fault(answer) == (400, "There is no such action: dance")


async def test_a_large_body_is_413_before_the_token(kit: Kit) -> None:
    answer = await kit.call("POST", f"{V}/servers", raw=b" " * 114689, token=None)
    assert answer.status == 413
    assert answer.json == {
        "code": "413 Request Entity Too Large",
        "title": "Request Entity Too Large",
        "message": "Request is too large.<br /><br />\n\n\n",
    }


async def test_a_query_that_is_not_utf8_is_400(kit: Kit) -> None:
    assert fault(await kit.call("GET", f"{V}/servers?name=%ff")) == (400, "Query string is not UTF-8 encoded")
