"""Behind a proxy: links go where the client called, and nobody but a trusted proxy can say where that is."""

from __future__ import annotations

import pytest
from tests.support.pia import ROOT, Kit, flavor

from gurum.ops.config import PiaConfig
from gurum.pia.forwarded import Proxies
from gurum.pia.services import SERVICES

PROXY, STRANGER = "10.1.2.3", "203.0.113.9"
TRUSTING = PiaConfig(trusted_proxies=["10.0.0.0/8", "::1"])
SENT = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example.org"}
OUTSIDE = "https://api.example.org"


async def test_links_go_where_the_client_called_and_kept_renderings_do_not_mix() -> None:
    kit = Kit(SERVICES, config=TRUSTING)
    await kit.cache.start()
    await kit.seed(flavor("one"))
    path = "/compute/v2.1/flavors/detail"
    for peer, headers, root in (
        (PROXY, SENT, OUTSIDE),
        (STRANGER, SENT, ROOT),
        (PROXY, SENT | {"X-Forwarded-Host": "other.example.org:8443"}, "https://other.example.org:8443"),
        (PROXY, {}, ROOT),
        (PROXY, SENT, OUTSIDE),
    ):
        answer = await kit.call("GET", path, headers=headers, peer=peer)
        links = [link["href"] for each in answer.json["flavors"] for link in each["links"]]
        assert links, answer.body
        assert all(link.startswith(f"{root}/compute/") for link in links), links
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert b".invalid" not in answer.body
    await kit.cache.stop()


@pytest.mark.parametrize("path", ["/compute/", "/network/", "/image/", "/"])
async def test_version_documents(path: str) -> None:
    kit = Kit(SERVICES, config=TRUSTING)
    body = (await kit.call("GET", path, token=None, headers=SENT, peer=PROXY)).body
    assert f'"{OUTSIDE}'.encode() in body
    assert ROOT.encode() not in body
    assert b".invalid" not in body
    assert ROOT.encode() in (await kit.call("GET", path, token=None, headers=SENT, peer=STRANGER)).body


async def test_without_trusted_proxies_headers_mean_nothing() -> None:
    kit = Kit(SERVICES)
    assert ROOT.encode() in (await kit.call("GET", "/compute/", token=None, headers=SENT, peer="127.0.0.1")).body


@pytest.mark.parametrize(
    ("headers", "root"),
    [
        ({"x-forwarded-proto": "https"}, "https://in.example:8774"),
        ({"x-forwarded-host": "a.example"}, "http://a.example"),
        ({"x-forwarded-host": "a.example", "x-forwarded-port": "8443"}, "http://a.example:8443"),
        (
            {"x-forwarded-host": "a.example", "x-forwarded-proto": "https", "x-forwarded-port": "443"},
            "https://a.example",
        ),
        ({"x-forwarded-host": "a.example, b.example"}, "http://a.example"),
        ({"x-forwarded-prefix": "/cloud/usa/"}, "http://in.example:8774/cloud/usa"),
        ({"x-forwarded-host": "[2001:db8::1]:99"}, "http://[2001:db8::1]:99"),
        ({"forwarded": 'for=192.0.2.60;proto=https;host="a.example:1"'}, "https://a.example:1"),
        ({"forwarded": "proto=https;host=a.example, proto=http;host=b.example"}, "https://a.example"),
        # What is none is passed over.
        ({"x-forwarded-host": 'a.example"><script>'}, "http://in.example:8774"),
        ({"x-forwarded-host": "a.example/path"}, "http://in.example:8774"),
        ({"x-forwarded-proto": "javascript"}, "http://in.example:8774"),
        ({"x-forwarded-prefix": "//evil.example"}, "http://in.example:8774"),
        ({"forwarded": "host"}, "http://in.example:8774"),
    ],
)
def test_what_headers_say(headers: dict[str, str], root: str) -> None:
    assert Proxies([PROXY]).root(PROXY, headers, "http://in.example:8774") == root


def test_who_is_trusted() -> None:
    proxies = Proxies(["10.0.0.0/8", "2001:db8::/32"])
    assert [proxies.trusts(peer) for peer in (PROXY, "2001:db8::7", STRANGER, "", "unix")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    with pytest.raises(ValueError, match="does not appear"):
        Proxies(["proxy.example.org"])
