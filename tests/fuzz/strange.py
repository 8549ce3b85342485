"""What few expect: values of every kind, patterns that never end, headers, ids written in other ways."""

from __future__ import annotations

import copy
import random
from typing import Any

from tests.fuzz.picks import Aim, Picks

from gurum.model.network import Network, Port, SecurityGroup, Subnet
from gurum.model.server import Server

BOMBS = (
    "(a+)+$",
    "(a|a)*b",
    "(a|aa)+$",
    "^(a?){40}a{40}$",
    "a?" * 30 + "a" * 30,
    "a{0,32}" * 6 + "b",
    "(.*a){12}",
    "(a*)*b",
    "([a-z]+)*=",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(?=(a+))\\1*b",
    "a*a*a*a*a*a*a*b",
    ".*.*.*.*x",
    "(a{1,30}){1,30}b",
    "(?:a|b|ab)*c",
    "a{32}" * 20,
    "(" * 80 + "a" + ")" * 80,
    "[" + "a-z" * 50 + "]*[a-z]*[a-z]*1",
    "(?P<n>a+)(?P=n)*$",
    "\\d{1,32}" * 5 + "x",
    "(?i)(?s).*",
    "a++b",
    "(?>a+)a",
    "(x{60000}){60000}",
    "[",
    "*",
    "(?<!a)(?<=b)c",
    "\\",
)
QUANTIFIERS = ("", "", "*", "+", "?", "{0,32}", "{1,9}", "{,5}", "*?", "+?", "??", "{30}", "{2,}", "{0,255}")
NUMBERS = (0, -1, 1, 255, 65536, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30, 10**400)
STRANGE: tuple[Any, ...] = (
    *(None, True, False, *NUMBERS, 1.5, 1e308, -0.0, 1e-320, 4.0, 1e22),
    *("", " ", "0", "-1", "9" * 5000, "1" * 25, "٣", "²", "1_0", " 1", "5\n", "1e5", "0x10", "+1", "-0", "1.0"),
    *("x" * 64, "x" * 256, "x" * 10_000, "\x00", "a\x00b", "\ud800", "\u202e", "🌩" * 80, "é" * 255, "\r\nX-Bad: 1"),
    *("../../etc/passwd", "%00", "%s%s%n", "{0}", "${x}", "'\"\\", "<script>", "true", "None", "null", "nan", "inf"),
    *(
        "fe80::1%eth0",
        "::ffff:1.2.3.4",
        "10.0.0.0/33",
        "10.0.0.0/0",
        "0.0.0.0/0",
        "::/0",
        "256.1.1.1",
        "1.2.3",
        "::1/64",
    ),
    *("0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1/8", "10.0.0.1/255.255.255.0", "169.254.169.254"),
    *("default", "DEFAULT", "any", "admin", "all", "none", "auto", "network:dhcp", "compute:nova", "a:b:c:d"),
    *([], {}, [[]], [None], [{}], {"": ""}, {"a": None}, [1, "1"], ["a", "a"], list(range(1000)), {"id": "x"}),
    *BOMBS[:6],
)
KEYS = (
    "",
    " ",
    "id",
    "extra",
    "__class__",
    "\x00",
    "x" * 300,
    "tenant_id",
    "project_id",
    "status",
    "구름",
    "a.b",
    "$ref",
)


def _deep(levels: int) -> Any:
    value: Any = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def strange(picks: Picks) -> Any:
    """Return a value that few expect; ids of others and of what is gone among them."""
    rng = picks.rng
    kind = rng.random()
    if kind < 0.12:
        aims: tuple[Aim, ...] = ("other", "deleted", "unknown", "own", "shared")
        aim = rng.choice(aims)
        return picks.id(rng.choice((Server, Network, Subnet, Port, SecurityGroup)), aim)
    if kind < 0.2:
        return respelt(picks.id(rng.choice((Server, Network, Port)), "own"), rng)
    if kind < 0.23:
        return _deep(rng.choice((5, 50, 150)))
    return copy.deepcopy(rng.choice(STRANGE))  # a later change may be made inside of it


def respelt(uid: str, rng: random.Random) -> str:
    """Return an id written in another way: the same one to some readers, and to others none."""
    ways = (
        uid.upper(),
        uid.replace("-", ""),
        f"{{{uid}}}",
        f"urn:uuid:{uid}",
        f" {uid}",
        f"{uid}\n",
        uid[:-1],
        uid + "0",
        uid.replace("-", "_"),
    )
    return rng.choice(ways)


def bomb(rng: random.Random) -> str:
    """Return a pattern that may take for ever: a known one, or one put together from what makes them."""
    if rng.random() < 0.3:
        return rng.choice(BOMBS)
    return _pieces(rng, 3) + rng.choice(("", "$", "b", "!", "$b"))


def _pieces(rng: random.Random, depth: int) -> str:
    text = ""
    for _ in range(rng.randint(1, 3)):
        atom = rng.choice(("a", "a", "[a-z]", ".", "\\w", "\\S", "aa", "[^b]"))
        if depth and rng.random() < 0.5:
            inner = _pieces(rng, depth - 1)
            atom = rng.choice(("({})", "(?:{})", "({}|a)", "(?:{}|[a-z])", "(?={})a")).replace("{}", inner)
        text += atom + rng.choice(QUANTIFIERS)
    return text * rng.choice((1, 1, 1, 2, 6))


HEADERS: dict[str, tuple[str, ...]] = {
    "Content-Type": (
        *("text/plain", "application/xml", "", "application/json; charset=latin-1", "application/octet-stream"),
        *(
            "application/openstack-images-v2.0-json-patch",
            "multipart/form-data",
            "application/x-www-form-urlencoded",
            "a",
        ),
    ),
    "Accept": ("text/html", "application/xml", "*/*", "", "application/json;q=0", "text/html, application/json"),
    "OpenStack-API-Version": (
        *(
            "compute 2.97",
            "compute 2.0",
            "compute 9.1",
            "compute latest",
            "compute 2.x",
            "compute",
            "2.53",
            "compute 2",
        ),
        *(
            "volume 3.1, compute 2.10",
            "compute 2." + "9" * 5000,
            "compute -2.1",
            "compute 2.1, compute 2.60",
            "x" * 500,
        ),
        *("compute 2.１", "network 2.0", "compute 02.1", "compute 2.1\t"),
    ),
    "X-OpenStack-Nova-API-Version": ("2.53", "latest", "1.1", "2.9999", "x"),
    "If-Match": (
        "revision_number=1",
        'revision_number=""',
        "*",
        "revision_number=x",
        '"etag"',
        "revision_number=" + "9" * 5000,
    ),
    "X-OpenStack-Request-ID": (
        "req-x",
        "req-" + "0" * 36,
        "req-00000000-0000-0000-0000-000000000000",
        "a\tb",
        "x" * 5000,
    ),
    "Content-Length": ("0", "-1", "9" * 30, "x", "200000", ""),
    "Transfer-Encoding": ("chunked", "gzip"),
    "Content-Encoding": ("gzip",),
    "X-HTTP-Method-Override": ("DELETE",),
    "X-Forwarded-Host": ("evil.example",),
    "Host": ("evil.example", ""),
    "X-Roles": ("admin",),
    "X-Identity-Status": ("Confirmed",),
    "X-Project-Id": ("be7a" * 8,),
    "X-Service-Token": ("operator-admin",),
    "X-Subject-Token": ("operator-admin",),
    "Cookie": ("a=b",),
    "X-Strange": ("é", "\x7f", "x" * 20_000),
}
